package capture

import "golang.org/x/net/bpf"

// A program is a classic BPF program that is put together from its last
// instruction to its first. Its jumps only go forward, so that way the target
// of each is in place, and its distance known, when the jump is written.
type program struct {
	reversed []bpf.Instruction
	relays   map[label]label // the relay placed last for a target
}

// A label is the place of an instruction: how many follow it, itself included.
type label int

// prepend puts ins in front of the program; execution goes on with what was
// prepended before it.
func (p *program) prepend(ins bpf.Instruction) label {
	p.reversed = append(p.reversed, ins)
	return p.first()
}

func (p *program) first() label { return label(len(p.reversed)) }

// skip is how many instructions lie between one that is prepended next and target.
func (p *program) skip(target label) int { return int(p.first() - target) }

// do prepends ins, after which execution goes on at next.
func (p *program) do(ins bpf.Instruction, next label) label {
	if next != p.first() {
		p.prepend(bpf.Jump{Skip: uint32(p.skip(next))})
	}
	return p.prepend(ins)
}

// test prepends a comparison of register A with val, and a jump to either label.
func (p *program) test(cond bpf.JumpTest, val uint32, yes, no label) label {
	yes, no = p.near(yes), p.near(no)
	return p.prepend(bpf.JumpIf{
		Cond: cond, Val: val,
		SkipTrue: uint8(p.skip(yes)), SkipFalse: uint8(p.skip(no)),
	})
}

// near returns a label in reach of a conditional jump, of 8 bits: target
// itself, or a relay to it, which is an unconditional jump, of 32 bits. No
// instruction runs into a relay by itself, for all that precede one are
// conditional jumps or name where they go on.
func (p *program) near(target label) label {
	const reach = 255 - 1 // the other label of the same test may need a relay too
	if p.skip(target) <= reach {
		return target
	}
	if relay, ok := p.relays[target]; ok && p.skip(relay) <= reach {
		return relay
	}
	if p.relays == nil {
		p.relays = make(map[label]label)
	}
	p.relays[target] = p.prepend(bpf.Jump{Skip: uint32(p.skip(target))})
	return p.relays[target]
}

// in prepends a search for register A in a set: some ten comparisons for a
// thousand addresses instead of a thousand.
func (p *program) in(s set, yes, no label) label {
	const linear = 4 // up to here halving costs more than it saves
	if len(s) > linear {
		middle := len(s) / 2
		upper := p.in(s[middle:], yes, no)
		lower := p.in(s[:middle], yes, no)
		return p.test(bpf.JumpGreaterOrEqual, s[middle].first, upper, lower)
	}
	next := no
	for i := len(s) - 1; i >= 0; i-- {
		if s[i].first == s[i].last {
			next = p.test(bpf.JumpEqual, s[i].first, yes, next)
			continue
		}
		notAbove := p.test(bpf.JumpGreaterOrEqual, s[i].first, yes, no)
		next = p.test(bpf.JumpGreaterThan, s[i].last, next, notAbove)
	}
	return next
}

// instructions returns the program in the order of execution.
func (p *program) instructions() []bpf.Instruction {
	forward := make([]bpf.Instruction, 0, len(p.reversed))
	for i := len(p.reversed) - 1; i >= 0; i-- {
		forward = append(forward, p.reversed[i])
	}
	return forward
}
