package capture

import (
	"bytes"
	"encoding/binary"
	"io"

	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zstd"
)

// maxZstdWindow is the window of which RFC 8878, section 3.1.1.1.2, wants
// every decoder to be capable. "zstd --ultra" and "--long" can make larger
// ones; a file may claim anything.
const maxZstdWindow = 8 << 20

// compressionOf recognises a compressed file by its first four octets, and
// returns its name and how to read it, or nil.
func compressionOf(head []byte) (name string, open func(io.Reader) (io.Reader, io.Closer, error)) {
	switch {
	case bytes.HasPrefix(head, []byte{0x1f, 0x8b, 8}): // RFC 1952, section 2.3.1
		return "gzip", openGzip
	case len(head) >= 4 && isZstd(binary.LittleEndian.Uint32(head)):
		return "zstd", openZstd
	}
	return "", nil
}

// isZstd knows a frame and the sixteen kinds of skippable frame (RFC 8878,
// section 3.1).
func isZstd(magic uint32) bool { return magic == 0xfd2fb528 || magic&^0xf == 0x184d2a50 }

func openGzip(from io.Reader) (io.Reader, io.Closer, error) {
	z, err := gzip.NewReader(from)
	if err != nil {
		return nil, nil, err
	}
	return z, z, nil
}

func openZstd(from io.Reader) (io.Reader, io.Closer, error) {
	z, err := zstd.NewReader(from, zstd.WithDecoderConcurrency(1), zstd.WithDecoderLowmem(true),
		zstd.WithDecoderMaxWindow(maxZstdWindow))
	if err != nil {
		return nil, nil, err
	}
	return z, z.IOReadCloser(), nil
}

func isSection(head []byte) bool { return binary.LittleEndian.Uint32(head) == blockSection }

func isPcap(head []byte) bool {
	switch binary.LittleEndian.Uint32(head) {
	case 0xa1b2c3d4, 0xd4c3b2a1, 0xa1b23c4d, 0x4d3cb2a1:
		return true
	}
	return false
}
