package main

import (
	"io/fs"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/arpcheck/arpcheck/diagnose"
)

// Every topic and every value of one fits a screen of 80 by 24, with a line for
// the prompt; every finding code has a topic, and every file is one.
func TestTopics(t *testing.T) {
	names := topicNames()
	for _, code := range diagnose.Codes() {
		if !slices.Contains(names, string(code)) {
			t.Errorf("no topic on %s", code)
		}
	}
	files, err := fs.ReadDir(topicFiles, "topics")
	if err != nil {
		t.Fatal(err)
	}
	if len(files) != len(names) {
		t.Errorf("%d files, %d topics", len(files), len(names))
	}
	for _, name := range names {
		topic, err := readTopic(name)
		if err != nil {
			t.Error(err)
			continue
		}
		if topic.group == "" || topic.title == "" || topic.group != "settings" && len(topic.title) > 80-26 {
			t.Errorf("%s: group %q, title %q", name, topic.group, topic.title)
		}
		texts := map[string]string{"": topic.text}
		for value, text := range topic.values {
			texts[value] = text
		}
		for value, text := range texts {
			got, err := topic.render(text)
			if err != nil {
				t.Errorf("%s=%s: %v", name, value, err)
			}
			lines := strings.Split(strings.TrimSuffix(got, "\n"), "\n")
			if len(lines) > 23 {
				t.Errorf("%s=%s has %d lines", name, value, len(lines))
			}
			for _, line := range lines {
				if utf8.RuneCountInString(line) > 80 {
					t.Errorf("%s=%s: too wide: %s", name, value, line)
				}
			}
			if name != "sysctl.d" && !strings.Contains(got, "Kernel:") {
				t.Errorf("%s=%s names no kernel function", name, value)
			}
		}
	}
}

// The tables say what package scenarios proves of the real kernel; these cells
// are the ones that people get wrong.
func TestTopicTables(t *testing.T) {
	for name, want := range map[string][]string{
		"arp_ignore":      {"who-has VIP, VIP/32 on lo        answers  -        -        answers  -", "who-has VIP, VIP/32 on the NIC   answers  answers  answers  answers  -"},
		"arp_announce":    {"VIP in the subnet of the host's own address (RIP)  VIP      VIP      RIP", "VIP outside of it                                  VIP      RIP      RIP"},
		"arp_filter":      {"who-has VIP, sender on the subnet     answers  answers"},
		"proxy_arp":       {"who-has VIP, which this host has on lo        -        -", "-        late"},
		"subnet-answered": {"who-has an address that nobody has  -          answers    -"},
		"vip-unanswered":  {"VIP on lo                        answers  -        -        -"},
		"arp_notify":      {"for a VIP on lo                              -        -", "for a VIP on eth1                            -        sent"},
		"vip-reply-leak":  {"1, 2 on lo only                          answers      answers      VIP"},
		"rp-filter-drop":  {"sender elsewhere, way back by eth2     answers  -        answers"},
		"vip-wide-mask":   {"ping from a neighbour               answers    -          -"},
		"arp-silent":      {"arp_ignore 8                    -            -            RIP"},
		"vip-on-nic":      {"VIP/24 on the NIC           answers  answers  answers  -"},
		"vip-missing":     {"ping of the VIP  answers      -"},
		"noarp":           {"ping, no neighbour entry for the way back answers -", "ping, with one that was made by hand answers answers"},
	} {
		topic, err := readTopic(name)
		if err != nil {
			t.Fatal(err)
		}
		got, err := topic.render(topic.text)
		if err != nil {
			t.Fatal(err)
		}
		for _, line := range want {
			if !strings.Contains(squeeze(got), squeeze(line)) {
				t.Errorf("%s lacks %q:\n%s", name, line, got)
			}
		}
	}
}

// squeeze takes the columns out of a table.
func squeeze(s string) string { return strings.Join(strings.Fields(s), " ") }
