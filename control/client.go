package control

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net"
	"net/http"
	"net/url"
	"strconv"
	"syscall"
	"time"

	"github.com/omamori-guard/omamori/guard"
	"github.com/omamori-guard/omamori/words"
)

// Client asks the guard whose socket is at Path.
type Client struct {
	Path string
	Lang words.Lang
	http http.Client
}

// NewClient makes a client. It connects when it is first asked something.
func NewClient(path string, lang words.Lang) *Client {
	return &Client{Path: path, Lang: lang, http: http.Client{Transport: &http.Transport{
		DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) { return dial(ctx, path) },
	}}}
}

func (c *Client) ask(ctx context.Context, method, path string, q url.Values, body, into any) error {
	res, err := c.send(ctx, method, path, q, body)
	if err != nil {
		return err
	}
	defer res.Body.Close()
	if err := json.NewDecoder(io.LimitReader(res.Body, maxAnswer)).Decode(into); err != nil {
		return fmt.Errorf("read the guard's answer: %w", err)
	}
	return nil
}

func (c *Client) send(ctx context.Context, method, path string, q url.Values, body any) (*http.Response, error) {
	var in io.Reader
	if body != nil {
		b, err := json.Marshal(body)
		if err != nil {
			return nil, err
		}
		in = bytes.NewReader(b)
	}
	if q == nil {
		q = url.Values{}
	}
	q.Set("lang", string(c.Lang))
	r, err := http.NewRequestWithContext(ctx, method, "http://guard"+path+"?"+q.Encode(), in)
	if err != nil {
		return nil, err
	}
	res, err := c.http.Do(r)
	switch {
	case errors.Is(err, fs.ErrNotExist) || errors.Is(err, syscall.ECONNREFUSED):
		return nil, fmt.Errorf("%w at %s", guard.ErrNoGuard, c.Path)
	case err != nil:
		return nil, fmt.Errorf("ask the guard at %s: %w", c.Path, err)
	case res.StatusCode != http.StatusOK:
		defer res.Body.Close()
		var p problem
		if err := json.NewDecoder(io.LimitReader(res.Body, maxBody)).Decode(&p); err != nil {
			return nil, fmt.Errorf("the guard answered %s", res.Status)
		}
		return nil, &guard.Refused{Code: p.Code, Text: p.Error, Hint: p.Hint, Name: p.Name, Nearest: p.Nearest}
	}
	return res, nil
}

// Status asks how things stand.
func (c *Client) Status(ctx context.Context) (s guard.Status, err error) {
	return s, c.ask(ctx, "GET", "/v1/status", nil, nil, &s)
}

// Prove has links proved now, all if none is named.
func (c *Client) Prove(ctx context.Context, links []string) (s guard.Status, err error) {
	return s, c.ask(ctx, "POST", "/v1/prove", nil, map[string]any{"links": links}, &s)
}

// Answer says whether a claim that only a person can prove is so.
func (c *Client) Answer(ctx context.Context, link string, yes bool, who string) (s guard.Status, err error) {
	return s, c.ask(ctx, "POST", "/v1/answer", nil, map[string]any{"link": link, "yes": yes, "who": who}, &s)
}

// Reload has the configuration read anew.
func (c *Client) Reload(ctx context.Context) (s guard.Status, err error) {
	return s, c.ask(ctx, "POST", "/v1/reload", nil, nil, &s)
}

// Ways asks how a goal, or each if goal is empty, can be reached if q were so.
func (c *Client) Ways(ctx context.Context, goal string, q guard.Supposed) (all []guard.GoalWays, err error) {
	return all, c.ask(ctx, "POST", "/v1/ways", nil, map[string]any{"goal": goal, "if": q}, &all)
}

// Model asks for the whole chain.
func (c *Client) Model(ctx context.Context) (m guard.ModelStatus, err error) {
	return m, c.ask(ctx, "GET", "/v1/model", nil, nil, &m)
}

// Lose says that a thing is lost, or had again.
func (c *Client) Lose(ctx context.Context, thing string, lost bool, who string) (s guard.Status, err error) {
	return s, c.ask(ctx, "POST", "/v1/lose", nil, map[string]any{"thing": thing, "lost": lost, "who": who}, &s)
}

// TestNotify has a message sent to every channel.
func (c *Client) TestNotify(ctx context.Context) (r []guard.ChannelResult, err error) {
	return r, c.ask(ctx, "POST", "/v1/notify/test", nil, nil, &r)
}

// Journal returns records, oldest first: those after a sequence number, or the
// newest where newest is set. The answer has at most a thousand.
func (c *Client) Journal(ctx context.Context, since time.Time, link string, after int64, newest bool, limit int) (lines []guard.JournalLine, err error) {
	q := url.Values{"link": {link}, "after": {strconv.FormatInt(after, 10)}, "limit": {strconv.Itoa(limit)}}
	if !since.IsZero() {
		q.Set("since", since.Format(time.RFC3339Nano))
	}
	if newest {
		q.Set("newest", "1")
	}
	return lines, c.ask(ctx, "GET", "/v1/journal", q, nil, &lines)
}

// Follow calls each with every record after a sequence number as it comes, until
// ctx is done, the guard stops, or each fails.
func (c *Client) Follow(ctx context.Context, after int64, each func(guard.JournalLine) error) error {
	res, err := c.send(ctx, "GET", "/v1/journal/follow", url.Values{"after": {strconv.FormatInt(after, 10)}}, nil)
	if err != nil {
		return err
	}
	defer res.Body.Close()
	for d := json.NewDecoder(res.Body); ; {
		var line guard.JournalLine
		if err := d.Decode(&line); err != nil {
			if ctx.Err() != nil || errors.Is(err, io.EOF) {
				return nil
			}
			return fmt.Errorf("follow the journal: %w", err)
		}
		if err := each(line); err != nil {
			return err
		}
	}
}
