package diagnose

import (
	"github.com/arpcheck/arpcheck/kernel"
)

// settings are the sysctls that decide, as far as files may set them at boot.
var settings = map[string]struct {
	get func(*kernel.Settings) int
	set func(*kernel.Settings, int)
}{
	"arp_ignore":      {func(s *kernel.Settings) int { return s.ARPIgnore }, func(s *kernel.Settings, v int) { s.ARPIgnore = v }},
	"arp_announce":    {func(s *kernel.Settings) int { return s.ARPAnnounce }, func(s *kernel.Settings, v int) { s.ARPAnnounce = v }},
	"rp_filter":       {func(s *kernel.Settings) int { return s.RPFilter }, func(s *kernel.Settings, v int) { s.RPFilter = v }},
	"proxy_arp":       {func(s *kernel.Settings) int { return number(s.ProxyARP) }, func(s *kernel.Settings, v int) { s.ProxyARP = v != 0 }},
	"proxy_arp_pvlan": {func(s *kernel.Settings) int { return number(s.ProxyPVLAN) }, func(s *kernel.Settings, v int) { s.ProxyPVLAN = v != 0 }},
	"arp_notify":      {func(s *kernel.Settings) int { return number(s.ARPNotify) }, func(s *kernel.Settings, v int) { s.ARPNotify = v != 0 }},
	"arp_filter":      {func(s *kernel.Settings) int { return number(s.ARPFilter) }, func(s *kernel.Settings, v int) { s.ARPFilter = v != 0 }},
	"accept_local":    {func(s *kernel.Settings) int { return number(s.AcceptLocal) }, func(s *kernel.Settings, v int) { s.AcceptLocal = v != 0 }},
}

func number(b bool) int {
	if b {
		return 1
	}
	return 0
}

// section is "all" or one interface of a host.
func section(h *kernel.Host, dev string) *kernel.Settings {
	if dev == "all" {
		return &h.All
	}
	if in := h.Interface(dev); in != nil {
		return &in.Settings
	}
	return new(kernel.Settings)
}
