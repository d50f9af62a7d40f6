package main

import (
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"net/netip"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/arpcheck/arpcheck/diagnose"
	"github.com/arpcheck/arpcheck/inspect"
	"github.com/arpcheck/arpcheck/report"
)

// inspectOptions are the flags of an inspection.
type inspectOptions struct {
	vips   []netip.Addr
	role   diagnose.Role
	netns  string
	root   string
	script bool
	quiet  bool

	render renderOptions
}

func (a *app) inspectCommand() *cobra.Command {
	var o inspectOptions
	cmd := &cobra.Command{
		Use:   "inspect [--vip ADDR[,...]]",
		Short: "Judges this host's own settings: what they will do, and what to change",
		Long: `Reads the settings of this very host and says for each interface what it will
answer, announce and send unasked for a VIP, which setting decides that, and what
to change. It sends nothing, changes nothing and takes no privilege.

Not followed are the rules of ip rule, and those of nftables and arptables, which
may drop ARP: where there are some, a note says so and nothing passes. Without
CAP_NET_ADMIN the latter cannot be read, so they are not looked at.

It exits 1 for a fault, and 3 for what will be one: settings that no file of
sysctl.d makes outlive the next boot, or that this host cannot decide alone.`,
		Example: `  arpcheck inspect --vip 192.168.1.99
  arpcheck inspect --vip 192.168.1.99 --role real-server -o json
  arpcheck inspect --script > cure.sh`,
		DisableFlagsInUseLine: true,
		Args:                  noArguments,
		RunE: func(*cobra.Command, []string) error {
			return a.inspect(&o)
		},
	}
	fs := cmd.Flags()
	fs.SortFlags = false
	fs.Func("vip", "the virtual IPs to judge: `ADDR[,...]` (default: every address on lo or a dummy interface, and every one beside an interface's own)", func(s string) (err error) {
		o.vips, err = parseList(o.vips, s, parseAddr)
		return err
	})
	fs.Func("role", "what this host is: `ROLE` director or real-server (default: guessed from where the VIP sits)", func(s string) (err error) {
		o.role, err = parseRole(s)
		return err
	})
	word(fs, &o.netns, "netns", "", "look into the network namespace `NS`: a name, a path or a process id")
	word(fs, &o.root, "root", "", "`DIR` that the files of the next boot, such as etc/sysctl.d, are below (default /; with --netns they are left alone)")
	fs.BoolVar(&o.script, "script", false, "print a shell script with the changes that are needed, instead of a result")
	o.render.register(cmd)
	fs.Lookup("verbose").Usage = "show all interfaces and findings" // there are no frames
	fs.BoolVarP(&o.quiet, "quiet", "q", false, "no remarks: the result alone")
	cmd.RegisterFlagCompletionFunc("netns", completeNetNS)
	cmd.RegisterFlagCompletionFunc("role", cobra.FixedCompletions(roles, cobra.ShellCompDirectiveNoFileComp))
	return cmd
}

var roles = []string{string(diagnose.Director), string(diagnose.RealServer)}

func parseRole(s string) (diagnose.Role, error) {
	if !slices.Contains(roles, s) {
		err := fmt.Errorf("%q is none of %s", s, strings.Join(roles, ", "))
		if near := nearest(s, roles); near != "" {
			return "", withHint(err, "did you mean: --role %s", near)
		}
		return "", withHint(err, "a director answers for the VIP, a real server must not")
	}
	return diagnose.Role(s), nil
}

// inspect makes one run: flags, settings, judgement, report.
func (a *app) inspect(o *inspectOptions) error {
	if o.script && len(o.render.outputs) > 0 {
		return withHint(errors.New("--script and --output exclude each other: a script is no result"), "leave out one of the two")
	}
	if err := o.render.validate(); err != nil {
		return err
	}
	files, err := openOutputs(o.render.outputs)
	if err != nil {
		return err
	}
	defer files.discard()

	started := time.Now()
	in, err := o.read()
	if err != nil {
		return err
	}
	vips := o.vips
	if len(vips) == 0 {
		if vips = in.Candidates(); len(vips) == 0 && !o.quiet {
			fmt.Fprintln(a.stderr, "arpcheck: no address here looks like a VIP; --vip names the one that this host should have")
		}
	}
	results := diagnose.Inspect(in, vips)
	doc := report.New(versionName(), "inspect", started, time.Since(started), results)
	a.code = doc.ExitCode()
	if o.script {
		return a.print(diagnose.Script(in, vips, o.root))
	}
	return a.write(&o.render, files, doc)
}

// read reads the settings of the host, and those of its next boot.
func (o *inspectOptions) read() (*diagnose.Inspection, error) {
	var host inspect.Host
	err := inspect.InNetNS(o.netns, func() (err error) {
		host, err = inspect.ReadHost()
		return err
	})
	if err != nil {
		return nil, err
	}
	in := &diagnose.Inspection{
		Host: host.Host, Default: host.Default, NetNS: o.netns, Role: o.role,
		Links: make(map[string]diagnose.Link, len(host.Links)),
		Rules: host.Rules, Elsewhere: host.Elsewhere, Filters: host.Filters, Hidden: host.Hidden,
	}
	for name, l := range host.Links {
		in.Links[name] = diagnose.Link(l)
	}
	// The files are the machine's. A namespace made by `ip netns` or a
	// container has others, if any, and does not boot.
	if o.netns != "" && o.root == "" {
		return in, nil
	}
	if in.Boot, err = o.readBoot(host.Links); err != nil {
		return nil, err
	}
	return in, nil
}

func (o *inspectOptions) readBoot(links map[string]inspect.Link) (*diagnose.Boot, error) {
	root := o.root
	if root == "" {
		root = "/"
	}
	if info, err := os.Stat(root); err != nil || !info.IsDir() {
		return nil, withHint(fmt.Errorf("--root: %s is not a folder that can be read", root), "name the folder that etc/sysctl.d is in")
	}
	files, err := inspect.OpenRoot(root)
	if err != nil {
		return nil, withHint(fmt.Errorf("--root: %w", err), "name the folder that etc/sysctl.d is in")
	}
	defer files.Close()
	boot, err := inspect.ReadBoot(files)
	if err != nil {
		if perr, ok := errors.AsType[*fs.PathError](err); ok {
			err = perr
		}
		return nil, fmt.Errorf("reading the files of the next boot: %w", err)
	}
	near := func(name string) (all []string) {
		for _, a := range boot.Near(name, slices.Collect(maps.Keys(links))) {
			all = append(all, fmt.Sprintf("%s sets %s to %s, but %s", a.Where, strings.ReplaceAll(a.Key, "/", "."), a.Value, a.Why))
		}
		return all
	}
	return &diagnose.Boot{Program: boot.Program, Unreadable: boot.Unreadable, Near: near, Root: o.root, Setting: func(dev, name string) diagnose.BootSetting {
		s := boot.Setting(dev, name)
		made := diagnose.BootSetting{Value: s.Value, Where: s.Where}
		for _, l := range s.Lost {
			made.Lost = append(made.Lost, diagnose.Lost{Value: l.Value, Where: l.Where, Why: l.Why})
		}
		return made
	}}, nil
}
