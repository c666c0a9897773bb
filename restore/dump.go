package restore

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"regexp"

	"github.com/klauspost/compress/zstd"
)

// ErrNotWhole is a dump without the line that mariadb-dump writes last.
var ErrNotWhole = errors.New("its last line is not that of a complete dump")

// lastLine is what mariadb-dump and mysqldump write last.
var lastLine = regexp.MustCompile(`^-- Dump completed(?: on [0-9: -]+)?$`)

// window is how far back a zstd file may refer: as far as zstd does by itself.
const window = 8 << 20

// dump is an open one, as it is read once it is unpacked.
type dump struct {
	io.Reader
	close []func() error
}

func (d *dump) Close() (err error) {
	for _, f := range d.close {
		err = errors.Join(err, f())
	}
	return err
}

// Open opens a dump: plain, or packed by gzip or zstd, as its first bytes tell.
func Open(path string) (io.ReadCloser, error) {
	st, err := os.Stat(path)
	if err != nil {
		return nil, err
	}
	if !st.Mode().IsRegular() { // opening a fifo would wait for ever
		return nil, fmt.Errorf("%s is not a file", path)
	}
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	r, done, err := unpack(f)
	if err != nil {
		return nil, errors.Join(err, f.Close())
	}
	return &dump{r, []func() error{done, f.Close}}, nil
}

func unpack(in io.Reader) (r io.Reader, done func() error, err error) {
	b := bufio.NewReaderSize(in, 64<<10)
	done = func() error { return nil }
	head, err := b.Peek(4)
	if err != nil && !errors.Is(err, io.EOF) {
		return nil, nil, err
	}
	switch {
	case bytes.HasPrefix(head, []byte{0x1f, 0x8b}):
		z, err := gzip.NewReader(b)
		if err != nil {
			return nil, nil, fmt.Errorf("unpack: %w", err)
		}
		return z, z.Close, nil
	case bytes.Equal(head, []byte{0x28, 0xb5, 0x2f, 0xfd}):
		z, err := zstd.NewReader(b, zstd.WithDecoderConcurrency(1), zstd.WithDecoderLowmem(true), zstd.WithDecoderMaxWindow(window))
		if err != nil {
			return nil, nil, fmt.Errorf("unpack: %w", err)
		}
		return z, func() error { z.Close(); return nil }, nil
	}
	return b, done, nil
}

// keptEnd is how much of a dump's end is looked at, in bytes.
const keptEnd = 4 << 10

// Whole reads a dump to its end. It returns how long it is, unpacked; the error is
// ErrNotWhole, or says what cannot be read or unpacked. It ends with ctx.
func Whole(ctx context.Context, r io.Reader) (size int64, err error) {
	var end []byte
	buffer := make([]byte, 64<<10)
	for {
		if ctx.Err() != nil {
			return size, context.Cause(ctx)
		}
		n, err := r.Read(buffer)
		size += int64(n)
		end = append(end, buffer[:n]...)
		end = end[max(0, len(end)-keptEnd):]
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return size, fmt.Errorf("read: %w", err)
		}
	}
	end = bytes.TrimRight(end, "\r\n\x00 ")
	line := end[bytes.LastIndexByte(end, '\n')+1:]
	if !lastLine.Match(line) {
		return size, ErrNotWhole
	}
	return size, nil
}
