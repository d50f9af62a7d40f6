package inspect

import (
	"fmt"
	"path"
	"slices"
	"strings"
)

// Near returns the lines that seem to be meant for net.ipv4.conf.*.<name> and
// set it on no interface that other hosts are behind: what is misspelt, and what
// is set on lo or on an interface that is none of devs, which exist.
func (b *Boot) Near(name string, devs []string) (all []Assignment) {
	for _, a := range b.lines {
		dev, key := path.Split(strings.TrimPrefix(a.Key, "net/ipv4/conf/"))
		dev = strings.TrimSuffix(dev, "/")
		switch {
		case a.Exclude || isPattern(a.Key) || a.Where == "":
			continue
		case !strings.HasPrefix(a.Key, "net/ipv4/conf/"):
			if path.Base(a.Key) != name {
				continue
			}
			a.Why = fmt.Sprintf("there is no such setting: it is net.ipv4.conf.all.%s", name)
		case key == name && !accepts(a.Value):
			a.Why = fmt.Sprintf("the kernel refuses %q", a.Value)
		case key == name && dev == "lo":
			a.Why = "on lo it changes nothing: what counts is the interface that is asked, and all"
		case key == name && dev != "all" && dev != "default" && !slices.Contains(devs, dev):
			a.Why = "there is no interface " + dev
		case key != name && misspelt(key, name):
			a.Why = fmt.Sprintf("there is no setting %s: %s is meant", key, name)
		default:
			continue
		}
		all = append(all, a)
	}
	return all
}

// misspelt reports whether a word differs from another by one letter, by two
// that changed places, or by what stands between its parts.
func misspelt(word, meant string) bool {
	plain := func(s string) string { return strings.NewReplacer("_", "", "-", "").Replace(strings.ToLower(s)) }
	w, m := plain(word), plain(meant)
	if w == m {
		return true
	}
	if len(w) < len(m) {
		w, m = m, w
	}
	i := 0
	for i < len(m) && w[i] == m[i] {
		i++
	}
	switch {
	case len(w) == len(m)+1:
		return w[i+1:] == m[i:]
	case len(w) != len(m):
		return false
	case w[i+1:] == m[i+1:]:
		return true
	}
	return i+2 <= len(m) && w[i] == m[i+1] && w[i+1] == m[i] && w[i+2:] == m[i+2:]
}
