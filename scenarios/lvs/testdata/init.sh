#!/bin/sh
# Process 1 of the user-mode-linux machine, whose root is the host's own file
# system, read-only. LVS_DIR holds the programs; the result is what is printed.
PATH=/usr/sbin:/usr/bin:/sbin:/bin
export PATH HOME=/run/home TMPDIR=/run/tmp

mount -t proc proc /proc
mount -t sysfs sys /sys
mount -t tmpfs tmpfs /run # ip netns, keepalived's pid files, and all that is written
mkdir -p "$HOME" "$TMPDIR" /run/netns /run/root/lib/modules

# The modules are not where modprobe looks, and /lib/modules need not exist.
release=$(uname -r)
ln -s "/usr/lib/uml/modules/$release" "/run/root/lib/modules/$release"
for module in veth bridge dummy 8021q bonding macvlan vrf ip_vs ip_vs_rr; do
	modprobe -d /run/root "$module" || echo "init: no module $module"
done

cd "$LVS_PACKAGE" && ARPCHECK_NO_SKIP=1 "$LVS_DIR/lvs.test" -test.run "^TestInside\$${LVS_ONLY:+/($LVS_ONLY)}" -test.count=1 -test.v -test.timeout "$LVS_TIMEOUT"
echo "init: the tests ended with $?"
LVS_DO=poweroff exec "$LVS_DIR/lvs.test"
