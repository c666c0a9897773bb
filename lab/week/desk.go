package main

import (
	"fmt"
	"io"
	"net/http"
	"os"
	"strings"
	"time"
)

// buildDesk is AWS's support: a form that only who can name the account, its mail address
// and its telephone number gets anywhere with. What it takes days for it answers at once;
// the days are counted.
func (s *stage) buildDesk() {
	l, err := listenOn("desk", desk+":80")
	s.must("support desk", err)
	form := func(w http.ResponseWriter, r *http.Request) {
		b, err := io.ReadAll(io.LimitReader(r.Body, 1<<20))
		if err != nil || r.Method != http.MethodPost {
			http.Error(w, "write to us by this form", http.StatusBadRequest)
			return
		}
		for _, known := range []string{"1234-5678-9012", "owner@blog.example", "+81 90 0000 0000"} {
			if !strings.Contains(string(b), known) {
				http.Error(w, "we cannot tell who you are", http.StatusForbidden)
				return
			}
		}
		s.cloud.RemoveDevice(s.serial)
		fmt.Fprintln(w, "case 4649: the MFA device was taken off")
	}
	go func() {
		server := http.Server{Handler: http.HandlerFunc(form), ReadHeaderTimeout: time.Minute}
		_ = server.Serve(l) // it ends with the act
	}()
}

// askDesk sends the letter that omamori has written to the desk, and gives its answer.
func (s *stage) askDesk() string {
	s.must("letter", os.MkdirAll(s.path("laptop/letters"), 0o755))
	s.sure("laptop", "", "due", "letter", "aws", "--out", s.path("laptop/letters"))
	return strings.TrimSpace(s.sh("laptop", "curl -fsS --max-time 60 --data-binary @"+s.path("laptop/letters/aws-request.txt")+" http://"+desk+"/mfa"))
}
