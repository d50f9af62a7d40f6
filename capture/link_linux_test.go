package capture_test

import (
	"github.com/arpcheck/arpcheck/capture"
	"github.com/arpcheck/arpcheck/probe"
)

// A run is given a Live as its link.
var _ probe.Link = (*capture.Live)(nil)
