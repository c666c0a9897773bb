package main

import (
	"encoding/json"
	"io"
	"net"
	"os"
	"strings"
)

// pages are where the laptops' pages are shown on this machine: as it was, as it would have
// been. A browser has one sign-in for a host, whatever the port: so they are two hosts.
var pages = []string{"127.0.0.1:4650", "127.0.0.1:4649"}

var pageHosts = map[string]string{asItWas: "localhost:4650", asItWould: "omamori.localhost:4649"}

// listen takes a port, to be served by an act that is elsewhere.
func listen(at string) (*os.File, error) {
	l, err := net.Listen("tcp4", at)
	if err != nil {
		return nil, err
	}
	defer l.Close()
	return l.(*net.TCPListener).File()
}

// servePage carries what comes to this machine's port to the laptop's own.
func (s *stage) servePage(act string) {
	l, err := net.FileListener(os.NewFile(3, "page"))
	s.must("page", err)
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			go func() {
				defer c.Close()
				to, err := dial(s.ctx, "laptop", "127.0.0.1:4649")
				if err != nil {
					return
				}
				defer to.Close()
				go func() { _, _ = io.Copy(to, c); _ = to.(*net.TCPConn).CloseWrite() }() // the browser has gone: so goes this
				_, _ = io.Copy(c, to)
			}()
		}
	}()
	s.page = act
}

// showPage says where the laptop's page is, with a link that signs in once.
func (s *stage) showPage() {
	if s.page == "" {
		return
	}
	out := s.sure("laptop", "", "page", "--json")
	var link struct {
		URL string `json:"url"`
	}
	s.must("page", json.Unmarshal([]byte(out[:strings.LastIndex(out, "}")+1]), &link))
	_, rest, _ := strings.Cut(link.URL, "://")
	_, path, _ := strings.Cut(rest, "/")
	s.tell(event{Is: isPage, Text: "http://" + pageHosts[s.page] + "/" + path})
}
