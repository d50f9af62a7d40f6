//go:build lvs

package lvs

import (
	"bytes"
	"fmt"
	"net/netip"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/arpcheck/arpcheck/diagnose"
	"github.com/arpcheck/arpcheck/scenarios"
)

// keepalivedCases are those where keepalived gives the VIP and the real servers
// to one of two directors.
var keepalivedCases = []testCase{
	{"keepalived: the master and its pool", masterAndPool},
	{"keepalived: a failover during the check is none of a conflict", failover},
	{"keepalived: a crash of the master during the check", crash},
	{"keepalived: a split brain is a fault", splitBrain},
	{"keepalived: a master with a virtual MAC address", virtualMAC},
	{"keepalived: the same where only its peer hears the adverts", virtualMACUnheard},
}

// A pair are two directors with keepalived, d1 the better one, and three real
// servers.
type pair struct {
	*scenarios.Lab
	t       *testing.T
	daemons map[string]*daemon
	vmac    bool // the VIP is on an interface of its own, with the group's MAC address
	unicast bool // the adverts go from the one to the other alone
}

type daemon struct {
	cmd *exec.Cmd
	log *bytes.Buffer
}

func newPair(t *testing.T) *pair {
	top := scenarios.Classic(right, right, right)
	for i := range top.Hosts {
		if h := &top.Hosts[i]; h.Name == "director" {
			h.Name = "d1"
			h.Interfaces[0].Addresses = h.Interfaces[0].Addresses[:1] // the VIP is keepalived's
		}
	}
	top.Hosts = append(top.Hosts, scenarios.HostSpec{Name: "d2", Interfaces: []scenarios.InterfaceSpec{{
		Name: "eth1", Segment: "lan", Addresses: []scenarios.AddressSpec{{Prefix: netip.MustParsePrefix("192.168.1.11/24")}},
	}}})
	p := &pair{Lab: scenarios.Start(t, top), t: t, daemons: map[string]*daemon{}}
	for _, name := range []string{"r1", "r2", "r3"} {
		serve(t, p.Host(name))
	}
	t.Cleanup(func() {
		for name := range p.daemons {
			p.stop(name)
		}
	})
	return p
}

// start starts the keepalived of a director. Peers with another secret do not
// hear each other.
func (p *pair) start(name, secret string) {
	p.t.Helper()
	priority := map[string]int{"d1": 150, "d2": 100}[name]
	at, vmac := "dev eth1", ""
	if p.vmac {
		at, vmac = "", "use_vmac vrrp51"
	}
	unicast := ""
	if p.unicast {
		unicast = fmt.Sprintf("unicast_peer {\n\t\t%s\n\t}", map[string]string{"d1": "192.168.1.11", "d2": "192.168.1.10"}[name])
	}
	conf := fmt.Sprintf(`
global_defs {
	router_id %s
}
vrrp_instance VI {
	state BACKUP
	interface eth1
	virtual_router_id 51
	priority %d
	advert_int 1
	authentication {
		auth_type PASS
		auth_pass %s
	}
	virtual_ipaddress {
		%s/32 %s
	}
	%s
	%s
}
virtual_server %[4]s 80 {
	delay_loop 2
	lb_algo rr
	lb_kind DR
	protocol TCP
`, name, priority, secret, vip, at, vmac, unicast)
	for _, rs := range []int{41, 42, 43} {
		conf += fmt.Sprintf("\treal_server 192.168.1.%d 80 {\n\t\tTCP_CHECK {\n\t\t\tconnect_timeout 2\n\t\t}\n\t}\n", rs)
	}
	dir := p.t.TempDir()
	file := filepath.Join(dir, "keepalived.conf")
	if err := os.WriteFile(file, []byte(conf+"}\n"), 0o644); err != nil {
		p.t.Fatal(err)
	}
	d := &daemon{log: &bytes.Buffer{}}
	d.cmd = exec.Command("keepalived", "--dont-fork", "--no-syslog", "--log-console", "--log-detail", "--use-file", file,
		"--pid="+dir+"/pid", "--vrrp_pid="+dir+"/vrrp", "--checkers_pid="+dir+"/checkers")
	d.cmd.Stdout, d.cmd.Stderr = d.log, d.log
	d.cmd.WaitDelay = time.Second
	if err := p.Host(name).Do(d.cmd.Start); err != nil {
		p.t.Fatal(err)
	}
	p.daemons[name] = d
}

// stop ends the keepalived of a director in order: it gives the VIP up.
func (p *pair) stop(name string) {
	d := p.daemons[name]
	delete(p.daemons, name)
	d.cmd.Process.Signal(syscall.SIGTERM)
	kill := time.AfterFunc(10*time.Second, func() { d.cmd.Process.Kill() })
	d.cmd.Wait()
	kill.Stop()
	if p.t.Failed() {
		p.t.Logf("keepalived of %s:\n%s", name, d.log)
	}
}

// has reports whether a director has the VIP.
func (p *pair) has(name string) bool {
	return strings.Contains(on(p.t, p.Host(name), "ip -o address"), vip.String()+"/")
}

// await waits until something is so.
func (p *pair) await(what string, is func() bool) {
	p.t.Helper()
	for start := time.Now(); !is(); time.Sleep(100 * time.Millisecond) {
		if time.Since(start) > 30*time.Second {
			p.t.Fatalf("in vain: waited for %s", what)
		}
	}
}

// up starts both and waits until d1 has the VIP and knows all real servers.
func (p *pair) up() {
	p.t.Helper()
	p.start("d1", "one")
	p.start("d2", "one")
	p.await("d1 to be master", func() bool { return p.has("d1") && !p.has("d2") })
	for _, name := range []string{"d1", "d2"} {
		p.await("the pool of "+name, func() bool {
			return strings.Count(on(p.t, p.Host(name), "ipvsadm -Ln"), "Route") == 3
		})
	}
}

// wantsMaster wants a check that finds that director, and the pool, and no fault.
func (p *pair) wantsMaster(name string) {
	p.t.Helper()
	v := check(p.t, p.Host("client"), "-i", "eth1", "--port", "80")
	v.wants(0)
	v.role(p.Host(name), diagnose.Director, "")
	for _, rs := range []string{"r1", "r2", "r3"} {
		v.role(p.Host(rs), diagnose.RealServer, "")
	}
}

func masterAndPool(t *testing.T) {
	p := newPair(t)
	p.up()
	p.wantsMaster("d1")
	if by := served(t, p.Host("client"), 6); by["r1"] != 2 || by["r2"] != 2 || by["r3"] != 2 {
		t.Errorf("connections went to %v, want two to each real server", by)
	}
}

// during runs a check of twelve seconds with something in its middle: it takes
// a daemon a second to start, and a backup four to miss its master.
func (p *pair) during(do func()) *verdict {
	p.t.Helper()
	ended := begin(p.t, p.Host("client"), "-i", "eth1", "-c", "60")
	time.Sleep(3 * time.Second)
	do()
	return ended()
}

// failover has the master give the VIP up, and take it back.
func failover(t *testing.T) {
	p := newPair(t)
	p.up()
	p.during(func() { p.stop("d1") }).wantsMoved("192.168.1.11")
	p.wantsMaster("d2")
	p.during(func() { p.start("d1", "one") }).wantsMoved("192.168.1.10")
	p.wantsMaster("d1")
}

// crash takes the master off the net, so that nobody has the VIP for a while.
func crash(t *testing.T) {
	p := newPair(t)
	p.up()
	p.during(func() { on(t, p.Host("d1"), "ip link set eth1 down") }).wantsMoved("192.168.1.11")
	p.wantsMaster("d2")
}

// wantsMoved wants a failover to that host, and no fault.
func (v *verdict) wantsMoved(to string) {
	v.t.Helper()
	v.wants(3, "vip-owner-changed "+to)
}

// splitBrain has both directors be master, as they do not hear each other.
func splitBrain(t *testing.T) {
	p := newPair(t)
	p.up()
	p.stop("d2")
	p.start("d2", "other")
	p.await("two masters", func() bool { return p.has("d1") && p.has("d2") })
	// Long enough to hear the adverts of both, which a busy machine delays.
	v := check(t, p.Host("client"), "-i", "eth1", "--port", "80", "-w", "5s")
	v.wants(1, "vip-conflict")
}

// virtualMAC has the VIP on a macvlan with the MAC address of the VRRP group: who-has
// is answered with that, and everything else sent with the host's own.
func virtualMAC(t *testing.T) {
	p := newPair(t)
	p.vmac = true
	p.up()
	for _, args := range [][]string{{"--port", "80"}, {"--director", "192.168.1.10"}} {
		v := check(t, p.Host("client"), append([]string{"-i", "eth1"}, args...)...)
		v.wants(0)
		v.role(p.Host("d1"), diagnose.Director, "is the host behind 00:00:5e:00:01:33")
		v.role(p.Host("r1"), diagnose.RealServer, "")
	}
	p.stop("d1")
	p.await("d2 to be master", func() bool { return p.has("d2") })
	on(t, p.Host("r1"), "sysctl -qw net.ipv4.conf.all.arp_ignore=0 net.ipv4.conf.all.arp_announce=0")
	v := check(t, p.Host("client"), "-i", "eth1")
	v.wants(1, "vip-announce-leak 192.168.1.41", "vip-reply-leak 192.168.1.41")
	v.role(p.Host("d2"), diagnose.Director, "is the host behind 00:00:5e:00:01:33")
}

// virtualMACUnheard is the same with adverts that a client does not hear: who is behind
// the virtual address shows itself by answering what that alone was sent.
func virtualMACUnheard(t *testing.T) {
	p := newPair(t)
	p.vmac, p.unicast = true, true
	p.up()
	for _, args := range [][]string{{"--director", "192.168.1.10"}, {}} {
		v := check(t, p.Host("client"), append([]string{"-i", "eth1"}, args...)...)
		v.wants(0)
		v.role(p.Host("d1"), diagnose.Director, "is the host behind 00:00:5e:00:01:33")
	}
	on(t, p.Host("r1"), "sysctl -qw net.ipv4.conf.all.arp_announce=0 net.ipv4.conf.eth1.arp_announce=0")
	v := check(t, p.Host("client"), "-i", "eth1")
	v.wants(1, "vip-announce-leak 192.168.1.41")
	v.role(p.Host("d1"), diagnose.Director, "is the host behind 00:00:5e:00:01:33")
}
