package mailbox

import (
	"context"
	"crypto/tls"
	"fmt"
	"net"
	"net/smtp"
	"time"
)

// subject begins that of every message of this kind; the next trial clears away what came
// late.
const subject = "omamori mailbox check"

// messageID ends that of every message of this kind.
const messageID = "@omamori.invalid>"

// send submits a message with token in its subject.
func (l *link) send(ctx context.Context, config *tls.Config, password, token string) error {
	conn, conf, later, err := l.dial(ctx, l.settings.SMTP, "465", config)
	if err != nil {
		return err
	}
	defer conn.Close()
	host, _, _ := net.SplitHostPort(l.settings.SMTP)
	c, err := smtp.NewClient(conn, host)
	if err != nil {
		return err
	}
	if later {
		if err := c.StartTLS(conf); err != nil {
			return err
		}
	}
	// A server that wants no password of this machine's own is not given one.
	if ok, _ := c.Extension("AUTH"); ok || l.settings.TLS != "none" {
		if err := c.Auth(smtp.PlainAuth("", l.settings.User, password, host)); err != nil {
			return err
		}
	}
	if err := c.Mail(l.settings.From); err != nil {
		return err
	}
	if err := c.Rcpt(l.settings.To); err != nil {
		return err
	}
	w, err := c.Data()
	if err != nil {
		return err
	}
	_, err = fmt.Fprintf(w, "From: <%s>\r\nTo: <%s>\r\nSubject: %s %s\r\nDate: %s\r\nMessage-ID: <%s%s\r\n"+
		"Auto-Submitted: auto-generated\r\nMIME-Version: 1.0\r\nContent-Type: text/plain; charset=utf-8\r\n\r\n"+
		"omamori proves with this message that mail to this address arrives.\r\nIt is deleted once it has been seen.\r\n",
		l.settings.From, l.settings.To, subject, token, time.Now().Format(time.RFC1123Z), token, messageID)
	if err != nil {
		return err
	}
	if err := w.Close(); err != nil {
		return err
	}
	_ = c.Quit() // it was taken
	return nil
}
