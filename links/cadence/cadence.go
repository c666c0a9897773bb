// Package cadence is the kind "cadence": the newest post is younger than so many days; a
// blog that nobody writes is one that nobody looks at.
package cadence

import (
	"bytes"
	"context"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"net/url"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"github.com/omamori-guard/omamori/chain"
	"github.com/omamori-guard/omamori/probe"
	"github.com/omamori-guard/omamori/wpdb"
)

type settings struct {
	URL      string `yaml:"url" doc:"the site's feed, RSS or Atom"`
	WPConfig string `yaml:"wp_config" doc:"a wp-config.php: then WordPress's own database is asked in place of a feed"`
	Socket   string `yaml:"socket" doc:"the database's Unix socket, where it is not the usual one"`
	Days     int    `yaml:"days" doc:"how old the newest post may become"`
}

const example = `url: https://blog.example.org/feed/
days: 60
`

// Kind returns the kind.
func Kind() chain.Kind {
	k := chain.NewKind("cadence", example, settings{Days: 60}, build)
	k.Beat, k.Timeout = "1h", "20s"
	return k
}

func build(s settings, at chain.Place) (chain.Prover, error) {
	bad := func(field, value string) (chain.Prover, error) {
		return nil, &chain.SettingError{Field: field, Text: chain.Say("cadence.bad_"+field, "value", value)}
	}
	l := &link{settings: s, source: wpdb.Source{Config: s.WPConfig, Socket: s.Socket, Hands: at.Hands}}
	switch {
	case s.WPConfig != "":
		if s.URL != "" || !filepath.IsAbs(s.WPConfig) {
			return bad("wp_config", s.WPConfig)
		}
	default:
		u, err := url.Parse(s.URL)
		if err != nil || u.Host == "" || u.Scheme != "https" && u.Scheme != "http" {
			return bad("url", s.URL)
		}
		l.feed = u
	}
	if s.Days < 1 || s.Days > 3650 {
		return bad("days", strconv.Itoa(s.Days))
	}
	return l, nil
}

type link struct {
	settings settings
	feed     *url.URL
	source   wpdb.Source
}

const (
	// maxFeed is how much of a feed is read, in bytes.
	maxFeed = 4 << 20
	// ahead is how far clocks and time zones may be apart.
	ahead = 36 * time.Hour
)

// Prove looks for the newest post. What cannot be read is not silent: that it cannot is for
// other links to say.
func (l *link) Prove(ctx context.Context) chain.Proof {
	if probe.Cancelled(ctx) {
		return chain.Untried(probe.CancelledText(), chain.Text{})
	}
	newest, err := l.newest(ctx)
	switch {
	case probe.Cancelled(ctx):
		return chain.Untried(probe.CancelledText(), chain.Text{})
	case err != nil:
		hint := chain.Say("cadence.database_hint")
		if l.feed != nil {
			hint = chain.Say("cadence.unread_hint")
		}
		return chain.Untried(chain.Say("cadence.unread", "error", probe.Quote([]byte(err.Error()))), hint)
	}
	return l.judge(newest, time.Now())
}

func (l *link) judge(newest, now time.Time) chain.Proof {
	if newest.IsZero() {
		return chain.Broke("silent", chain.Say("cadence.none"), chain.Say("cadence.hint"))
	}
	over := newest.AddDate(0, 0, l.settings.Days)
	p := chain.Held(chain.Say("cadence.holds", "at", newest, "days", l.settings.Days))
	if !now.Before(over) {
		p = chain.Broke("silent", chain.Say("cadence.silent", "at", newest, "days", l.settings.Days), chain.Say("cadence.hint"))
	}
	p.Ends = []chain.End{{
		At: over, What: chain.Say("cadence.ends", "days", l.settings.Days), Hint: chain.Say("cadence.hint"), Lead: chain.Days(14, 7, 1),
	}}
	p.Figures = []chain.Figure{{Name: "days_silent", Value: float64(int(now.Sub(newest).Hours() / 24))}}
	return p
}

func (l *link) newest(ctx context.Context) (time.Time, error) {
	if l.feed != nil {
		a, err := probe.Do(ctx, probe.Request{URL: l.feed, MaxBody: maxFeed})
		switch {
		case err != nil:
			return time.Time{}, err
		case a.Status != 200:
			return time.Time{}, fmt.Errorf("status %d", a.Status)
		case a.More:
			return time.Time{}, errors.New("the feed is too long")
		}
		return newestIn(a.Body, time.Now())
	}
	db, err := wpdb.Open(ctx, l.source)
	if err != nil {
		return time.Time{}, err
	}
	defer db.Close()
	rows, err := db.Rows(ctx, "SELECT GREATEST(post_date_gmt, post_date) FROM "+db.Table("posts")+
		" WHERE post_type = 'post' AND post_status = 'publish' AND post_date < UTC_TIMESTAMP() + INTERVAL 36 HOUR ORDER BY post_date DESC LIMIT 1", 1)
	if err != nil || len(rows) == 0 {
		return time.Time{}, err
	}
	return time.Parse(time.DateTime, rows[0][0])
}

// newestIn finds the newest day on which an entry of a feed was published. A feed without
// entries has none.
func newestIn(b []byte, now time.Time) (newest time.Time, err error) {
	d := xml.NewDecoder(bytes.NewReader(b))
	d.Strict = false
	d.CharsetReader = func(_ string, in io.Reader) (io.Reader, error) { return ascii{in}, nil }
	var published, updated time.Time // of the entry at hand
	feed, whole, inside, field := false, false, false, ""
	for {
		t, err := d.RawToken()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return time.Time{}, fmt.Errorf("read the feed: %w", err)
		}
		switch t := t.(type) {
		case xml.StartElement:
			switch field = t.Name.Local; field {
			case "rss", "feed", "RDF":
				feed = true
			case "item", "entry":
				inside, published, updated = true, time.Time{}, time.Time{}
			}
		case xml.EndElement:
			switch t.Name.Local {
			case "rss", "feed", "RDF":
				whole = true
			}
			if inside && (t.Name.Local == "item" || t.Name.Local == "entry") {
				if published.IsZero() { // what was changed yesterday was not written yesterday
					published = updated
				}
				// A post that is dated ahead, so that it stays on top, is no news.
				if published.After(newest) && published.Before(now.Add(ahead)) {
					newest = published
				}
				inside = false
			}
			field = ""
		case xml.CharData:
			at, ok := moment(string(t))
			if !inside || !ok {
				continue
			}
			switch field {
			case "pubDate", "published", "date":
				published = at
			case "updated":
				updated = at
			}
		}
	}
	if !feed {
		return time.Time{}, errors.New("no feed is there")
	}
	if !whole {
		return time.Time{}, errors.New("the feed is cut off")
	}
	return newest, nil
}

// ascii reads of another encoding what dates and names are written in, and a question mark
// for each byte else.
type ascii struct{ io.Reader }

func (a ascii) Read(b []byte) (int, error) {
	n, err := a.Reader.Read(b)
	for i, c := range b[:n] {
		if c >= 0x80 {
			b[i] = '?'
		}
	}
	return n, err
}

func moment(s string) (time.Time, bool) {
	s = strings.TrimSpace(s)
	for _, form := range []string{"Mon, 2 Jan 2006 15:04:05 -0700", "Mon, 2 Jan 2006 15:04:05 MST", time.RFC3339} {
		if at, err := time.Parse(form, s); err == nil {
			return at, at.Year() > 1980 && at.Year() < 2200
		}
	}
	return time.Time{}, false
}
