package diagnose

// The finding codes of captures alone.
const (
	Bypassed Code = "vip-bypassed" // clients send what is for the VIP to another host than the director
	Spoofing Code = "arp-spoofing" // a host draws an address to itself by ARP that nobody asked for
)

// The finding codes of arpcheck inspect; a check reports Missing, too.
const (
	Unanswered    Code = "vip-unanswered"
	Missing       Code = "vip-missing"
	WideMask      Code = "vip-wide-mask"
	RPFilterDrop  Code = "rp-filter-drop"
	NotPersistent Code = "setting-not-persistent"
	Overridden    Code = "setting-overridden"
)

// Codes returns every finding code, in the order in which they are explained.
func Codes() []Code {
	return []Code{
		ReplyLeak, AnnounceLeak, GratuitousLeak, OnNIC, Conflict, Unowned, OwnerChanged,
		SubnetAnswered, ProxyARP, ARPSilent, SourceMismatch, Missing, CaptureLoss,
		Bypassed, Spoofing,
		Unanswered, WideMask, RPFilterDrop, NotPersistent, Overridden,
	}
}
