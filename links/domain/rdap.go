package domain

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"strings"
	"time"

	"github.com/omamori-guard/omamori/probe"
)

// RDAP is asked by our own few lines: of all that an answer holds one date is wanted, and
// the libraries looked at read answers without bound and keep IANA's whole list in memory.

const (
	bootstrap     = "https://data.iana.org/rdap/dns.json" // RFC 9224
	maxBootstrap  = 1 << 20                               // bytes of it
	maxAnswer     = 512 << 10                             // bytes of a registry's answer
	mostRedirects = 3
	// foundFor is for how long a server that was found is asked.
	foundFor = 30 * 24 * time.Hour
)

// rdap asks the registry's RDAP server.
func (l *link) rdap(ctx context.Context) (registered, error) {
	base := l.settings.RDAP
	if base == "" {
		if l.server == "" || time.Since(l.found) > foundFor {
			b, status, err := get(ctx, bootstrap, "application/json", maxBootstrap)
			if err != nil {
				return registered{}, fmt.Errorf("look the registry up: %w", err)
			}
			if status != 200 {
				return registered{}, fmt.Errorf("look the registry up: status %d", status)
			}
			if l.server, err = serverFor(b, l.name); err != nil {
				return registered{}, err
			}
			l.found = time.Now()
		}
		base = l.server
	}
	u, err := url.Parse(strings.TrimSuffix(base, "/") + "/domain/" + url.PathEscape(l.name))
	if err != nil {
		return registered{}, err
	}
	b, status, err := get(ctx, u.String(), "application/rdap+json", maxAnswer)
	switch {
	case err != nil:
		return registered{}, fmt.Errorf("ask %s: %w", u.Host, err)
	case status == 404:
		return registered{no: true, by: u.Host}, nil
	case status != 200:
		return registered{}, fmt.Errorf("%s answers with status %d", u.Host, status)
	}
	r, err := parseRDAP(b, l.name)
	r.by = u.Host
	return r, err
}

// get asks by https, or as the owner wrote it, and follows few redirects, none of them away
// from https.
func get(ctx context.Context, address, accept string, limit int64) ([]byte, int, error) {
	u, err := url.Parse(address)
	if err != nil {
		return nil, 0, err
	}
	for range mostRedirects {
		a, err := probe.Do(ctx, probe.Request{URL: u, Header: map[string]string{"Accept": accept}, MaxBody: limit})
		if err != nil {
			return nil, 0, err
		}
		if a.Status/100 != 3 {
			if a.More {
				return nil, a.Status, errors.New("the answer is too long")
			}
			return a.Body, a.Status, nil
		}
		next, err := u.Parse(a.Header.Get("Location"))
		if err != nil || next.Host == "" || next.Scheme != "https" && next.Scheme != u.Scheme {
			return nil, 0, errors.New("a redirect to nowhere")
		}
		u = next
	}
	return nil, 0, errors.New("too many redirects")
}

// serverFor finds the RDAP server of a domain in IANA's list, the one of the longest part
// of the name. The error is errNoRDAP where none is listed.
func serverFor(list []byte, name string) (string, error) {
	var doc struct {
		Services [][][]string `json:"services"`
	}
	if err := json.Unmarshal(list, &doc); err != nil {
		return "", fmt.Errorf("read the list of registries: %w", err)
	}
	best, server := -1, ""
	for _, s := range doc.Services {
		if len(s) != 2 {
			continue
		}
		for _, part := range s[0] {
			part = strings.ToLower(part)
			if !strings.HasSuffix(name, "."+part) || len(part) <= best {
				continue
			}
			for _, address := range s[1] {
				if strings.HasPrefix(address, "https://") {
					best, server = len(part), address
					break
				}
			}
		}
	}
	if server == "" {
		return "", errNoRDAP
	}
	return server, nil
}

// parseRDAP reads a domain object of RFC 9083.
func parseRDAP(b []byte, name string) (registered, error) {
	var doc struct {
		Class  string `json:"objectClassName"`
		Name   string `json:"ldhName"`
		Events []struct {
			Action string `json:"eventAction"`
			Date   string `json:"eventDate"`
		} `json:"events"`
	}
	if err := json.Unmarshal(b, &doc); err != nil {
		return registered{}, fmt.Errorf("read the registry's answer: %w", err)
	}
	if doc.Class != "domain" || !strings.EqualFold(strings.TrimSuffix(doc.Name, "."), name) {
		return registered{}, errors.New("the registry's answer is about something else")
	}
	var r registered
	for _, e := range doc.Events {
		at, ok := readDay(e.Date, time.UTC)
		// Of several the earliest counts: the registrar's own end comes before the registry's.
		if ok && (e.Action == "expiration" || e.Action == "registrar expiration") && (r.until.IsZero() || at.Before(r.until)) {
			r.until = at
		}
	}
	return r, nil
}
