package main

import (
	"bytes"
	"encoding/binary"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/arpcheck/arpcheck/report"
)

// evilName is what an interface may be called, and a file, a namespace or a
// capture's comment as well: escape sequences (the second is one character, which
// some terminals obey), markup, and quotes.
const evilName = "\x1b[31m\u009b<b>\"|'`"

// A capture file in which every text that pcapng has a place for is an attack:
// comments on the file and on each frame, names of the machine, of the interface
// and of hosts. Nothing of it reaches a reader, in any format, nor what --write
// keeps.
func TestEvilComments(t *testing.T) {
	order := binary.LittleEndian
	option := func(code uint16, value string) []byte {
		b := order.AppendUint16(nil, code)
		b = order.AppendUint16(b, uint16(len(value)))
		b = append(b, value...)
		return append(b, make([]byte, -len(value)&3)...)
	}
	block := func(kind uint32, body ...[]byte) []byte {
		b := bytes.Join(body, nil)
		n := uint32(len(b) + 12)
		return order.AppendUint32(append(order.AppendUint32(order.AppendUint32(nil, kind), n), b...), n)
	}
	const comment, endOfOptions = 1, "\x00\x00\x00\x00"
	file := bytes.Join([][]byte{
		block(0x0a0d0d0a, []byte("\x4d\x3c\x2b\x1a\x01\x00\x00\x00\xff\xff\xff\xff\xff\xff\xff\xff"),
			option(comment, evilName), option(2, evilName), option(3, evilName), option(4, evilName), []byte(endOfOptions)),
		block(1, []byte("\x01\x00\x00\x00\x00\x00\x04\x00"),
			option(comment, evilName), option(2, evilName), option(3, evilName), option(12, evilName), option(15, evilName), []byte(endOfOptions)),
		// Name resolution: 192.168.1.99 is called so.
		block(4, option(1, "\xc0\xa8\x01\x63"+evilName+"\x00"), []byte(endOfOptions)),
		// Statistics, and a block of somebody's own.
		block(5, make([]byte, 12), option(comment, evilName), []byte(endOfOptions)),
		block(0xbad, option(comment, evilName)),
	}, nil)
	const client, a, b = "\x02\x00\x00\x00\x00\x01", "\x02\x00\x00\x00\x00\x02", "\x02\x00\x00\x00\x00\x03"
	const vip, self = "\xc0\xa8\x01\x63", "\xc0\xa8\x01\xb6"
	arp := "\x08\x06\x00\x01\x08\x00\x06\x04\x00"
	for i, frame := range []string{
		"\xff\xff\xff\xff\xff\xff" + client + arp + "\x01" + client + self + "\x00\x00\x00\x00\x00\x00" + vip,
		client + a + arp + "\x02" + a + vip + client + self,
		client + b + arp + "\x02" + b + vip + client + self,
	} {
		head := make([]byte, 20)
		order.PutUint32(head[8:], uint32(i*1000))
		order.PutUint32(head[12:], uint32(len(frame)))
		order.PutUint32(head[16:], uint32(len(frame)))
		file = append(file, block(6, head, []byte(frame), make([]byte, -len(frame)&3), option(comment, evilName), []byte(endOfOptions))...)
	}
	dir := t.TempDir()
	name, kept := filepath.Join(dir, "evil.pcapng"), filepath.Join(dir, "kept.pcapng")
	if err := os.WriteFile(name, file, 0o600); err != nil {
		t.Fatal(err)
	}
	for _, vips := range [][]string{nil, {"--vip", "192.168.1.99"}} {
		args := append([]string{"replay", name, "-v", "--write", kept}, vips...)
		for _, format := range report.Formats() {
			args = append(args, "-o", format+"="+filepath.Join(dir, format))
		}
		stdout, stderr := tempFile(t), tempFile(t)
		if code := run(args, strings.NewReader(""), stdout, stderr); code != 1 {
			t.Fatalf("exit code %d, want 1 for the conflict: %s", code, content(t, stderr))
		}
		told := map[string][]byte{"standard error": content(t, stderr)}
		for _, file := range append(report.Formats(), filepath.Base(kept)) {
			out, err := os.ReadFile(filepath.Join(dir, file))
			if err != nil || len(out) == 0 {
				t.Errorf("%s: nothing was written: %v", file, err)
			}
			told[file] = out
		}
		for where, out := range told {
			for _, evil := range []string{"\x1b", "\u009b", "[31m", "<b>"} {
				if bytes.Contains(out, []byte(evil)) {
					t.Errorf("%s: %q is in\n%q", where, evil, out)
				}
			}
		}
		os.Remove(kept)
	}
}
