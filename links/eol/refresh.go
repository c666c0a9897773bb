package eol

import (
	"context"
	"crypto/tls"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/omamori-guard/omamori/chain"
	"github.com/omamori-guard/omamori/probe"
)

// Source is where newer tables are had, unless the owner says.
const Source = "https://endoflife.date/api/v1/products/"

// far is how long from now a release can last at most: what says more is no honest date.
const far = 16

// Refresh says how a table is made newer.
type Refresh struct {
	// From is the https address of a table in our own form, or, ending in a slash, of
	// something that answers as the API of endoflife.date does. Or an absolute path.
	From string
	// Path is the file to write.
	Path string
	// TLS is what to expect of the server; nil is the usual.
	TLS *tls.Config
	Now time.Time
}

// Refreshed tells what came of it.
type Refreshed struct {
	Path    string    `json:"path"`
	From    string    `json:"from"`
	Updated time.Time `json:"updated"`
	// Added are the releases that the shipped table does not know, Sooner those that end
	// sooner than it knows, Later those that are said to end later: these are not believed.
	Added  []string `json:"added"`
	Sooner []string `json:"sooner"`
	Later  []string `json:"later"`
}

// RefreshError is a table that was not taken.
type RefreshError struct {
	From string
	Err  error
}

func (e *RefreshError) Error() string { return fmt.Sprintf("%s: %v", e.From, e.Err) }
func (e *RefreshError) Unwrap() error { return e.Err }

// Said puts the error into words.
func (e *RefreshError) Said() (text, hint chain.Text) {
	var line *BadLine
	if errors.As(e.Err, &line) {
		text, hint = line.Said()
		return text, hint
	}
	return chain.Say("eol.not_refreshed", "from", e.From, "error", probe.Quote([]byte(e.Err.Error()))), chain.Say("eol.not_refreshed_hint")
}

// Do fetches a table, looks whether it can be meant, and writes it in one step. Whatever
// goes wrong, the file stays as it was. Errors are *RefreshError.
func (r Refresh) Do(ctx context.Context) (Refreshed, error) {
	t, err := r.fetch(ctx)
	if err == nil {
		err = r.plausible(t)
	}
	if err == nil {
		err = writeFile(r.Path, t.Text())
	}
	if err != nil {
		return Refreshed{}, &RefreshError{r.From, err}
	}
	out := Refreshed{Path: r.Path, From: r.From, Updated: t.Updated, Added: []string{}, Sooner: []string{}, Later: []string{}}
	shipped := Shipped()
	for _, row := range t.Rows {
		name := installed{product: row.Product, release: row.Release}.title()
		switch known, there := shipped.find(row.Product, row.Release); {
		case !there:
			out.Added = append(out.Added, name)
		case row.Over.Before(known.Over):
			out.Sooner = append(out.Sooner, name)
		case row.Over.After(known.Over):
			out.Later = append(out.Later, name)
		}
	}
	return out, nil
}

func (r Refresh) fetch(ctx context.Context) (Table, error) {
	if filepath.IsAbs(r.From) {
		b, err := probe.ReadFile(r.From, MaxTable)
		if err != nil {
			return Table{}, err
		}
		return Parse(b)
	}
	u, err := url.Parse(r.From)
	if err != nil || u.Scheme != "https" || u.Host == "" {
		return Table{}, errors.New("neither an https address nor an absolute path")
	}
	if !strings.HasSuffix(u.Path, "/") {
		b, err := r.get(ctx, u)
		if err != nil {
			return Table{}, err
		}
		return Parse(b)
	}
	t := Table{Updated: r.Now}
	for _, product := range Shipped().Products() {
		if upward[product] { // their releases end by rules of their own
			continue
		}
		name := product
		if name == "rocky" {
			name = "rocky-linux"
		}
		b, err := r.get(ctx, u.JoinPath(name, "/"))
		if err != nil {
			return Table{}, fmt.Errorf("%s: %w", name, err)
		}
		rows, err := parseAPI(b, product)
		if err != nil {
			return Table{}, fmt.Errorf("%s: %w", name, err)
		}
		t.Rows = append(t.Rows, rows...)
	}
	return t, nil
}

// get reads what is at an address, or where the same server says that it is.
func (r Refresh) get(ctx context.Context, u *url.URL) ([]byte, error) {
	transport := &http.Transport{TLSClientConfig: r.TLS, MaxResponseHeaderBytes: 64 << 10, DisableKeepAlives: true, Proxy: http.ProxyFromEnvironment}
	client := http.Client{Transport: transport, CheckRedirect: func(q *http.Request, via []*http.Request) error {
		if len(via) > 3 || q.URL.Scheme != "https" || q.URL.Host != u.Host {
			return errors.New("sent elsewhere")
		}
		return nil
	}}
	q, err := http.NewRequestWithContext(ctx, http.MethodGet, u.String(), nil)
	if err != nil {
		return nil, err
	}
	a, err := client.Do(q)
	if err != nil {
		return nil, err
	}
	defer a.Body.Close()
	if a.StatusCode != http.StatusOK {
		return nil, fmt.Errorf("status %d", a.StatusCode)
	}
	b, more, err := probe.ReadAll(a.Body, MaxTable)
	if err == nil && more {
		err = errors.New("longer than a mebibyte")
	}
	return b, err
}

// parseAPI reads what endoflife.date says of a product, API version 1.
func parseAPI(b []byte, product string) (rows []Row, err error) {
	var answer struct {
		Result struct {
			Name     string `json:"name"`
			Releases []struct {
				Name string  `json:"name"`
				EOL  *string `json:"eolFrom"`
				// Of what is looked after longer by others, such as Debian's LTS.
				Extended *string `json:"eoesFrom"`
			} `json:"releases"`
		} `json:"result"`
	}
	if err := json.Unmarshal(b, &answer); err != nil {
		return nil, fmt.Errorf("read the answer: %w", err)
	}
	for _, r := range answer.Result.Releases {
		last := r.EOL
		if product == "debian" && r.Extended != nil {
			last = r.Extended
		}
		if last == nil || !aRelease.MatchString(r.Name) {
			continue // no day is known
		}
		day, err := time.ParseInLocation(time.DateOnly, *last, time.Local)
		if err != nil {
			return nil, fmt.Errorf("release %q ends on %q", r.Name, *last)
		}
		if len(rows) == mostRows/10 {
			return nil, errors.New("too many releases")
		}
		rows = append(rows, Row{product, r.Name, day.AddDate(0, 0, 1), "https://endoflife.date/" + product})
	}
	if len(rows) == 0 {
		return nil, errors.New("no releases in the answer")
	}
	return rows, nil
}

// plausible refuses a table that nobody can mean.
func (r Refresh) plausible(t Table) error {
	shipped := Shipped()
	if t.Updated.After(r.Now.AddDate(0, 0, 2)) {
		return errors.New("it is of a day to come")
	}
	if t.Updated.Before(shipped.Updated) {
		return errors.New("it is older than the one that came with omamori")
	}
	known := 0
	for _, row := range t.Rows {
		if row.Over.After(r.Now.AddDate(far, 0, 0)) {
			return fmt.Errorf("%s %s would last until %s", row.Product, row.Release, row.Over.Format(time.DateOnly))
		}
		if slices.ContainsFunc(shipped.Rows, func(s Row) bool { return s.Product == row.Product && s.Release == row.Release }) {
			known++
		}
	}
	if known == 0 {
		return errors.New("it knows none of the releases that the one that came with omamori knows")
	}
	return nil
}

// writeFile puts content in the place of a file in one step. It has no secrets, and the
// guard, which is another user, reads it.
func writeFile(path string, content []byte) (err error) {
	f, err := os.CreateTemp(filepath.Dir(path), ".eol-*")
	if err != nil {
		return err
	}
	defer func() {
		if err != nil {
			_ = os.Remove(f.Name())
		}
	}()
	_, err = f.Write(content)
	err = errors.Join(err, f.Chmod(0o644), f.Sync(), f.Close())
	if err == nil {
		err = os.Rename(f.Name(), path)
	}
	return err
}
