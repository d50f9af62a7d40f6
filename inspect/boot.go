package inspect

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"path"
	"slices"
	"strings"

	"github.com/arpcheck/arpcheck/kernel"
)

// A Boot is what the files that set sysctls at boot hold, in the order in
// which they are read.
type Boot struct {
	Program    string   // who reads them: systemd-sysctl, or sysctl --system (procps)
	Unreadable []string // files that could not be read, so that anything may be in them

	systemd bool
	lines   []Assignment
	unread  []Assignment // in files that are not read, because of a namesake or because nobody does
}

// An Assignment is one line of a file that sets sysctls at boot.
type Assignment struct {
	Key     string // as a path below /proc/sys; it may be a pattern
	Value   string
	Exclude bool   // "-key" alone: no pattern shall set it
	Where   string // file:line
	Why     string // why it does not count; empty: it does
}

// A BootSetting is what the files make of one sysctl.
type BootSetting struct {
	Assignment              // the one that counts; its Where is empty where none sets it
	Lost       []Assignment // those that do not, with the reason
}

// sysctlDirs are the folders of sysctl.d(5) and sysctl(8), the first to be
// preferred: a file hides those of the same name in later ones.
var sysctlDirs = []string{"etc/sysctl.d", "run/sysctl.d", "usr/local/lib/sysctl.d", "usr/lib/sysctl.d", "lib/sysctl.d"}

const sysctlConf = "etc/sysctl.conf"

// ReadBoot reads the files below root that set sysctls at boot. It follows
// systemd-sysctl where there is one, else procps; the other boot programs
// (OpenRC, runit) call the latter.
func ReadBoot(root fs.FS) (*Boot, error) {
	b := &Boot{Program: "sysctl --system"}
	for _, name := range []string{"run/systemd/system", "usr/lib/systemd/systemd-sysctl", "lib/systemd/systemd-sysctl"} {
		if _, err := fs.Stat(root, name); err == nil {
			b.Program, b.systemd = "systemd-sysctl", true
		}
	}
	files := map[string]string{} // the path by the name
	for _, dir := range sysctlDirs {
		entries, err := fs.ReadDir(root, dir)
		switch {
		case errors.Is(err, fs.ErrPermission):
			b.Unreadable = append(b.Unreadable, "/"+dir)
			continue
		case errors.Is(err, fs.ErrNotExist):
			continue
		case err != nil:
			return nil, fmt.Errorf("reading /%s: %w", dir, err)
		}
		for _, e := range entries {
			name := path.Join(dir, e.Name())
			switch first := files[e.Name()]; {
			case e.IsDir():
			case path.Ext(name) != ".conf":
				b.drop(b.parseIf(root, name), "nobody reads a file whose name does not end in .conf")
			case e.Name()[0] == '.' && b.systemd: // dirent_is_file_with_suffix
				b.drop(b.parseIf(root, name), "systemd-sysctl reads no file whose name begins with a dot")
			case first == "":
				files[e.Name()] = name
			default:
				b.hide(root, name, first)
			}
		}
	}
	var order []string
	for name := range files {
		order = append(order, name)
	}
	slices.Sort(order) // by name alone, whatever the folder
	for _, name := range order {
		b.lines = append(b.lines, b.parse(root, files[name])...)
	}
	last := b.parse(root, sysctlConf)
	if !b.systemd {
		b.lines = append(b.lines, last...) // sysctl --system reads it last
		return b, nil
	}
	// systemd-sysctl reads it only by way of a link, /etc/sysctl.d/99-sysctl.conf.
	if !slices.ContainsFunc(last, func(a Assignment) bool { return b.has(a) }) {
		b.drop(last, "systemd-sysctl does not read this file: no link /etc/sysctl.d/99-sysctl.conf leads to it")
	}
	return b, nil
}

// has reports whether the same assignment is read from some file.
func (b *Boot) has(a Assignment) bool {
	return slices.ContainsFunc(b.lines, func(l Assignment) bool {
		return l.Key == a.Key && l.Value == a.Value && l.Exclude == a.Exclude
	})
}

// hide takes note of a file that one of the same name hides. Where /lib is a
// link to /usr/lib, it is the same file.
func (b *Boot) hide(root fs.FS, name, by string) {
	one, err1 := readFile(root, name)
	other, err2 := readFile(root, by)
	if err1 != nil || err2 == nil && bytes.Equal(one, other) {
		return
	}
	b.drop(b.parse(root, name), "/"+by+" has the same name and hides this file")
}

func (b *Boot) drop(lines []Assignment, why string) {
	for _, l := range lines {
		l.Why = why
		b.unread = append(b.unread, l)
	}
}

// mostOfFile bounds what is read of one file: no file of sysctls is so large.
const mostOfFile = 1 << 20

// readFile reads a file that is regular, or /dev/null, and of sensible size.
func readFile(root fs.FS, name string) ([]byte, error) {
	f, err := root.Open(name)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	data, err := io.ReadAll(io.LimitReader(f, mostOfFile+1))
	if err == nil && len(data) > mostOfFile {
		err = errors.New("too large")
	}
	return data, err
}

// parse reads the assignments of a file, and takes note if it cannot.
func (b *Boot) parse(root fs.FS, name string) []Assignment {
	data, err := readFile(root, name)
	if err != nil {
		if !errors.Is(err, fs.ErrNotExist) { // a link that leads nowhere
			b.Unreadable = append(b.Unreadable, "/"+name)
		}
		return nil
	}
	return b.assignments(data, name)
}

// parseIf is parse for a file that does not count.
func (b *Boot) parseIf(root fs.FS, name string) []Assignment {
	data, err := readFile(root, name)
	if err != nil {
		return nil
	}
	return b.assignments(data, name)
}

// assignments are the lines of a file, as parse_line of systemd-sysctl and
// parse_setting_line of procps read them.
func (b *Boot) assignments(data []byte, name string) (all []Assignment) {
	number := 0
	for line := range strings.Lines(string(data)) { // of whatever length
		number++
		line = strings.TrimSpace(line)
		if line == "" || line[0] == '#' || line[0] == ';' {
			continue
		}
		key, value, assigns := strings.Cut(line, "=")
		key, minus := strings.CutPrefix(key, "-")                                             // with "=": errors do not matter
		if !assigns && !minus || minus && !b.systemd && strings.TrimLeft(key, " \t") != key { // "- key": procps finds no such file
			continue
		}
		all = append(all, Assignment{
			Key: keyPath(strings.TrimSpace(key)), Value: strings.TrimSpace(value), Exclude: !assigns,
			Where: fmt.Sprintf("/%s:%d", name, number),
		})
	}
	return all
}

// keyPath makes a key a path below /proc/sys (sysctl_normalize): the first
// separator decides which of the two is the separator, so the interface of
// net.ipv4.conf.eth1/100.arp_ignore is eth1.100.
func keyPath(key string) string {
	if i := strings.IndexAny(key, "./"); i < 0 || key[i] == '/' {
		return strings.TrimPrefix(key, "/")
	}
	return strings.NewReplacer(".", "/", "/", ".").Replace(key)
}

// isPattern reports whether a key is a pattern of glob(7).
func isPattern(key string) bool { return strings.ContainsAny(key, "*?[") }

// matches reports whether the pattern, or plain key, means the key.
func matches(pattern, key string) bool {
	ok, err := path.Match(strings.ReplaceAll(pattern, "[!", "[^"), key)
	return ok && err == nil || pattern == key
}

// Setting returns what the files make of net.ipv4.conf.<dev>.<name>.
func (b *Boot) Setting(dev, name string) (s BootSetting) {
	key := "net/ipv4/conf/" + dev + "/" + name
	lines := b.effective(key)
	exact := slices.ContainsFunc(lines, func(a Assignment) bool { return a.Key == key })
	lose := func(a Assignment, why string) {
		if !a.Exclude {
			a.Why = why
			s.Lost = append(s.Lost, a)
		}
	}
	for _, a := range lines {
		switch {
		case a.Exclude:
		case exact && isPattern(a.Key):
			lose(a, "a line for this very key counts more than a pattern")
		case !accepts(a.Value):
			// systemd-sysctl has forgotten what it read before for the key;
			// procps has written it already.
			if s.Where != "" && b.systemd && s.Key == a.Key {
				lose(s.Assignment, fmt.Sprintf("%s comes later, with %s, which the kernel refuses", a.Where, a.Value))
				s.Assignment = Assignment{}
			}
		default:
			if s.Where != "" {
				lose(s.Assignment, a.Where+" comes later")
			}
			s.Assignment = a
		}
	}
	for _, a := range b.unread {
		if matches(a.Key, key) {
			lose(a, a.Why)
		}
	}
	return s
}

// accepts reports whether the kernel takes a value.
func accepts(value string) bool {
	_, ok := kernel.ParseInt(value)
	return ok
}

// effective returns the lines that mean the key, in the order in which they
// are written. Both programs collect all lines before they write any.
func (b *Boot) effective(key string) (all []Assignment) {
	for _, a := range b.lines {
		if !matches(a.Key, key) {
			continue
		}
		if b.systemd {
			// systemd-sysctl keeps one line for each key: the last one, in its
			// place, unless it says the same as the one before.
			same := func(old Assignment) bool { return old.Key == a.Key }
			before := slices.DeleteFunc(slices.Clone(all), func(old Assignment) bool { return !same(old) })
			if n := len(before); n > 0 && before[n-1].Value == a.Value && before[n-1].Exclude == a.Exclude {
				continue
			}
			if a.Exclude {
				all = slices.DeleteFunc(all, same) // "-key" takes an earlier "key = value" back
			}
		}
		all = append(all, a)
	}
	return all
}
