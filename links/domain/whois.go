package domain

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"strings"
	"time"

	"github.com/omamori-guard/omamori/probe"
)

// maxWHOIS is how much of an answer is read, in bytes.
const maxWHOIS = 64 << 10

// whois asks a WHOIS server (RFC 3912).
func (l *link) whois(ctx context.Context, server string) (registered, error) {
	query := l.name
	zone := time.UTC
	if l.jp() {
		query += "/e" // in English, and so in ASCII
		zone = time.FixedZone("JST", 9*60*60)
	}
	b, err := whoisAsk(ctx, server, query)
	if err != nil {
		return registered{}, err
	}
	r := parseWHOIS(b, zone)
	r.by, _, _ = net.SplitHostPort(server)
	if len(bytes.TrimSpace(b)) == 0 {
		return r, fmt.Errorf("%s says nothing", server)
	}
	return r, nil
}

// whoisServer asks IANA which server knows the domain.
func (l *link) whoisServer(ctx context.Context) (string, error) {
	last := l.name[strings.LastIndexByte(l.name, '.')+1:]
	b, err := whoisAsk(ctx, "whois.iana.org:43", last)
	if err != nil {
		return "", err
	}
	for line := range lines(b) {
		if key, value, ok := strings.Cut(line, ":"); ok && strings.TrimSpace(key) == "whois" {
			if host := strings.TrimSpace(value); aName.MatchString(host) {
				return net.JoinHostPort(host, "43"), nil
			}
		}
	}
	return "", errors.New("the registry has neither RDAP nor WHOIS")
}

func whoisAsk(ctx context.Context, server, query string) ([]byte, error) {
	c, err := probe.Dial(ctx, "tcp", server)
	if err != nil {
		return nil, err
	}
	defer c.Close()
	if _, err := io.WriteString(c, query+"\r\n"); err != nil {
		return nil, fmt.Errorf("ask %s: %w", server, err)
	}
	b, more, err := probe.ReadAll(c, maxWHOIS)
	if more {
		return nil, fmt.Errorf("%s does not come to an end", server)
	}
	if err != nil {
		return nil, fmt.Errorf("read what %s says: %w", server, err)
	}
	return b, nil
}

func lines(b []byte) func(func(string) bool) {
	return func(yield func(string) bool) {
		for s := bufio.NewScanner(bytes.NewReader(b)); s.Scan(); { // a line too long ends it
			if !yield(strings.TrimSpace(s.Text())) {
				return
			}
		}
	}
}

// ending are the words before the date, lower case and without what stands around them.
var ending = []string{
	"expires on", "有効期限", "registry expiry date", "registrar registration expiration date", "expiration date", "expiry date",
	"expiration time", "paid-till", "expires", "expire", "expire date", "renewal date", "valid until", "exp date", "domain expires",
}

// parseWHOIS finds the date in an answer, whose form each registry chooses.
func parseWHOIS(b []byte, zone *time.Location) (r registered) {
	for line := range lines(b) {
		low := strings.ToLower(line)
		switch {
		case strings.HasPrefix(low, "no match"), strings.HasPrefix(low, "not found"), strings.HasPrefix(low, "domain not found"),
			strings.HasPrefix(low, "no entries found"), strings.HasPrefix(low, "no data found"):
			r.no = true
			continue
		}
		key, value, ok := strings.Cut(line, ":")
		if rest, bracket := strings.CutPrefix(line, "["); bracket { // as JPRS writes
			key, value, ok = strings.Cut(rest, "]")
		} else if i := strings.LastIndex(line, ". ["); i > 0 { // "a. [ドメイン名]  EXAMPLE.JP"
			key, value, ok = strings.Cut(line[i+3:], "]")
		}
		if !ok {
			continue
		}
		key, value = strings.ToLower(strings.Trim(key, " .\t")), strings.TrimSpace(value)
		if key == "state" || key == "状態" { // "Connected (2027/03/31)"
			if _, inside, found := strings.Cut(value, "("); found {
				key, value = "expires on", strings.TrimSuffix(inside, ")")
			}
		}
		for _, word := range ending {
			if key != word {
				continue
			}
			if at, ok := readDay(value, zone); ok && (r.until.IsZero() || at.Before(r.until)) {
				r.until = at
			}
		}
	}
	r.no = r.no && r.until.IsZero()
	return r
}

// readDay reads a moment, or a day for the moment after it.
func readDay(s string, zone *time.Location) (time.Time, bool) {
	s = strings.TrimSpace(s)
	for _, form := range []string{time.RFC3339Nano, time.RFC3339, "2006-01-02T15:04:05", "2006-01-02 15:04:05", "2006/01/02 15:04:05", "20060102 15:04:05"} {
		if at, err := time.ParseInLocation(form, s, zone); err == nil {
			return sane(at)
		}
	}
	first, _, _ := strings.Cut(s, " ")
	for _, form := range []string{time.DateOnly, "2006/01/02", "2006.01.02", "02-Jan-2006", "02.01.2006", "20060102", "2006-01-02T"} {
		if at, err := time.ParseInLocation(form, strings.TrimSuffix(first, ","), zone); err == nil {
			return sane(at.AddDate(0, 0, 1))
		}
	}
	return time.Time{}, false
}

// sane refuses what no registration can mean.
func sane(at time.Time) (time.Time, bool) { return at, at.Year() >= 1990 && at.Year() < 2200 }
