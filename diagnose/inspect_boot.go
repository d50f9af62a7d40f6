package diagnose

import (
	"fmt"
	"path"
	"slices"
	"strings"

	"github.com/arpcheck/arpcheck/kernel"
)

// booted is the host after the next boot, as far as the files decide it: the
// addresses of today, the settings of the files, and the kernel's zeros where
// no file has a say.
func (in *Inspection) booted(h *kernel.Host) *kernel.Host {
	return changed(h, func(h *kernel.Host) {
		for name, s := range settings {
			s.set(&h.All, in.atBoot("all", name).number())
			for i := range h.Interfaces {
				s.set(&h.Interfaces[i].Settings, in.atBoot(h.Interfaces[i].Name, name).number())
			}
		}
	})
}

// atBoot is what the files make of a setting. An interface for which they have
// none starts with that of "default": it copies it when it appears, and
// "default" is passed on to those that nobody has set (devinet_copy_dflt_conf).
func (in *Inspection) atBoot(dev, name string) BootSetting {
	s := in.Boot.Setting(dev, name)
	if s.Where == "" && dev != "all" {
		if d := in.Boot.Setting("default", name); d.Where != "" {
			return d
		}
	}
	return s
}

func (s BootSetting) number() int {
	n, _ := kernel.ParseInt(s.Value)
	return n
}

// decides is the sysctl that a trouble depends on.
var decides = map[Code]string{
	ReplyLeak: "arp_ignore", SubnetAnswered: "arp_ignore", ARPSilent: "arp_ignore", Unanswered: "arp_ignore",
	AnnounceLeak: "arp_announce", GratuitousLeak: "arp_notify", ProxyARP: "proxy_arp", RPFilterDrop: "rp_filter",
}

// bootFindings compares the host with what it will be after the next boot.
func (j *judge) bootFindings(now []trouble) (all []Finding) {
	if j.boot == nil {
		return nil
	}
	for _, name := range []string{"arp_ignore", "arp_announce", "arp_notify", "proxy_arp", "rp_filter"} {
		var same []trouble
		for _, t := range j.then {
			if decides[t.code] == name {
				same = append(same, t)
			}
		}
		if len(same) == 0 {
			continue
		}
		lost := j.lost(same, name)
		fresh := len(common(same, now)) < len(same)
		if !fresh && len(lost) == 0 && (j.Boot.Near == nil || len(j.Boot.Near(name)) == 0) {
			continue // it goes wrong now, and that is said already
		}
		all = append(all, j.bootFinding(same, name, lost))
	}
	return all
}

func (j *judge) bootFinding(same []trouble, name string, lost []string) Finding {
	h := j.boot.Host
	slices.SortStableFunc(same, func(a, b trouble) int { return j.prominence(b.dev) - j.prominence(a.dev) })
	dev := same[0].dev
	f := Finding{Code: NotPersistent, Severity: Warning}
	f.MAC, f.IPs = j.known(dev)
	then := deciding(settings[name].get(&h.All), settings[name].get(section(h, dev)), dev)
	now := deciding(settings[name].get(&j.All), settings[name].get(section(j.now.Host, dev)), dev)
	f.Summary = fmt.Sprintf("After the next boot %s will be %d on %s (now it is %s), and this host %s.",
		name, then.Value, devs(same), now, j.deeds(same))
	f.Why = fmt.Sprintf("%s: so it will be, unless some other program sets it (keepalived, kube-proxy, a network manager).", j.origin(dev, name, then))
	origin := j.origin(dev, name, then)
	switch {
	case len(lost) > 0 && strings.HasPrefix(origin, noFile):
		f.Code, f.Causes = Overridden, lost
		f.Why = origin + " in a way that counts, so the next boot leaves it as the kernel has it, at 0."
	case len(lost) > 0:
		f.Code, f.Causes = Overridden, lost
		f.Why = origin + ": that is the line that counts."
	case j.Boot.Near != nil:
		f.Causes = j.Boot.Near(name)
	}
	f.Fix = j.keep(j.cure(j.boot, same))
	return f
}

const noFile = "No file"

// origin says which file sets the value after the next boot.
func (j *judge) origin(dev, name string, d Deciding) string {
	for _, of := range []string{"all", dev} {
		if s := j.atBoot(of, name); s.Where != "" && (d.From == "" || d.From == of) {
			return fmt.Sprintf("%s sets %s to %s", s.Where, sysctlKey(of, name), s.Value)
		}
	}
	return fmt.Sprintf(noFile+" that %s reads sets %s", j.Boot.Program, sysctlKey("all", name))
}

// lost are the lines that would prevent the troubles if they counted.
func (j *judge) lost(same []trouble, name string) (all []string) {
	for _, dev := range append([]string{"all", "default"}, names(same)...) {
		for _, l := range j.Boot.Setting(dev, name).Lost {
			value, ok := kernel.ParseInt(l.Value)
			if !ok {
				continue
			}
			would := changed(j.boot.Host, func(h *kernel.Host) {
				if dev != "default" {
					settings[name].set(section(h, dev), value)
					return
				}
				for i := range h.Interfaces { // those that nobody sets
					if in := &h.Interfaces[i]; j.Boot.Setting(in.Name, name).Where == "" {
						settings[name].set(&in.Settings, value)
					}
				}
			})
			if len(common(same, j.troubles(j.state(would, j.boot.vips)))) == len(same) {
				continue
			}
			all = append(all, fmt.Sprintf("%s sets %s to %s, but %s", l.Where, sysctlKey(dev, name), l.Value, l.Why))
		}
	}
	return all
}

// pending is the file that ends the troubles with the next boot.
func (j *judge) pending(same []trouble) string {
	name := decides[same[0].code]
	if j.boot == nil || name == "" || len(common(same, j.then)) > 0 {
		return ""
	}
	for _, dev := range []string{"all", same[0].dev} {
		if s := j.atBoot(dev, name); s.Where != "" && s.number() != settings[name].get(section(j.now.Host, dev)) {
			return s.Where
		}
	}
	return ""
}

// keep are the shell lines that make sysctls outlive the next boot.
func (j *judge) keep(changes []change) (lines []string) {
	for _, c := range changes {
		if c.name != "" {
			lines = append(lines, c.echo(path.Join(j.Boot.Root, j.dropIn(changes))))
		}
	}
	return lines
}

// lateFile comes after most others.
const lateFile = "/etc/sysctl.d/zz-vip-arp.conf"

// dropIn is the file to add lines to, so that they count: the usual one, or one
// whose name comes after all that set the same, or the one that is read last.
func (in *Inspection) dropIn(changes []change) string {
	last := ""
	for _, c := range changes {
		if c.name == "" || in.Boot == nil {
			continue
		}
		where := in.Boot.Setting(c.dev, c.name).Where
		by := where[:max(0, strings.LastIndexByte(where, ':'))]
		if by == "/etc/sysctl.conf" {
			return by
		}
		if last == "" || path.Base(by) > path.Base(last) {
			last = by
		}
	}
	for _, file := range []string{sysctlFile, lateFile} {
		if last == "" || last == file || path.Base(last) < path.Base(file) {
			return file
		}
	}
	return last // its name comes after "zz", as that of ~local.conf does
}

// common are the troubles of a that are in b as well.
func common(a, b []trouble) (both []trouble) {
	type key struct {
		code Code
		dev  string
	}
	in := make(map[key]bool, len(b))
	for _, t := range b {
		in[key{t.code, t.dev}] = true
	}
	for _, t := range a {
		if in[key{t.code, t.dev}] {
			both = append(both, t)
		}
	}
	return both
}
