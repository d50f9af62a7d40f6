// Package inspect reads what the kernel of this host knows and does: the
// interfaces, addresses, routes and neighbours of a network namespace, and the
// settings that decide about ARP.
//
// It asks the kernel by netlink and reads /proc/sys; it runs no command and
// changes nothing. On other systems than Linux every function returns
// errors.ErrUnsupported.
package inspect
