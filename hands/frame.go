package hands

import (
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"io"
)

// A frame is two lengths of four bytes, big end first, then so many bytes of JSON,
// the head, and of anything, the body.
const (
	frameLengths = 8
	maxHead      = 1 << 20
	maxBody      = 1 << 20 // a file, whole
)

var errFrame = errors.New("frame is too long")

// readFrame reads one frame and decodes its head. io.EOF means that the other side
// has ended between frames.
func readFrame(r io.Reader, head any) (body []byte, err error) {
	var lengths [frameLengths]byte
	if _, err := io.ReadFull(r, lengths[:]); err != nil {
		return nil, err
	}
	n, m := binary.BigEndian.Uint32(lengths[:4]), binary.BigEndian.Uint32(lengths[4:])
	if n > maxHead || m > maxBody {
		return nil, errFrame
	}
	b, err := readExactly(r, int(n))
	if err != nil {
		return nil, err
	}
	if err := json.Unmarshal(b, head); err != nil {
		return nil, fmt.Errorf("decode frame: %w", err)
	}
	return readExactly(r, int(m))
}

// readExactly reads n bytes, taking memory only as they come: a length is a claim.
func readExactly(r io.Reader, n int) ([]byte, error) {
	const step = 16 << 10
	b := make([]byte, 0, min(n, step))
	for len(b) < n {
		part := min(n-len(b), step)
		b = append(b, make([]byte, part)...)
		if _, err := io.ReadFull(r, b[len(b)-part:]); err != nil {
			if errors.Is(err, io.EOF) {
				err = io.ErrUnexpectedEOF
			}
			return nil, err
		}
	}
	return b, nil
}

// frame makes a frame.
func frame(head any, body []byte) ([]byte, error) {
	b, err := json.Marshal(head)
	if err != nil {
		return nil, fmt.Errorf("encode frame: %w", err)
	}
	if len(b) > maxHead || len(body) > maxBody {
		return nil, errFrame
	}
	out := make([]byte, frameLengths, frameLengths+len(b)+len(body))
	binary.BigEndian.PutUint32(out[:4], uint32(len(b)))
	binary.BigEndian.PutUint32(out[4:], uint32(len(body)))
	return append(append(out, b...), body...), nil
}
