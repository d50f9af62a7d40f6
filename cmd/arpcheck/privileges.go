package main

// ownProcess says that the process is this program's alone, which may give up
// its privileges. In a test it is not.
var ownProcess bool

// shedOwn gives up what the program does not need any more; files says whether
// it is still going to open or to name files. That it cannot is no reason not
// to go on: it is then as privileged as who started it.
func shedOwn(files bool) {
	if ownProcess {
		_ = shed(files)
	}
}
