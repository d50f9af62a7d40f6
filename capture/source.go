package capture

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"math"
	"os"
	"sync/atomic"
)

// A Source is a capture that Replay reads: a named file, or a stream.
type Source struct {
	// Name is the path of the file, or what a stream is called in results.
	Name string
	// Stream is read once, as it comes; nil: the file of that name is opened.
	// What can be read anywhere, such as a *bytes.Reader or an *os.File that
	// is no pipe, is read like a file.
	Stream io.Reader
}

// errNoCapture is the reason why a file cannot be read at all.
var errNoCapture = errors.New("not a capture file: neither pcap nor pcapng, nor one of these in gzip or zstd")

// An input is an opened source.
type input struct {
	source      Source
	file        io.ReaderAt // nil: a stream
	size        int64       // of the file
	limit       int64       // octets to be read, inflated
	reached     int64       // octets that were
	gate        *gate       // of a stream
	compression string
	format      string
	stream      io.Reader // all of it, inflated
	closers     []io.Closer
}

// open opens a source. Of a file it finds out what it is. What is read is
// added to count, if that is not nil.
func (s Source) open(count *atomic.Int64) (*input, error) {
	in := &input{source: s, limit: math.MaxInt64}
	from := s.Stream
	if from == nil {
		f, err := os.Open(s.Name)
		if err != nil {
			return nil, withoutPath(err)
		}
		in.closers = append(in.closers, f)
		from = f
	}
	switch f := from.(type) {
	case *os.File:
		if in.regular(f) {
			break
		}
		enlargePipe(f)
	case interface {
		io.ReaderAt
		Size() int64
	}:
		in.file, in.size = f, f.Size()
	}
	if in.file != nil {
		if count != nil {
			in.file = counting{in.file, count}
		}
		err := in.sniff(io.NewSectionReader(in.file, 0, in.size))
		if err != nil {
			in.close()
		}
		return in, err
	}
	in.gate = &gate{from: from, count: count}
	return in, nil
}

// counting counts the octets that are read.
type counting struct {
	io.ReaderAt
	count *atomic.Int64
}

func (c counting) ReadAt(b []byte, at int64) (int, error) {
	n, err := c.ReaderAt.ReadAt(b, at)
	c.count.Add(int64(n))
	return n, err
}

// withoutPath leaves the name to the caller, who knows what the user calls it.
func withoutPath(err error) error {
	var path *fs.PathError
	if errors.As(err, &path) {
		return path.Err
	}
	return err
}

// regular reports whether f can be read anywhere, from its beginning on: also
// as standard input, if nothing of it has been read yet.
func (in *input) regular(f *os.File) bool {
	info, err := f.Stat()
	if err != nil || !info.Mode().IsRegular() {
		return false
	}
	if at, err := f.Seek(0, io.SeekCurrent); err != nil || at != 0 {
		return false
	}
	in.file, in.size = f, info.Size()
	return true
}

// sniff looks at the first octets, and through a compression if there is one.
func (in *input) sniff(from io.Reader) error {
	peek := bufio.NewReaderSize(from, readSize)
	head, err := peek.Peek(4)
	if len(head) == 0 {
		if err != nil && !errors.Is(err, io.EOF) {
			return withoutPath(err)
		}
		return errors.New("it is empty")
	}
	if name, open := compressionOf(head); open != nil {
		in.compression = name
		inflated, closer, err := open(peek)
		if err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
		in.closers = append(in.closers, closer)
		peek = bufio.NewReaderSize(inflated, readSize)
		if head, err = peek.Peek(4); len(head) < 4 && err != nil && !errors.Is(err, io.EOF) {
			return fmt.Errorf("%s: %w", name, err)
		}
	}
	switch {
	case len(head) < 4:
		return errNoCapture
	case isSection(head):
		in.format = "pcapng"
	default:
		in.format = "pcap"
	}
	in.stream = peek
	return nil
}

func (in *input) close() {
	for i := len(in.closers) - 1; i >= 0; i-- {
		_ = in.closers[i].Close() // nothing was written
	}
}

// begin reads what stands before the first record, and returns the walker for
// the rest and where that begins.
func (in *input) begin(w *window) (walker, error) {
	if in.format == "pcapng" {
		if !w.need(sectionLen) {
			return nil, in.tooShort(w)
		}
		// A first section that cannot be read is no capture; a later one
		// is damage.
		if _, state := newSection(w.rest()); state.problem != "" {
			return nil, errors.New(state.problem)
		}
		return &ngWalker{section: new(section)}, nil
	}
	whole := w.need(pcapFileHeaderLen)
	if whole {
		p, err := newPcapWalker(w.rest())
		if err == nil {
			w.lo += pcapFileHeaderLen
		}
		return p, err
	}
	return nil, in.tooShort(w)
}

func (in *input) tooShort(w *window) error {
	if w.err != nil {
		return w.err
	}
	if head := w.rest(); len(head) >= 4 && (isSection(head) || isPcap(head)) {
		return errors.New("the file ends inside its first header")
	}
	return errNoCapture
}
