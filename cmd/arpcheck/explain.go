package main

import (
	"embed"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"text/template"

	"github.com/spf13/cobra"

	"github.com/arpcheck/arpcheck/diagnose"
	"github.com/arpcheck/arpcheck/scenarios"
)

// Each file of topics is one topic. Its first line is its group and title; a
// line "--- VALUE" begins what is to be said about one value of a setting. What
// stands in double braces is a table that the kernel's model fills in.
//
//go:embed topics/*.txt
var topicFiles embed.FS

var topicTables = template.FuncMap{
	"ignore": ignoreTable, "announce": announceTable, "filter": filterTable, "rpfilter": rpFilterTable,
	"proxy": proxyTable, "notify": notifyTable, "noarp": noARPTable, "states": statesTable, "silent": silentTable,
	"placed": placedTable, "wide": wideTable, "director": directorTable, "missing": missingTable,
}

// A topic is something that can be explained.
type topic struct {
	name, group, title string
	text               string
	values             map[string]string
}

// topicNames are all topics: settings first, then the finding codes.
func topicNames() []string {
	names := []string{"arp_ignore", "arp_announce", "arp_filter", "rp_filter", "proxy_arp", "arp_notify", "noarp", "sysctl.d"}
	for _, code := range diagnose.Codes() {
		names = append(names, string(code))
	}
	return names
}

// scenarioTopic is explained by a file that can be run.
const scenarioTopic = "scenario"

// explainable are all names that can be asked for.
func explainable() []string { return append(topicNames(), scenarioTopic) }

func readTopic(name string) (topic, error) {
	data, err := topicFiles.ReadFile("topics/" + name + ".txt")
	if err != nil {
		return topic{}, err
	}
	t := topic{name: name, values: map[string]string{}}
	head, text, _ := strings.Cut(string(data), "\n")
	t.group, t.title, _ = strings.Cut(head, ": ")
	sections := strings.Split(text, "\n--- ")
	t.text = strings.TrimSuffix(sections[0], "\n") + "\n"
	for _, s := range sections[1:] {
		value, body, _ := strings.Cut(s, "\n")
		t.values[value] = strings.TrimSuffix(body, "\n") + "\n"
	}
	return t, nil
}

// about returns the text on the topic, or on one value of it.
func (t topic) about(value string) (string, bool) {
	if value == "" {
		return t.text, true
	}
	if text, ok := t.values[value]; ok {
		return text, true
	}
	n, err := strconv.Atoi(value)
	if err == nil && n >= 0 && slices.Contains([]string{"arp_filter", "rp_filter", "proxy_arp", "arp_notify"}, t.name) {
		return t.text, true // it is short, and its table has them all
	}
	for span, text := range t.values {
		var low, high int
		if count, _ := fmt.Sscanf(span, "%d-%d", &low, &high); err == nil && count == 2 && n >= low && n <= high {
			return text, true
		}
	}
	return "", false
}

// render fills in the tables.
func (t topic) render(text string) (string, error) {
	tmpl, err := template.New(t.name).Funcs(topicTables).Parse(text)
	if err != nil {
		return "", err
	}
	var b strings.Builder
	err = tmpl.Execute(&b, nil)
	return b.String(), err
}

func (a *app) explainCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "explain [TOPIC]",
		Short: "Explains a finding, a setting, a value of one, or scenario files",
		Long: `Explains what a finding means or what a setting does: which interface counts, what
others see, when to use it, what it breaks, and the kernel function that decides.
The tables in it are what arpcheck's model of the kernel says.

The topic "scenario" is a scenario file that has every key, each with a comment.

Without a topic it lists them all.`,
		Example: `  arpcheck explain vip-reply-leak
  arpcheck explain arp_ignore
  arpcheck explain arp_announce=1
  arpcheck explain scenario > my-cluster.yaml`,
		DisableFlagsInUseLine: true,
		ValidArgsFunction:     cobra.FixedCompletions(explainable(), cobra.ShellCompDirectiveNoFileComp),
		Args: func(cmd *cobra.Command, args []string) error {
			if len(args) > 1 {
				return withHint(fmt.Errorf("arpcheck explain takes one topic, and there are %d", len(args)), "arpcheck explain %s", args[0])
			}
			return nil
		},
		RunE: func(_ *cobra.Command, args []string) error {
			if len(args) == 0 {
				return a.listTopics()
			}
			return a.explain(args[0])
		},
	}
}

// explain prints one topic.
func (a *app) explain(name string) error {
	name, value, _ := strings.Cut(strings.ToLower(strings.TrimSpace(name)), "=")
	// As it stands in a fix: net.ipv4.conf.all.arp_ignore.
	if i := strings.LastIndexAny(name, "./"); i >= 0 && strings.HasPrefix(name, "net") {
		name = name[i+1:]
	}
	name, value = strings.TrimSpace(name), strings.TrimSpace(value)
	if !slices.Contains(explainable(), name) {
		err := fmt.Errorf("no topic %q", name)
		if near := nearest(strings.ReplaceAll(name, "-", "_"), explainable()); near != "" {
			return withHint(err, "did you mean: arpcheck explain %s", near)
		}
		if near := nearest(name, explainable()); near != "" {
			return withHint(err, "did you mean: arpcheck explain %s", near)
		}
		return withHint(err, "arpcheck explain lists them all")
	}
	if name == scenarioTopic && value == "" {
		return a.print(scenarios.Example())
	} else if name == scenarioTopic {
		return withHint(fmt.Errorf("nothing is known about %s = %q", name, value), "arpcheck explain %s", name)
	}
	t, err := readTopic(name)
	if err != nil {
		return err
	}
	text, ok := t.about(value)
	if !ok {
		return withHint(fmt.Errorf("nothing is known about %s = %q", name, value), "arpcheck explain %s", name)
	}
	if text, err = t.render(text); err != nil {
		return err
	}
	return a.print(text)
}

// listTopics prints all topics by group: the settings on few lines, for whoever
// looks for one knows its name.
func (a *app) listTopics() error {
	var b strings.Builder
	var settings []string
	group := ""
	for _, name := range topicNames() {
		t, err := readTopic(name)
		switch {
		case err != nil:
			return err
		case t.group == "settings":
			settings = append(settings, t.name)
			continue
		case t.group != group:
			group = t.group
			fmt.Fprintf(&b, "%s:\n", group)
		}
		fmt.Fprintf(&b, "  %-22s  %s\n", t.name, t.title)
	}
	fmt.Fprintf(&b, "settings, and values of them, such as arp_ignore=1:\n  %s\n", strings.Join(settings, " "))
	fmt.Fprintf(&b, "scenario files, by an example that can be run:\n  %s\n", scenarioTopic)
	return a.print(b.String())
}
