package diagnose

import (
	"slices"

	"github.com/arpcheck/arpcheck/evidence"
)

// A view is where frames were captured: what comes by in one place may not in
// another.
type view struct {
	file  string
	iface int
}

func viewOf(rec *evidence.Record) view { return view{rec.File, rec.Interface} }

// A frameID tells a frame from every other.
type frameID struct {
	file   string
	number int
}

// A sight is what came by in one view, of what one host sent to another alone.
type sight struct {
	ways  map[way]bool
	hears map[evidence.MAC]bool // something went to it
	at    []evidence.MAC        // every way is from or to each of these: it was taken at one of them, or where all comes by
}

// sees notes that a frame came by.
func (p *people) sees(at view, w way) {
	s := p.sights[at]
	if s == nil {
		s = &sight{ways: map[way]bool{}, hears: map[evidence.MAC]bool{}, at: []evidence.MAC{w.from, w.to}}
		p.sights[at] = s
	}
	s.ways[w], s.hears[w.to] = true, true
	s.at = slices.DeleteFunc(s.at, func(mac evidence.MAC) bool { return mac != w.from && mac != w.to })
}

// views are all the places in which a frame was captured.
func (p *people) views(rec *evidence.Record) []view {
	return append([]view{viewOf(rec)}, p.also[frameID{rec.File, rec.Number}]...)
}

// shown reports whether what comes from a host to the asker is in a view in
// which the ask is.
func (p *people) shown(mac evidence.MAC, ask *evidence.Record, also func(view) bool) bool {
	return slices.ContainsFunc(p.views(ask), func(v view) bool {
		s := p.sights[v]
		return s != nil && s.ways[way{mac, asker(*ask)}] && (also == nil || also(v))
	})
}

// inSight reports whether a view in which the ask is shows what comes to the
// asker, whoever sends it. Where all that went to one host alone is from or to
// the same host, the capture was taken there, and shows what comes to others
// only if that host has sent it; then at is this host. Where all is between two
// hosts, it may have been taken at either.
func (p *people) inSight(ask *evidence.Record) (in bool, at evidence.MAC) {
	for _, v := range p.views(ask) {
		switch s := p.sights[v]; {
		case s == nil || !s.hears[asker(*ask)]:
		case len(s.at) == 0 || slices.Equal(s.at, []evidence.MAC{asker(*ask)}):
			return true, evidence.MAC{}
		default:
			at = s.at[0]
			if at == asker(*ask) {
				at = s.at[1]
			}
		}
	}
	return false, at
}
