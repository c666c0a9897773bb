package vpn

import (
	"bytes"
	"context"
	"encoding/binary"
	"fmt"
	"io"
	"net"
	"strings"
	"time"
)

// PPTP (RFC 2637): a control connection over TCP. What it controls, PPP in GRE, is
// where one logs in, and that needs the kernel's help: a server that answers here
// may still have neither.

const (
	pptpCookie      = 0x1a2b3c4d
	pptpStartAsk    = 1
	pptpStartAnswer = 2
	pptpStopAsk     = 3
	pptpStartLength = 156
)

// pptpMessage is a control message of a type, with its header.
func pptpMessage(kind uint16, body []byte) []byte {
	b := binary.BigEndian.AppendUint16(nil, uint16(12+len(body)))
	b = binary.BigEndian.AppendUint16(b, 1) // a control message
	b = binary.BigEndian.AppendUint32(b, pptpCookie)
	b = binary.BigEndian.AppendUint16(b, kind)
	b = binary.BigEndian.AppendUint16(b, 0)
	return append(b, body...)
}

func pptpStart() []byte {
	body := make([]byte, pptpStartLength-12)
	binary.BigEndian.PutUint16(body[0:], 0x0100) // version 1.0
	binary.BigEndian.PutUint32(body[4:], 3)      // framing: either
	binary.BigEndian.PutUint32(body[8:], 3)      // bearer: either
	binary.BigEndian.PutUint16(body[14:], 1)     // firmware
	copy(body[80:144], "omamori")                // who makes this
	return pptpMessage(pptpStartAsk, body)
}

func tryPPTP(ctx context.Context, c net.Conn, _ *link) (answer, error) {
	if _, err := c.Write(pptpStart()); err != nil {
		return answer{}, fmt.Errorf("send: %w", err)
	}
	b := make([]byte, pptpStartLength)
	if n, err := io.ReadFull(c, b); err != nil {
		if n > 0 { // half an answer, or something shorter
			err = errOther
		}
		return answer{}, err
	}
	a, err := parsePPTP(b)
	if err == nil && a.refused == "" {
		// Goodbye: reason 1, none in particular. Its answer is waited for, as pptpd
		// logs a connection that just goes away as an error.
		if _, err := c.Write(pptpMessage(pptpStopAsk, []byte{1, 0, 0, 0})); err == nil {
			_, _ = readUntil(ctx, c, b, time.Now().Add(patience))
		}
	}
	return a, err
}

// parsePPTP reads a Start-Control-Connection-Reply.
func parsePPTP(b []byte) (answer, error) {
	if len(b) < pptpStartLength || binary.BigEndian.Uint16(b) != pptpStartLength || binary.BigEndian.Uint16(b[2:]) != 1 ||
		binary.BigEndian.Uint32(b[4:]) != pptpCookie || binary.BigEndian.Uint16(b[8:]) != pptpStartAnswer {
		return answer{}, errOther
	}
	name := func(b []byte) string {
		s, _, _ := bytes.Cut(b, []byte{0})
		return string(s)
	}
	a := answer{said: strings.TrimSpace(name(b[28:92]) + " " + name(b[92:156]))}
	switch result := b[14]; result {
	case 1:
	case 2:
		a.refused = fmt.Sprintf("general error %d", b[15])
	case 3:
		a.refused = "a connection is there already"
	case 4:
		a.refused = "not authorised"
	case 5:
		a.refused = "protocol version not supported"
	default:
		a.refused = fmt.Sprintf("result %d", result)
	}
	return a, nil
}
