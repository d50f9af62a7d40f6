/*
Arpcheck shows who answers ARP for a virtual IP (VIP) in an LVS-DR cluster, who
should, and why the wrong host does.

	arpcheck --vip ADDR[,ADDR…] -i IFACE    the main job; "arpcheck check" is the same
	arpcheck replay FILE… [--vip ADDR…]     the same diagnosis from captures; "-" is
	                                        standard input, and "arpcheck -r FILE" the same
	arpcheck inspect [--vip ADDR[,ADDR…]]   judges the settings of this very host
	arpcheck explain [TOPIC]                what a finding or a setting means
	arpcheck scenario COMMAND               labs in network namespaces, and checks in them:
	                                        list, show, run, up, down, schema
	arpcheck demo                           the leak and its cure, in a lab of its own
	arpcheck report FILE.json -o FORMAT     renders a saved JSON result again
	arpcheck version                        which arpcheck this is
	arpcheck completion SHELL               a completion script for the shell

"arpcheck COMMAND --help" lists the flags of a command.

# What it sends

A check asks three questions about each VIP, and keeps listening after the first
answer:

  - Who answers for it? ARP who-has frames, broadcast, and to each host alone.
  - Who holds it? An ICMP echo request in a broadcast Ethernet frame, which every
    host that has the address answers, whatever its arp_ignore.
  - Who announces it? The same from an unused address of the segment, for which
    each holder has to send an ARP request of its own.

The answer to the last question is an ordinary ARP request. Where a real server
announces the VIP, as sender of such a request, neighbours move the VIP to it:
that is the fault itself, as any new client would cause it. The check then makes
the director announce the VIP again and sees that it did, or says what to type
there. With --no-announce-test nothing is sent that could cause it.

# Exit codes

	0  as it should be
	1  at least one fault
	2  wrong usage, or the check could not run
	3  inconclusive: something that was asked could not be decided
	130  a second Ctrl-C ended it at once

They are the same for every output format but nagios, which as the only format
exits as monitoring plugins do: 0 OK, 1 WARNING (all is well but for a warning),
2 CRITICAL, 3 UNKNOWN, which is also for wrong usage. Demo exits 0 when the kernel
did as its story says. Silence is never 0.

# Output

The result goes to standard output; progress, hints and errors go to standard
error. -o FORMAT[=FILE] chooses the format: text, json, markdown, junit or nagios,
of which scenarios have all but the last. It can be given several times: with a
FILE the result goes there, and the file appears only when it is complete.
Colour is for terminals alone; NO_COLOR and --color=never turn it off.

SIGINT, SIGTERM and SIGHUP end a check in order: it takes back what it caused and
reports what it has seen. A second signal, half a second later or more, ends it at
once: a shell sees 130 after Ctrl-C.

# Captures

A replay reads pcap and pcapng, also in gzip or zstd, and several files as one
timeline. Nobody was asked there by arpcheck: what anybody asked is taken for the
question, and silence counts only where the capture would have shown the answer.
Evidence names the file, the frame as Wireshark counts, and a display filter.
A file that is damaged is read around the place, and is never a pass.

--write FILE.pcapng, of a check too, keeps the frames that the verdict rests on,
each with a comment on what it proves.

SIGINT ends the reading of a stream with a report on what came by then.

# Permission

A check opens one packet socket, which takes CAP_NET_RAW:

	sudo setcap cap_net_raw+ep "$(command -v arpcheck)"

Entering another network namespace (--netns) takes CAP_SYS_ADMIN as well.
*/
package main
