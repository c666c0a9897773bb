// Package inbox reads the mailboxes in which providers write, by IMAP, and changes nothing
// in them.
package inbox

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/emersion/go-imap/v2"
	"github.com/emersion/go-imap/v2/imapclient"

	"github.com/omamori-guard/omamori/due"
	"github.com/omamori-guard/omamori/due/notice"
	"github.com/omamori-guard/omamori/probe"
)

// Bounds of one reading.
const (
	// mostMails is how many mails of a folder are read at once; the rest is for the next time.
	mostMails = 200
	// firstDays is how far back a folder is read the first time.
	firstDays = 120
	// mostOfMail is how much of one mail is asked for, mostBytes how much a server may say.
	mostOfMail = 4 << 20
	mostBytes  = 256 << 20
	dialTime   = 30 * time.Second
	// mostFound is how many notices are answered at once.
	mostFound = 50
)

// Read reads what is new in the folders of a box. What could be read counts, also where a
// folder could not.
func Read(ctx context.Context, j due.MailJob, now time.Time) (a due.MailAnswer) {
	a.Cursors = map[string]due.Cursor{}
	for folder, c := range j.Cursors {
		a.Cursors[folder] = c
	}
	if err := read(ctx, j, now, &a); err != nil {
		a.Error = probe.Quote([]byte(err.Error()))
	}
	return a
}

func read(ctx context.Context, j due.MailJob, now time.Time, a *due.MailAnswer) error {
	password, err := probe.Secret(j.Box.Password)
	if err != nil {
		return err
	}
	if password == "" {
		return errors.New("no password")
	}
	c, err := open(ctx, j.Box)
	if err != nil {
		return err
	}
	defer c.Close() // the session is over either way
	if err := c.Login(j.Box.User, password).Wait(); err != nil {
		return fmt.Errorf("sign in: %w", err)
	}
	folders := j.Box.Folders
	if len(folders) == 0 {
		folders = []string{"INBOX"}
	}
	var errs []error
	for _, folder := range folders {
		cursor, err := readFolder(c, folder, j, now, a)
		if err != nil {
			errs = append(errs, fmt.Errorf("folder %s: %w", folder, err))
		}
		a.Cursors[folder] = cursor
	}
	_ = c.Logout().Wait()
	return errors.Join(errs...)
}

// open connects, sealed unless the server is on this machine.
func open(ctx context.Context, b due.Box) (*imapclient.Client, error) {
	host, port, err := net.SplitHostPort(b.IMAP)
	if err != nil {
		return nil, err
	}
	conf := &tls.Config{MinVersion: tls.VersionTLS12, ServerName: host}
	if b.CA != "" {
		pem, err := os.ReadFile(b.CA)
		if err != nil {
			return nil, err
		}
		conf.RootCAs = x509.NewCertPool()
		if !conf.RootCAs.AppendCertsFromPEM(pem) {
			return nil, fmt.Errorf("%s holds no certificate", b.CA)
		}
	}
	// What bounds the dialing must not end the connection that comes of it.
	dialing, cancel := context.WithTimeout(ctx, dialTime)
	defer cancel()
	var d net.Dialer
	conn, err := d.DialContext(dialing, "tcp", b.IMAP)
	if err != nil {
		return nil, err
	}
	conn = &bounded{probe.Bind(ctx, conn), mostBytes}
	switch {
	case b.TLS == "none":
		return imapclient.New(conn, nil), nil
	case b.TLS == "implicit" || b.TLS == "" && port == "993":
		t := tls.Client(conn, conf)
		if err := t.HandshakeContext(dialing); err != nil {
			conn.Close()
			return nil, err
		}
		return imapclient.New(t, nil), nil
	}
	return imapclient.NewStartTLS(conn, &imapclient.Options{TLSConfig: conf})
}

// bounded is a connection on which only so much is said.
type bounded struct {
	net.Conn
	left int64
}

func (b *bounded) Read(p []byte) (int, error) {
	if b.left <= 0 {
		return 0, errors.New("the server says too much")
	}
	n, err := b.Conn.Read(p[:min(int64(len(p)), b.left)])
	b.left -= int64(n)
	return n, err
}

// confirmed finds the code that a person gives back by answering our mail, whose subject has
// it. Our mail itself, in the same mailbox perhaps, answers none.
func confirmed(m notice.Mail, codes []string) (code string, ok bool) {
	if !m.Answers {
		return "", false
	}
	subject := strings.ToUpper(m.Subject)
	i := slices.IndexFunc(codes, func(c string) bool { return c != "" && strings.Contains(subject, c) })
	if i < 0 {
		return "", false
	}
	return codes[i], true
}

// readFolder reads what came after the cursor, and says how far it has come.
func readFolder(c *imapclient.Client, folder string, j due.MailJob, now time.Time, a *due.MailAnswer) (due.Cursor, error) {
	from := a.Cursors[folder]
	// EXAMINE: nothing can be changed, and nothing counts as read.
	box, err := c.Select(folder, &imap.SelectOptions{ReadOnly: true}).Wait()
	if err != nil {
		return from, err
	}
	criteria := &imap.SearchCriteria{}
	if from.Validity != box.UIDValidity {
		from = due.Cursor{Validity: box.UIDValidity}
		criteria.Since = now.AddDate(0, 0, -firstDays)
	} else {
		criteria.UID = []imap.UIDSet{{imap.UIDRange{Start: imap.UID(from.UID + 1), Stop: 0}}}
	}
	found, err := c.UIDSearch(criteria, nil).Wait()
	if err != nil {
		return from, err
	}
	var uids imap.UIDSet
	n := 0
	for _, uid := range found.AllUIDs() {
		if uint32(uid) > from.UID && n < mostMails { // n:* finds the last one, though it is older
			uids.AddNum(uid)
			n++
		}
	}
	if n == 0 {
		if box.UIDNext > 0 && from.UID == 0 {
			from.UID = uint32(box.UIDNext) - 1
		}
		return from, nil
	}
	body := &imap.FetchItemBodySection{Peek: true, Partial: &imap.SectionPartial{Size: mostOfMail}}
	mails := c.Fetch(uids, &imap.FetchOptions{UID: true, BodySection: []*imap.FetchItemBodySection{body}})
	last := from.UID
	for m := mails.Next(); m != nil; m = mails.Next() {
		var uid imap.UID
		var mail notice.Mail
		bad := errors.New("no mail")
		for item := m.Next(); item != nil; item = m.Next() {
			switch item := item.(type) {
			case imapclient.FetchItemDataUID:
				uid = item.UID
			case imapclient.FetchItemDataBodySection:
				if item.Literal != nil {
					mail, bad = notice.Parse(item.Literal)
					_, _ = io.Copy(io.Discard, item.Literal) // what is beyond what was looked at
				}
			}
		}
		a.Looked++
		last = max(last, uint32(uid))
		if bad != nil { // a mail that cannot be read announces nothing
			continue
		}
		if code, ok := confirmed(mail, j.Codes); ok {
			if !slices.ContainsFunc(a.Confirmed, func(c due.Confirmed) bool { return c.Code == code }) {
				a.Confirmed = append(a.Confirmed, due.Confirmed{Code: code, From: mail.From, Date: mail.Date})
			}
			continue
		}
		if f, ok := notice.Find(mail, j.Senders, false, now); ok && len(a.Found) < mostFound {
			a.Found = append(a.Found, f)
		}
	}
	if err := mails.Close(); err != nil {
		return from, err
	}
	from.UID = last
	return from, nil
}
