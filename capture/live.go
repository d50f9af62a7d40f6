package capture

import "errors"

// ErrInterfaceLost means that the interface of a Live is down or gone. It is
// returned wrapped, with the interface's name; what was received before is
// still true, but nothing more will come.
var ErrInterfaceLost = errors.New("interface is down or gone")
