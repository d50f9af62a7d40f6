package capture

import "errors"

// ErrInterfaceLost means that the interface of a Live is down or gone. It is
// returned wrapped, with the interface's name; what was received before is
// still true, but nothing more will come.
var ErrInterfaceLost = errors.New("interface is down or gone")

// ErrNoCarrier means that the interface of a Live was without a link for some
// time: a cable was pulled, or the switch closed the port.
var ErrNoCarrier = errors.New("without a link for some time")
