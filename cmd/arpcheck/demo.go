package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/arpcheck/arpcheck/diagnose"
	"github.com/arpcheck/arpcheck/report"
	"github.com/arpcheck/arpcheck/scenarios"
)

func (a *app) demoCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "demo",
		Short: "Shows the leak and the cure in a lab of its own",
		Long: `Builds the classic experiment in network namespaces of its own, which nothing
else on this machine can see: a director, a real server and a client. Shows the
real server draw the VIP to itself, cures it, and shows what is left when the
director goes away. Nothing stays behind. An ordinary user needs no sudo where
user namespaces are allowed.`,
		Args:                  noArguments,
		DisableFlagsInUseLine: true,
		RunE: func(cmd *cobra.Command, _ []string) error {
			again, code, err := scenarios.Isolate()
			if err != nil || again {
				a.code = code
				return err
			}
			return a.demo(cmd.Context())
		},
	}
}

// A story is the demo while it runs.
type story struct {
	*app
	lab                        *scenarios.Lab
	client, director, server   *scenarios.Host
	clientIP, directorIP, rsIP netip.Addr
	vip                        netip.Addr
}

// classicExperiment is one director, one real server with a second network
// behind it, and one client.
func classicExperiment() scenarios.Topology {
	t := scenarios.Classic(scenarios.Server{})
	for i := range t.Hosts {
		if h := &t.Hosts[i]; h.Name == "r1" {
			h.Interfaces = append(h.Interfaces, scenarios.InterfaceSpec{Name: "eth2", Segment: "back",
				Addresses: []scenarios.AddressSpec{{Prefix: netip.MustParsePrefix("192.168.2.41/24")}}})
		}
	}
	return t
}

const demoPicture = `
  client              director              real server
  192.168.1.182       192.168.1.10          192.168.1.41 eth1   eth2 192.168.2.41
     |                VIP 192.168.1.99      VIP 192.168.1.99/32 on lo
     |                on its eth1              |
  ---+-------------------+---------------------+--- 192.168.1.0/24

  The director takes the connections to the VIP and passes them on. The real
  server has the VIP too, or it would not accept them; but it must keep quiet
  about it, for otherwise clients find it and bypass the director.
`

// demo tells the story, and fails if the kernel tells another one.
func (a *app) demo(ctx context.Context) error {
	lab, err := scenarios.Build(classicExperiment())
	if err != nil {
		return err
	}
	defer lab.Close()
	s := &story{
		app: a, lab: lab, client: lab.Host("client"), director: lab.Host("director"), server: lab.Host("r1"),
		clientIP: scenarios.ClassicClient, directorIP: scenarios.ClassicDirector,
		rsIP: netip.MustParseAddr("192.168.1.41"), vip: scenarios.ClassicVIP,
	}
	s.say(strings.Trim(demoPicture, "\n"))
	return errors.Join(s.leak(ctx), s.cure(ctx), s.noDirector(ctx))
}

func (s *story) leak(ctx context.Context) error {
	s.title("1. Nothing is set on the real server")
	if err := s.check(ctx, diagnose.Fail, diagnose.ReplyLeak, diagnose.AnnounceLeak); err != nil {
		return err
	}
	s.say("\nThis is what it does to a client that already knew the director:")
	return s.serve(s.server)
}

func (s *story) cure(ctx context.Context) error {
	s.title("2. The cure, on the real server")
	for _, setting := range [][2]string{{"net.ipv4.conf.all.arp_ignore", "1"}, {"net.ipv4.conf.all.arp_announce", "2"}} {
		s.prompt("real-server", "sysctl -w "+setting[0]+"="+setting[1])
		if err := s.server.Sysctl(setting[0], setting[1]); err != nil {
			return err
		}
	}
	if err := s.check(ctx, diagnose.Pass); err != nil {
		return err
	}
	s.say("\nThe same packet as before now leaves the client's entry alone:")
	return s.serve(s.director)
}

func (s *story) noDirector(ctx context.Context) error {
	s.title("3. The director goes away")
	s.prompt("director", "ip link set dev eth1 down")
	if err := s.director.SetUp("eth1", false); err != nil {
		return err
	}
	if err := s.client.FlushNeighbours("eth1"); err != nil {
		return err
	}
	if err := s.check(ctx, diagnose.Fail, diagnose.Unowned); err != nil {
		return err
	}
	s.say("\nThat is right: a cured real server does not step in for the director. A VIP\nthat must survive its director needs a second director (keepalived).")
	return nil
}

// serve has the real server send one packet from the VIP to the client, as it
// does for each connection, and shows where the client's entry for the VIP
// points before and after.
func (s *story) serve(wantAfter *scenarios.Host) error {
	if err := errors.Join(s.client.FlushNeighbours("eth1"), s.server.FlushNeighbours("eth1")); err != nil {
		return err
	}
	mac, err := s.director.MAC("eth1")
	if err != nil {
		return err
	}
	if err := s.client.SetNeighbour("eth1", s.vip, mac); err != nil {
		return err
	}
	if err := s.showEntry(); err != nil {
		return err
	}
	// An entry that is new resists for a second (locktime).
	time.Sleep(1100 * time.Millisecond)
	s.prompt("real-server", fmt.Sprintf("# sends one packet from %s to %s", s.vip, s.clientIP))
	err = s.server.Do(func() error {
		d := net.Dialer{LocalAddr: net.UDPAddrFromAddrPort(netip.AddrPortFrom(s.vip, 0))}
		conn, err := d.Dial("udp4", netip.AddrPortFrom(s.clientIP, 9).String())
		if err != nil {
			return err
		}
		defer conn.Close()
		_, err = conn.Write([]byte("served"))
		return err
	})
	if err != nil {
		return err
	}
	time.Sleep(50 * time.Millisecond)
	if err := s.showEntry(); err != nil {
		return err
	}
	want, err := wantAfter.MAC("eth1")
	if err != nil {
		return err
	}
	got, _, err := s.client.Neighbour("eth1", s.vip)
	if err == nil && got != want {
		err = fmt.Errorf("the client's entry for %s points to %s, not to %s", s.vip, got, want)
	}
	return err
}

// showEntry prints the client's neighbour entry for the VIP.
func (s *story) showEntry() error {
	mac, ok, err := s.client.Neighbour("eth1", s.vip)
	if err != nil {
		return err
	}
	s.prompt("client", fmt.Sprintf("ip neigh show %s", s.vip))
	whose := "nobody's"
	switch server, err := s.server.MAC("eth1"); {
	case err != nil:
		return err
	case ok && mac == server:
		whose = "the real server!"
	case ok:
		whose = "the director"
	}
	s.say(fmt.Sprintf("%s dev eth1 lladdr %s    <- %s", s.vip, mac, whose))
	return nil
}

// check runs arpcheck on the client and compares what it finds with the story.
func (s *story) check(ctx context.Context, want diagnose.Verdict, codes ...diagnose.Code) error {
	s.prompt("client", fmt.Sprintf("arpcheck --vip %s -i eth1 --director %s", s.vip, s.directorIP))
	o := checkOptions{iface: "eth1", quiet: true, render: renderOptions{outputs: []output{{format: "text"}}, color: "auto"}}
	o.vips, o.director.IP = []netip.Addr{s.vip}, s.directorIP
	var doc report.Document
	// In the namespace all along, so that the report does not speak of one.
	err := s.client.Do(func() (err error) {
		started := time.Now()
		session, err := s.open(&o)
		if err != nil {
			return err
		}
		defer session.inquiry.Close()
		doc = s.ask(ctx, &o, session, started)
		return s.write(&o.render, nil, doc)
	})
	if err != nil {
		return err
	}
	s.code = 0 // that of the demo: did the kernel tell the story?
	got := map[diagnose.Code]bool{}
	for _, f := range doc.Results[0].Findings {
		got[f.Code] = true
	}
	for _, code := range codes {
		if !got[code] {
			return fmt.Errorf("the check did not find %s", code)
		}
	}
	if doc.Verdict != want {
		return fmt.Errorf("the check said %s, not %s", doc.Verdict, want)
	}
	return nil
}

func (s *story) title(text string) {
	s.say("\n\n== " + text + " " + strings.Repeat("=", max(0, 76-len(text))))
}

func (s *story) prompt(host, command string) { s.say("\n" + host + "$ " + command) }

func (s *story) say(text string) { _ = s.print(text + "\n") }
