// Package keyage is the kind "key-age": keys and tokens are not older than they should be,
// and those that end have not ended.
package keyage

import (
	"context"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"time"

	"golang.org/x/crypto/ssh"

	"github.com/omamori-guard/omamori/chain"
	"github.com/omamori-guard/omamori/probe"
)

type settings struct {
	Keys map[string]key `yaml:"keys" doc:"by name, what is looked after: SSH and access keys, VPN peers, API tokens"`
	Max  time.Duration  `yaml:"max_age" doc:"how old a key may become"`
}

type key struct {
	File string        `yaml:"file" doc:"the file that holds it; a certificate tells when it ends, any other file when it was written"`
	Made string        `yaml:"made" doc:"the day on which it was made, where no file tells"`
	Ends string        `yaml:"ends" doc:"the last day on which it is good, such as a token's"`
	Max  time.Duration `yaml:"max_age" doc:"how old this one may become"`
}

const example = `max_age: 730d
keys:
  laptop: {made: 2026-04-01}
  api-token: {ends: 2031-09-30}
`

// Kind returns the kind.
func Kind() chain.Kind {
	k := chain.NewKind("key-age", example, settings{Max: 730 * 24 * time.Hour}, build)
	k.Beat = "1h"
	return k
}

const (
	mostKeys = 100
	maxFile  = 64 << 10 // bytes that are read of one
)

func build(s settings, at chain.Place) (chain.Prover, error) {
	wrong := func(text chain.Text) (chain.Prover, error) {
		return nil, &chain.SettingError{Field: "keys", Text: text}
	}
	if len(s.Keys) == 0 || len(s.Keys) > mostKeys {
		return wrong(chain.Say("keyage.no_keys", "most", mostKeys))
	}
	if s.Max <= 0 {
		return nil, &chain.SettingError{Field: "max_age", Text: chain.Say("keyage.bad_age")}
	}
	l := &link{name: at.Link}
	for _, name := range slices.Sorted(maps.Keys(s.Keys)) {
		k := s.Keys[name]
		one := dated{name: name, file: k.File, most: s.Max}
		if k.Max > 0 {
			one.most = k.Max
		}
		if k.File == "" && k.Made == "" && k.Ends == "" {
			return wrong(chain.Say("keyage.no_date", "key", name))
		}
		if k.File != "" && !filepath.IsAbs(k.File) {
			return wrong(chain.Say("keyage.not_absolute", "key", name, "value", k.File))
		}
		for _, day := range []struct {
			value string
			to    *time.Time
		}{{k.Made, &one.made}, {k.Ends, &one.ends}} {
			if day.value == "" {
				continue
			}
			over, err := probe.LastDay(day.value)
			if err != nil {
				return wrong(chain.Say("keyage.bad_day", "key", name, "value", day.value))
			}
			*day.to = over
		}
		if !one.made.IsZero() {
			one.made = one.made.AddDate(0, 0, -1)
		}
		l.keys = append(l.keys, one)
	}
	return l, nil
}

type link struct {
	name string
	keys []dated
}

// dated is a key with what is known of its time.
type dated struct {
	name, file string
	made, ends time.Time
	most       time.Duration
}

// Prove looks at the dates of all keys.
func (l *link) Prove(ctx context.Context) chain.Proof {
	if probe.Cancelled(ctx) {
		return chain.Untried(probe.CancelledText(), chain.Text{})
	}
	now := time.Now()
	var bad *chain.Proof
	p := chain.Held(chain.Say("keyage.holds", "n", len(l.keys)))
	for _, k := range l.keys {
		if k.file != "" {
			if err := k.read(); err != nil {
				if bad == nil {
					q := unread(k, err)
					bad = &q
				}
				continue
			}
		}
		e := k.end(l.name)
		p.Ends = append(p.Ends, e)
		if !now.Before(e.At) && (bad == nil || bad.Verdict != chain.Broken) {
			q := chain.Broke("too_old", chain.Say("keyage.too_old", "key", k.name, "made", k.made, "most", k.most), e.Hint)
			if !k.ends.IsZero() {
				q = chain.Broke("expired", chain.Say("keyage.expired", "key", k.name, "until", k.ends), e.Hint)
			}
			bad = &q
		}
	}
	if bad != nil {
		bad.Ends = p.Ends
		return *bad
	}
	return p
}

func (k dated) end(link string) chain.End {
	hint := chain.Say("keyage.hint", "key", k.name, "link", link)
	if !k.ends.IsZero() {
		return chain.End{Of: k.name, At: k.ends, What: chain.Say("keyage.ends", "key", k.name), Hint: hint}
	}
	return chain.End{
		Of: k.name, At: k.made.Add(k.most), Hint: hint, Lead: chain.Days(30, 14, 7, 1),
		What: chain.Say("keyage.grows_old", "key", k.name, "most", k.most),
	}
}

func unread(k dated, err error) chain.Proof {
	if errors.Is(err, fs.ErrPermission) {
		return chain.Untried(chain.Say("keyage.denied", "key", k.name, "file", k.file), chain.Say("keyage.denied_hint", "key", k.name))
	}
	if errors.Is(err, fs.ErrNotExist) {
		return chain.Broke("missing", chain.Say("keyage.missing", "key", k.name, "file", k.file), chain.Say("keyage.missing_hint", "key", k.name))
	}
	return chain.Untried(chain.Say("keyage.unread", "key", k.name, "file", k.file, "error", err.Error()), chain.Say("keyage.denied_hint", "key", k.name))
}

// read takes from the file what the settings leave open: when it ends, if it is a
// certificate, else when it was written.
func (k *dated) read() error {
	st, err := os.Stat(k.file)
	if err != nil {
		return err
	}
	if !st.Mode().IsRegular() { // opening a fifo would wait for ever
		return errors.New("not a file")
	}
	if k.made.IsZero() {
		k.made = st.ModTime()
	}
	if !k.ends.IsZero() {
		return nil
	}
	f, err := os.Open(k.file)
	if errors.Is(err, fs.ErrPermission) { // a private key: its time is told all the same
		return nil
	}
	if err != nil {
		return err
	}
	defer f.Close()
	b, more, err := probe.ReadAll(f, maxFile)
	if err != nil {
		return err
	}
	if !more {
		k.ends = endOf(b)
	}
	return nil
}

// endOf is when a certificate ends, of SSH or X.509; zero for anything else.
func endOf(b []byte) time.Time {
	if key, _, _, _, err := ssh.ParseAuthorizedKey(b); err == nil {
		if c, ok := key.(*ssh.Certificate); ok && c.ValidBefore != ssh.CertTimeInfinity && c.ValidBefore < 1<<40 {
			return time.Unix(int64(c.ValidBefore), 0)
		}
		return time.Time{}
	}
	var first time.Time
	for range 16 { // a chain
		block, rest := pem.Decode(b)
		if block == nil {
			break
		}
		b = rest
		if c, err := x509.ParseCertificate(block.Bytes); block.Type == "CERTIFICATE" && err == nil && (first.IsZero() || c.NotAfter.Before(first)) {
			first = c.NotAfter
		}
	}
	return first
}
