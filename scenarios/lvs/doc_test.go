//go:build lvs

// Package lvs tests arpcheck in a real LVS-DR cluster, with IPVS and keepalived,
// and on interfaces that the kernel of a CI machine may lack:
//
//	go test -tags lvs -count=1 -v ./scenarios/lvs
//
// All of it runs in one boot of Debian's user-mode-linux, a kernel that is an
// ordinary process: no KVM, no right of any kind, and nothing that happens in it
// reaches the machine. It needs the packages user-mode-linux, ipvsadm,
// keepalived, iproute2, kmod, procps and gcc.
//
// TestMachine is the part outside: it builds, boots and judges. TestInside is
// the part inside, which the same test binary is started for by testdata/init.sh.
package lvs
