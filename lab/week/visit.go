package main

import (
	"bufio"
	"io"
	"net"
	"net/http"
	"time"
)

// roundTrip asks on a connection of its own.
func roundTrip(c net.Conn, r *http.Request) (code int, body string, err error) {
	if err := c.SetDeadline(time.Now().Add(10 * time.Second)); err != nil {
		return 0, "", err
	}
	r.Close = true
	if err := r.Write(c); err != nil {
		return 0, "", err
	}
	a, err := http.ReadResponse(bufio.NewReader(c), r)
	if err != nil {
		return 0, "", err
	}
	defer a.Body.Close()
	b, err := io.ReadAll(io.LimitReader(a.Body, 1<<20))
	return a.StatusCode, string(b), err
}
