// Package scenarios builds labs: several Linux hosts, each in a network
// namespace of its own, on one or more Ethernet segments. They run the real
// kernel's ARP, so what holds in a lab holds on a cluster.
//
// A [Topology] says what to build and [Build] builds it, within some 20 ms for
// a dozen hosts. The namespaces have no name and no mount: they are held by
// the file descriptors of this process alone, so even a process that is killed
// leaves nothing behind.
//
// A test takes three lines, and runs for an ordinary user too:
//
//	func TestMain(m *testing.M) { os.Exit(scenarios.Main(m)) }
//
//	func TestLeak(t *testing.T) {
//		lab := scenarios.Start(t, scenarios.Classic(scenarios.Server{Ignore: 1, Announce: 2}))
//		client := lab.Host("client")
//		…
//	}
//
// Instead of a topology, Start takes a scenario: a [Spec], which is read from a
// YAML file ([Load]) or part of the program ([ByName]), and whose services then
// run in the lab. [Host.Check] makes the check from a host and gives the
// diagnosis. [Spec.Run] does all that the file says, and compares.
//
// Labs exist on Linux only; elsewhere whatever builds one fails with
// [errors.ErrUnsupported].
package scenarios
