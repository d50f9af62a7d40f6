package main

import (
	"net/netip"
	"slices"
	"testing"

	"github.com/arpcheck/arpcheck/evidence"
	"github.com/arpcheck/arpcheck/scenarios"
)

// evil is the host that sends what it should not: the last of its lab.
var evilMAC = labMAC(4)

// hostile makes a check while a host sends, to each who-has for the VIP, what
// answers says.
func hostile(t *testing.T, react func(w *wire, rec evidence.Record), args ...string) outcome {
	t.Helper()
	lab := start(t, scenarios.Cluster{Servers: []scenarios.Server{right}, Bystander: true}.Topology())
	w := watch(t, lab.Host("bystander"))
	w.each(func(rec evidence.Record) {
		if rec.Src == clientMAC || rec.Kind == evidence.ARPRequest && rec.Src != evilMAC {
			react(w, rec)
		}
	})
	return check(t, lab.Host("client"), append([]string{"--director", "192.168.1.10", "--rs", "192.168.1.41"}, args...)...)
}

// toVIP calls answer for each who-has for the VIP that the client broadcasts.
func toVIP(answer func(rec evidence.Record) [][]byte) func(*wire, evidence.Record) {
	return func(w *wire, rec evidence.Record) {
		if rec.Kind == evidence.ARPRequest && rec.Src == clientMAC && rec.TargetIP == scenarios.ClassicVIP && rec.Dst == evidence.Broadcast {
			for _, f := range answer(rec) {
				w.send(f)
			}
		}
	}
}

// lie is a reply that the VIP is at a host, changed by the functions.
func lie(change ...func(frame []byte) []byte) func(evidence.Record) [][]byte {
	return func(rec evidence.Record) [][]byte {
		frame := arpFrame(2, evilMAC, clientMAC, scenarios.ClassicVIP, scenarios.ClassicClient)
		for _, c := range change {
			frame = c(frame)
		}
		return [][]byte{frame}
	}
}

// put writes octets into a frame.
func put(at int, octets ...byte) func([]byte) []byte {
	return func(frame []byte) []byte {
		frame = slices.Clone(frame)
		copy(frame[at:], octets)
		return frame
	}
}

func TestHostileFrames(t *testing.T) {
	t.Parallel()
	type list = []string
	leak := func(mac evidence.MAC) list { return list{"vip-reply-leak " + mac.String()} }
	forged := func(mac evidence.MAC) list { return append(leak(mac), "source-mismatch "+mac.String()) }
	group, zero := evidence.MAC{0x03, 0, 0, 0, 0, 7}, evidence.MAC{}
	for _, tc := range []struct {
		name     string
		react    func(*wire, evidence.Record)
		code     int
		findings []string
		ignored  evidence.Reason
	}{
		{"hardware addresses of 8 octets", toVIP(lie(put(18, 8))), 0, nil, evidence.BadARPLength},
		{"protocol addresses of 0 octets", toVIP(lie(put(19, 0))), 0, nil, evidence.BadARPLength},
		{"protocol addresses of 255 octets", toVIP(lie(put(19, 255))), 0, nil, evidence.BadARPLength},
		{"hardware type InfiniBand", toVIP(lie(put(14, 0, 32))), 0, nil, evidence.BadARPType},
		{"protocol type IPv6", toVIP(lie(put(16, 0x86, 0xdd))), 0, nil, evidence.BadARPType},
		{"an operation that there is not", toVIP(lie(put(20, 0xff, 0xff))), 0, nil, evidence.BadARPOperation},
		{"cut at every octet", toVIP(func(rec evidence.Record) (all [][]byte) {
			whole := lie()(rec)[0]
			for n := 14; n < len(whole); n++ {
				all = append(all, whole[:n])
			}
			return all
		}), 0, nil, evidence.Truncated},
		{"as long as the link takes", toVIP(lie(func(f []byte) []byte { return append(f, make([]byte, 1500+14-len(f))...) })), 1, leak(evilMAC), ""},
		{"VLAN tags, one to nine", toVIP(func(rec evidence.Record) (all [][]byte) {
			f := lie()(rec)[0]
			for range 9 {
				f = slices.Concat(f[:12], []byte{0x81, 0, 0, 7}, f[12:])
				all = append(all, f)
			}
			return all
		}), 0, nil, ""},
		{"the VIP at our own MAC", toVIP(lie(put(22, clientMAC[:]...))), 0, nil, evidence.OwnMAC},
		{"from our own MAC", toVIP(lie(put(0, evidence.Broadcast[:]...), put(6, clientMAC[:]...))), 0, nil, evidence.OwnMAC},
		{"our own address at another", toVIP(lie(put(28, scenarios.ClassicClient.AsSlice()...))), 0, nil, ""},
		{"the VIP at the broadcast MAC", toVIP(lie(put(22, evidence.Broadcast[:]...))), 1, forged(evidence.Broadcast), ""},
		{"the VIP at a group's MAC", toVIP(lie(put(22, group[:]...))), 1, forged(group), ""},
		{"the VIP at no MAC", toVIP(lie(put(22, zero[:]...))), 3, nil, ""},
		{"everything is at one host", func(w *wire, rec evidence.Record) {
			if rec.Kind == evidence.ARPRequest && rec.Src != evilMAC {
				w.send(arpFrame(2, evilMAC, rec.SenderMAC, rec.TargetIP, rec.SenderIP))
			}
		}, 1, list{"vip-reply-leak " + evilMAC.String(), "subnet-answered " + evilMAC.String()}, ""},
		{"forged answers for the temporary address", func(w *wire, rec evidence.Record) {
			if rec.Kind == evidence.ARPRequest && rec.Src != clientMAC {
				w.send(arpFrame(2, evilMAC, rec.SenderMAC, rec.TargetIP, rec.SenderIP))
				w.send(arpFrame(2, evilMAC, clientMAC, rec.TargetIP, rec.SenderIP))
			}
		}, 0, nil, ""},
		// Who is no director can advertise what he likes: clients do not listen.
		{"a flood of VRRP", toVIP(adverts), 0, nil, ""},
	} {
		t.Run(tc.name, func(t *testing.T) {
			o := hostile(t, tc.react)
			r := o.wants(tc.code, tc.findings...)
			if tc.ignored != "" && r.Capture.Ignored[tc.ignored] == 0 {
				t.Errorf("ignored %v, want some %s", r.Capture.Ignored, tc.ignored)
			}
			if o.stderr != "" {
				t.Errorf("standard error: %s", o.stderr)
			}
		})
	}
}

// adverts are of a thousand routers that all stand for the VIP.
func adverts(evidence.Record) (all [][]byte) {
	for i := range 1000 {
		mac := evidence.MAC{0x0a, 0, 0, 0, byte(i >> 8), byte(i)}
		all = append(all, vrrpFrame(mac, netip.AddrFrom4([4]byte{192, 168, 1, byte(i)}), byte(i), 255, scenarios.ClassicVIP))
	}
	return all
}
