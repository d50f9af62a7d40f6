#!/usr/bin/env bash
# Records the captures of this folder again, in labs of network namespaces:
#
#	testdata/pcaps/record.sh [NAME…]
#
# As root, with tcpdump, keepalived, iproute2, iputils-arping and python3, and
# an arpcheck in the PATH. Times and the order of answers differ each time, so
# the expected results beside the captures have to be looked at and written
# again: go test ./cmd/arpcheck -run TestRecorded -update-recorded
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")"

vip=192.168.1.99 client=192.168.1.182
specs=../../scenarios/specs
tmp=$(mktemp -d)
lab='' dumping=''

ended() {
	code=$?
	[ -z "$dumping" ] || kill "$dumping" 2>/dev/null || true
	[ -z "$lab" ] || arpcheck scenario down "$lab" >/dev/null 2>&1 || true
	rm -rf "$tmp"
	exit $code
}
trap ended EXIT

# up FILE builds a lab, down takes it away.
up() {
	lab=$(sed -n 's/^name: //p' "$1")
	arpcheck scenario up "$1" >/dev/null
}
down() {
	arpcheck scenario down "$lab" >/dev/null 2>&1
	lab=''
}

# on HOST COMMAND… runs a command on a host of the lab.
on() { ip netns exec "$lab-$1" "${@:2}"; }

# exec_on is for what is to be killed: the process is the command itself.
exec_on() { exec ip netns exec "$lab-$1" "${@:2}"; }

# dump FILE [ARG…] records on the client until dumped.
dump() {
	rm -f "$tmp/tcpdump"
	exec_on client tcpdump -Z root --immediate-mode -U -n -w "$1" "${@:2}" 2>"$tmp/tcpdump" &
	dumping=$!
	until grep -qs "listening on" "$tmp/tcpdump"; do sleep 0.05; done
}
dumped() {
	sleep 0.3
	kill -KILL "$dumping" # with -U it has written all
	wait "$dumping" 2>/dev/null || true
	dumping=''
}

# ping HOST TO [TIMES] sends echo requests by the host's kernel.
ping() {
	on "$1" python3 - "$2" "${3:-1}" <<-'PY'
		import socket, struct, sys, time
		s = socket.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_ICMP)
		for i in range(int(sys.argv[2])):
		    head = struct.pack("!BBHHH", 8, 0, 0, 7, i)
		    total = sum(struct.unpack("!4H", head))
		    total = (total & 0xffff) + (total >> 16)
		    try:
		        s.sendto(head[:2] + struct.pack("!H", ~total & 0xffff) + head[4:], (sys.argv[1], 0))
		    except OSError:
		        pass
		    time.sleep(0.2)
	PY
}

# forward CLIENT TO-MAC sends what an LVS-DR director sends to a real server:
# the client's packet to the VIP, with another destination MAC.
forward() {
	on director python3 - "$1" "$2" "$vip" <<-'PY'
		import socket, struct, sys
		src, mac, dst = sys.argv[1:]
		def checksum(b):
		    total = sum(struct.unpack("!%dH" % (len(b) // 2), b))
		    total = (total & 0xffff) + (total >> 16)
		    return struct.pack("!H", ~(total + (total >> 16)) & 0xffff)
		echo = struct.pack("!BBHHH", 8, 0, 0, 9, 1)
		echo = echo[:2] + checksum(echo) + echo[4:]
		ip = struct.pack("!BBHHHBBH", 0x45, 0, 20 + len(echo), 0, 0, 63, 1, 0) + socket.inet_aton(src) + socket.inet_aton(dst)
		ip = ip[:10] + checksum(ip) + ip[12:]
		s = socket.socket(socket.AF_PACKET, socket.SOCK_RAW)
		s.bind(("eth1", 0))
		own = s.getsockname()[4]
		s.send(bytes.fromhex(mac.replace(":", "")) + own + b"\x08\x00" + ip + echo)
	PY
}

# arp HOST SOURCE TO OP SENDER-MAC SENDER-IP TARGET-MAC TARGET-IP [TIMES [VLAN]]
# sends ARP frames as they are.
arp() {
	on "$1" python3 - "${@:2}" <<-'PY'
		import socket, struct, sys, time
		src, to, op, sha, spa, tha, tpa = sys.argv[1:8]
		times = int((sys.argv[8:9] or ["1"])[0])
		tag = struct.pack("!HH", 0x8100, int(sys.argv[9])) if len(sys.argv) > 9 else b""
		mac = lambda m: bytes.fromhex(m.replace(":", ""))
		frame = mac(to) + mac(src) + tag + struct.pack("!HHHBBH", 0x806, 1, 0x800, 6, 4, int(op))
		frame += mac(sha) + socket.inet_aton(spa) + mac(tha) + socket.inet_aton(tpa)
		s = socket.socket(socket.AF_PACKET, socket.SOCK_RAW)
		s.bind(("eth1", 0))
		for _ in range(times):
		    s.send(frame)
		    time.sleep(0.01)
	PY
}

mac() { on "$1" cat /sys/class/net/eth1/address 2>/dev/null || on "$1" ip -br link show eth1 | grep -o '\(..:\)\{5\}..'; }
set_right() { on "$1" sysctl -qw net.ipv4.conf.all.arp_ignore=1 net.ipv4.conf.all.arp_announce=2; }

# cluster NAME [HOST IP]… is the classic cluster, with further hosts.
cluster() {
	local file=$tmp/$1.yaml
	sed "s/^name: .*/name: $1/; /^check:/,\$d" "$specs/01-classic.yaml" >"$file"
	shift
	while [ $# -gt 0 ]; do
		printf '  - name: %s\n    role: bystander\n    interfaces:\n      - {name: eth1, segment: lan, addresses: [%s/24]}\n' "$1" "$2"
		shift 2
	done >>"$file"
	printf 'check: {vips: [%s]}\nsteps:\n  - check: {expect: {verdict: fail}}\n' $vip >>"$file"
}

# ---- the captures --------------------------------------------------------------

# Nothing is set on the real server, and it happens to be faster than the
# director: the client's pings go to it, and it answers them.
record_classic() {
	cluster rec-classic
	up "$tmp/rec-classic.yaml"
	local r1
	r1=$(mac r1)
	until on client ip neigh show to $vip | grep -q "$r1"; do
		[ -z "$dumping" ] || dumped
		on client ip neigh flush all
		dump classic.pcap -i eth1
		ping client $vip
	done
	ping client $vip 2
	dumped
	down
}

# The director forwards a packet, which the switch floods, for it has not heard
# of the real server; that asks for the client in its own name. It answers for
# its own address, and not for the VIP.
record_healthy() {
	cluster rec-healthy
	up "$tmp/rec-healthy.yaml"
	set_right r1
	dump healthy.pcap -i eth1
	ping client $vip
	forward $client "$(mac r1)"
	sleep 0.2
	ping client 192.168.1.41
	on client ip neigh flush all
	ping client $vip
	sleep 1.5 # silence takes a second to mean something
	ping client $vip
	dumped
	down
}

# The director forwards a packet, as LVS-DR does; the real server answers the
# client, and asks for it in the name of the VIP.
record_announce-leak() {
	cluster rec-announce
	up "$tmp/rec-announce.yaml"
	on r1 sysctl -qw net.ipv4.conf.all.arp_ignore=1
	dump announce-leak.pcap -i eth1
	ping client $vip
	forward $client "$(mac r1)"
	sleep 0.2
	ping client 192.168.1.41
	dumped
	down
}

record_gratuitous-leak() {
	cluster rec-gratuitous
	up "$tmp/rec-gratuitous.yaml"
	set_right r1
	dump gratuitous-leak.pcap -i eth1
	ping client $vip
	ping client 192.168.1.41
	on r1 arping -q -U -c 2 -I eth1 -s $vip $vip
	ping client $vip
	dumped
	down
}

record_vrrp-failover() {
	sed 's/^name: .*/name: rec-failover/; s/- off: true.*/- off: false/' "$specs/13-vrrp-failover.yaml" >"$tmp/failover.yaml"
	up "$tmp/failover.yaml"
	dump vrrp-failover.pcap -i eth1 arp or icmp or vrrp
	sleep 1.5
	ping client $vip 2
	on d1 ip link set eth1 down
	sleep 2
	on client ip neigh flush all
	ping client $vip 2
	dumped
	down
}

record_split-brain() {
	sed 's/^name: .*/name: rec-split/' "$specs/14-vrrp-split-brain.yaml" >"$tmp/split.yaml"
	up "$tmp/split.yaml"
	sleep 1.5
	dump split-brain.pcap -i eth1 arp or icmp or vrrp
	ping client $vip 2
	dumped
	down
}

# Two hosts that have nothing to do with each other have the same address.
record_duplicate() {
	cluster rec-duplicate printer 192.168.1.50 camera 192.168.1.50
	up "$tmp/rec-duplicate.yaml"
	set_right r1
	dump duplicate.pcap -i eth1
	ping client 192.168.1.50
	ping client $vip
	on client ip neigh flush all
	ping client 192.168.1.50
	ping camera $client
	ping printer $client
	dumped
	down
}

# Somebody says that the VIP is his, then tells the truth in the director's
# name, as such programs do when they end.
record_spoofing() {
	cluster rec-spoofing attacker 192.168.1.66
	up "$tmp/rec-spoofing.yaml"
	set_right r1
	local a d c
	a=$(mac attacker) d=$(mac director) c=$(mac client)
	dump spoofing.pcap -i eth1
	ping client $vip
	ping attacker $client
	arp attacker "$a" "$c" 2 "$a" $vip "$c" $client 30
	ping client $vip
	arp attacker "$a" "$c" 2 "$d" $vip "$c" $client 5
	ping client $vip
	dumped
	down
}

record_wide-mask() {
	sed 's/^name: .*/name: rec-wide/' "$specs/07-wide-netmask.yaml" >"$tmp/wide.yaml"
	up "$tmp/wide.yaml"
	dump wide-mask.pcap -i eth1 arp or icmp
	ping client $vip
	for n in 50 51 52 53 54 55; do ping client 192.168.1.$n; done
	dumped
	down
}

# In VLAN 10 all is well, in VLAN 20 two hosts have 10.0.0.99; untagged it is
# yet another one's, and that is no conflict.
record_vlans() {
	cluster rec-vlans
	up "$tmp/rec-vlans.yaml"
	local c=02:00:00:00:0c:01 all=ff:ff:ff:ff:ff:ff none=00:00:00:00:00:00
	dump vlans.pcap -i eth1 arp or vlan
	for vlan in 10 20; do
		arp client $c $all 1 $c 10.0.0.1 $none 10.0.0.99 1 $vlan
		arp director 02:00:00:00:$vlan:01 $c 2 02:00:00:00:$vlan:01 10.0.0.99 $c 10.0.0.1 1 $vlan
	done
	arp director 02:00:00:00:20:02 $c 2 02:00:00:00:20:02 10.0.0.99 $c 10.0.0.1 1 20
	arp director 02:00:00:00:30:01 $all 1 02:00:00:00:30:01 10.0.0.99 $none 10.0.0.99
	dumped
	down
}

# As tcpdump -i any sees it, without Ethernet headers.
record_cooked() {
	cluster rec-cooked
	up "$tmp/rec-cooked.yaml"
	dump cooked.pcap -i any arp or icmp
	ping client $vip 2
	dumped
	down
}

# What is left of classic.pcap after a full disk.
record_cut() { head -c "$(($(stat -c %s classic.pcap) - 29))" classic.pcap >cut.pcap; }

all='classic healthy announce-leak gratuitous-leak vrrp-failover split-brain duplicate spoofing wide-mask vlans cooked cut'
for name in ${*:-$all}; do
	echo "$name"
	"record_$name"
done
