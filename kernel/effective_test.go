package kernel

import (
	"net/netip"
	"testing"
)

func TestEffective(t *testing.T) {
	for _, tc := range []struct{ all, eth1, want Settings }{
		{Settings{}, Settings{}, Settings{}},
		{Settings{ARPIgnore: 1}, Settings{ARPAnnounce: 2}, Settings{ARPIgnore: 1, ARPAnnounce: 2}},
		{Settings{ARPIgnore: 1}, Settings{ARPIgnore: 5}, Settings{}}, // the greater one, which means nothing
		{Settings{ARPIgnore: 8}, Settings{ARPIgnore: 5}, Settings{ARPIgnore: 8}},
		{Settings{ARPAnnounce: 3}, Settings{ARPAnnounce: 2}, Settings{}},
		{Settings{ARPFilter: true, RPFilter: 1}, Settings{RPFilter: 2}, Settings{ARPFilter: true, RPFilter: 2}},
	} {
		h := Host{All: tc.all, Interfaces: []Interface{{Name: "lo"}, {Name: "eth1", Settings: tc.eth1}}}
		if got, ok := h.Effective("eth1"); got != tc.want || !ok {
			t.Errorf("all %+v, eth1 %+v: got %+v, want %+v", tc.all, tc.eth1, got, tc.want)
		}
		if _, ok := h.Effective("eth2"); ok {
			t.Error("an interface that is not there has settings")
		}
	}
}

func TestBroadcast(t *testing.T) {
	if got := Broadcast(netip.MustParsePrefix("192.168.5.7/22")).String(); got != "192.168.7.255" {
		t.Error(got)
	}
}
