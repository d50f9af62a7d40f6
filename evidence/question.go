package evidence

import "net/netip"

// A Question is one more thing to ask one host alone: a who-has, or an echo
// request, in a unicast frame.
type Question struct {
	To     MAC
	Kind   Kind       // ARPRequest or EchoRequest
	Target netip.Addr // whom it asks for
	Sender Sender
}

// Sender says as whom a question is asked.
type Sender uint8

// The senders.
const (
	AsSelf   Sender = iota // the own address of whoever asks
	AsUnused               // an address of the subnet that nobody has
	AsFar                  // an address that is off the subnet
	AsNobody               // 0.0.0.0: an ARP probe
)
