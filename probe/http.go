package probe

import (
	"bufio"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strings"
)

// Request is one HTTP request, on a connection of its own.
type Request struct {
	Method string // "" is GET
	URL    *url.URL
	// Connect is the host:port to connect to in place of the URL's; "" for that.
	Connect string
	// Dial connects in place of Dial of this package, which binds what it made to ctx.
	Dial   func(ctx context.Context, address string) (net.Conn, error)
	Header map[string]string
	// Body is sent as a form.
	Body string
	// TLS is what to expect of the server, for https; nil is the system's usual.
	TLS *tls.Config
	// MaxBody is how many bytes of the answer are read.
	MaxBody int64
}

// Answer is what came back.
type Answer struct {
	Status int
	Header http.Header
	Body   []byte
	// More says that the body was longer than MaxBody.
	More bool
}

const (
	// maxHead bounds an answer's headers, in bytes.
	maxHead = 64 << 10
	// maxInformed bounds how many answers of the kind 1xx may come first.
	maxInformed = 5
)

// ErrTooMuchHead is an answer whose headers do not end.
var ErrTooMuchHead = errors.New("the answer's headers are longer than 64 KiB")

// Do sends a request and reads the answer. It follows no redirect, asks for no
// compression and keeps no connection: what is proved is the whole way, each time.
// It runs in the caller's goroutine alone, which is what makes it cheap.
func Do(ctx context.Context, q Request) (Answer, error) {
	address := q.Connect
	if address == "" {
		address = Address(q.URL)
	}
	dial := q.Dial
	if dial == nil {
		dial = func(ctx context.Context, address string) (net.Conn, error) { return Dial(ctx, "tcp", address) }
	}
	conn, err := dial(ctx, address)
	if err != nil {
		return Answer{}, err
	}
	defer conn.Close()
	if q.URL.Scheme == "https" {
		config := &tls.Config{}
		if q.TLS != nil {
			config = q.TLS.Clone()
		}
		if config.ServerName == "" {
			config.ServerName = q.URL.Hostname()
		}
		secure := tls.Client(conn, config)
		if err := secure.HandshakeContext(ctx); err != nil {
			return Answer{}, err
		}
		conn = secure
	}
	return exchange(conn, q)
}

// Address is the host:port of a URL.
func Address(u *url.URL) string {
	port := u.Port()
	if port == "" {
		port = map[string]string{"https": "443"}[u.Scheme]
	}
	if port == "" {
		port = "80"
	}
	return net.JoinHostPort(u.Hostname(), port)
}

func exchange(conn net.Conn, q Request) (Answer, error) {
	method := q.Method
	if method == "" {
		method = http.MethodGet
	}
	r := &http.Request{Method: method, URL: q.URL, Host: q.URL.Host, Header: http.Header{}, Close: true, Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1}
	r.Header.Set("User-Agent", "omamori (a proof by the owner's guard)")
	r.Header.Set("Accept", "*/*")
	for name, value := range q.Header {
		if http.CanonicalHeaderKey(name) == "Host" {
			r.Host = value
			continue
		}
		r.Header.Set(name, value)
	}
	if q.Body != "" {
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		r.ContentLength = int64(len(q.Body))
		r.Body = io.NopCloser(strings.NewReader(q.Body))
	}
	if err := r.Write(conn); err != nil {
		return Answer{}, fmt.Errorf("send request: %w", err)
	}
	head := &io.LimitedReader{R: conn, N: maxHead}
	in := bufio.NewReaderSize(head, 4096)
	for range maxInformed {
		res, err := http.ReadResponse(in, r)
		if err != nil {
			if head.N <= 0 {
				return Answer{}, ErrTooMuchHead
			}
			return Answer{}, fmt.Errorf("read answer: %w", err)
		}
		if res.StatusCode >= 100 && res.StatusCode < 200 {
			continue
		}
		head.N += q.MaxBody + maxHead // from here on it is the body, with its framing
		a := Answer{Status: res.StatusCode, Header: res.Header}
		a.Body, a.More, err = ReadAll(res.Body, q.MaxBody)
		if a.More {
			err = nil
		}
		if err != nil {
			return a, fmt.Errorf("read body: %w", err)
		}
		return a, nil
	}
	return Answer{}, errors.New("read answer: nothing but interim answers")
}
