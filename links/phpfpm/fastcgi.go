package phpfpm

import (
	"bufio"
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/textproto"
	"strconv"
	"strings"
)

// The FastCGI specification, version 1 (1996), sections 3.3 and 8.
const (
	version1 = 1

	beginRequest = 1
	endRequest   = 3
	params       = 4
	stdin        = 5
	stdout       = 6
	stderr       = 7

	responder = 1
	requestID = 1
)

// maxAnswer bounds all that is read of an answer, in bytes; a status page of a pool
// of thousands is shorter.
const maxAnswer = 256 << 10

var (
	errProtocol = errors.New("this is not FastCGI")
	errTooLong  = fmt.Errorf("%w: the answer does not end", errProtocol)
)

// ask requests a path of PHP-FPM's own and returns the status and the body.
func ask(c io.ReadWriter, path string) (status int, body []byte, err error) {
	uri, query, _ := strings.Cut(path, "?")
	var out bytes.Buffer
	writeRecord(&out, beginRequest, []byte{0, responder, 0, 0, 0, 0, 0, 0})
	var p bytes.Buffer
	for _, pair := range [][2]string{
		{"SCRIPT_NAME", uri}, {"SCRIPT_FILENAME", uri}, {"REQUEST_URI", path}, {"QUERY_STRING", query},
		{"REQUEST_METHOD", http.MethodGet}, {"SERVER_PROTOCOL", "HTTP/1.1"}, {"GATEWAY_INTERFACE", "CGI/1.1"},
	} {
		writeLength(&p, len(pair[0]))
		writeLength(&p, len(pair[1]))
		p.WriteString(pair[0] + pair[1])
	}
	writeRecord(&out, params, p.Bytes())
	writeRecord(&out, params, nil)
	writeRecord(&out, stdin, nil)
	if _, err := c.Write(out.Bytes()); err != nil {
		return 0, nil, fmt.Errorf("send request: %w", err)
	}
	in := &io.LimitedReader{R: c, N: maxAnswer}
	said, err := readAnswer(bufio.NewReader(in))
	if err != nil && in.N <= 0 {
		err = errTooLong
	}
	if err != nil {
		return 0, nil, fmt.Errorf("read answer: %w", err)
	}
	return parseAnswer(said)
}

// writeRecord writes a record; content is shorter than 64 KiB.
func writeRecord(w *bytes.Buffer, kind byte, content []byte) {
	w.Write([]byte{version1, kind, 0, requestID, byte(len(content) >> 8), byte(len(content)), 0, 0})
	w.Write(content)
}

func writeLength(w *bytes.Buffer, n int) {
	if n < 128 {
		w.WriteByte(byte(n))
		return
	}
	_ = binary.Write(w, binary.BigEndian, uint32(n)|1<<31) // a buffer takes all
}

// readAnswer gathers what comes on stdout until the end of the request.
func readAnswer(r *bufio.Reader) ([]byte, error) {
	var said []byte
	for {
		var head [8]byte
		if _, err := io.ReadFull(r, head[:]); err != nil {
			return nil, err
		}
		if head[0] != version1 || head[2] != 0 || head[3] != requestID {
			return nil, errProtocol
		}
		n, padding := int(head[4])<<8|int(head[5]), int(head[6])
		switch head[1] {
		case stdout, stderr, endRequest:
		default:
			return nil, errProtocol
		}
		content := make([]byte, n+padding)
		if _, err := io.ReadFull(r, content); err != nil {
			return nil, err
		}
		switch {
		case head[1] == stdout:
			said = append(said, content[:n]...)
		case head[1] == endRequest && n < 8:
			return nil, errProtocol
		case head[1] == endRequest && content[4] != 0:
			return nil, fmt.Errorf("%w that serves us: it ends the request with status %d", errProtocol, content[4])
		case head[1] == endRequest:
			return said, nil
		}
	}
}

// parseAnswer splits a CGI answer (RFC 3875, section 6).
func parseAnswer(said []byte) (status int, body []byte, err error) {
	r := bufio.NewReader(bytes.NewReader(said))
	head, err := textproto.NewReader(r).ReadMIMEHeader()
	if err != nil {
		return 0, nil, errProtocol
	}
	status = http.StatusOK
	if s, _, _ := strings.Cut(head.Get("Status"), " "); s != "" {
		if status, err = strconv.Atoi(s); err != nil || status < 100 || status > 599 {
			return 0, nil, errProtocol
		}
	}
	body, err = io.ReadAll(r)
	return status, body, err
}
