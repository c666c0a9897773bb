package due

import (
	"fmt"
	"net"
	"slices"
	"strings"
	"time"

	"github.com/omamori-guard/omamori/chain"
)

// Settings are the section due of a configuration.
type Settings struct {
	Zone   string  `yaml:"zone" doc:"the owner's time zone, such as Asia/Tokyo; that of the machine unless set"`
	Digest string  `yaml:"digest" doc:"the hour of the one message a day, such as 08:00"`
	Quiet  string  `yaml:"quiet" doc:"the hours in which nothing is told that can wait for the morning, such as 22:00-07:00, which they are unless set; none for never"`
	Letter string  `yaml:"letter" doc:"the day of the weekly letter" enum:"monday,tuesday,wednesday,thursday,friday,saturday,sunday"`
	Mail   []Box   `yaml:"mail" doc:"mailboxes in which providers write; they are read, and nothing in them is changed"`
	Others []Other `yaml:"others" doc:"who is told, one after the other, when nobody gives a sign of life"`
}

// Box is a mailbox that is read.
type Box struct {
	IMAP     string       `yaml:"imap" json:"imap" doc:"host:port of the server"`
	User     string       `yaml:"user" json:"user" doc:"who signs in"`
	Password chain.Secret `yaml:"password" json:"password" doc:"where the password is to be found"`
	Folders  []string     `yaml:"folders" json:"folders" doc:"the folders that are read; INBOX unless set"`
	TLS      string       `yaml:"tls" json:"tls,omitempty" doc:"implicit, starttls, or none (to this machine alone); by the port unless set" enum:"implicit,starttls,none"`
	CA       string       `yaml:"ca" json:"ca,omitempty" doc:"a file with the certificates of the authority to trust instead of the system's"`
}

// Bounds of settings.
const (
	mostBoxes   = 8
	mostFolders = 32
	mostOthers  = 16
	longestMay  = 500
)

// Hours are the owner's hours by these settings.
func (s *Settings) Hours() (h Hours) {
	h = Hours{Zone: time.Local, Digest: 8 * time.Hour, Letter: time.Monday, From: 22 * time.Hour, To: 7 * time.Hour}
	if s == nil {
		return h
	}
	if z, err := time.LoadLocation(s.Zone); err == nil && s.Zone != "" {
		h.Zone = z
	}
	if at, ok := timeOfDay(s.Digest); ok {
		h.Digest = at
	}
	if from, to, ok := span(s.Quiet); ok {
		h.From, h.To = from, to
	}
	for d := time.Sunday; d <= time.Saturday; d++ {
		if strings.EqualFold(d.String(), s.Letter) {
			h.Letter = d
		}
	}
	return h
}

// timeOfDay reads 08:00.
func timeOfDay(s string) (time.Duration, bool) {
	at, err := time.Parse("15:04", s)
	return time.Duration(at.Hour())*time.Hour + time.Duration(at.Minute())*time.Minute, err == nil
}

// span reads 22:00-07:00; "none" is one without length.
func span(s string) (from, to time.Duration, ok bool) {
	if s == "none" {
		return 0, 0, true
	}
	a, b, _ := strings.Cut(s, "-")
	from, ok = timeOfDay(strings.TrimSpace(a))
	to, good := timeOfDay(strings.TrimSpace(b))
	return from, to, ok && good
}

// Check says what is wrong with settings.
func (s *Settings) Check() (bad []*chain.SettingError) {
	wrong := func(field, key string, pairs ...any) {
		bad = append(bad, &chain.SettingError{Field: field, Text: chain.Say(key, pairs...)})
	}
	if _, err := time.LoadLocation(s.Zone); err != nil {
		wrong("zone", "due.bad_zone", "zone", s.Zone)
	}
	if _, ok := timeOfDay(s.Digest); !ok && s.Digest != "" {
		wrong("digest", "due.bad_digest", "value", s.Digest)
	}
	if _, _, ok := span(s.Quiet); !ok && s.Quiet != "" {
		wrong("quiet", "due.bad_quiet", "value", s.Quiet)
	}
	if len(s.Mail) > mostBoxes {
		wrong("mail", "due.too_many", "most", mostBoxes)
	}
	for i, b := range s.Mail {
		at := fmt.Sprintf("mail[%d].", i)
		host, port, err := net.SplitHostPort(b.IMAP)
		if err != nil || host == "" || port == "" {
			wrong(at+"imap", "due.bad_imap")
		}
		if b.User == "" || strings.ContainsAny(b.User, "\r\n\x00") {
			wrong(at+"user", "due.bad_user")
		}
		if b.Password == "" {
			wrong(at+"password", "due.bad_password")
		}
		if ip := net.ParseIP(host); b.TLS == "none" && host != "localhost" && !ip.IsLoopback() {
			wrong(at+"tls", "due.bad_tls")
		}
		if len(b.Folders) > mostFolders {
			wrong(at+"folders", "due.too_many", "most", mostFolders)
		}
		if slices.ContainsFunc(b.Folders, func(f string) bool { return f == "" || strings.ContainsAny(f, "\r\n\x00*%") }) {
			wrong(at+"folders", "due.bad_folder")
		}
	}
	s.checkOthers(wrong)
	return bad
}

func (s *Settings) checkOthers(wrong func(field, key string, pairs ...any)) {
	if len(s.Others) > mostOthers {
		wrong("others", "due.too_many", "most", mostOthers)
	}
	least := time.Duration(FirstAfter)
	names := map[string]bool{}
	for i, o := range s.Others {
		at := fmt.Sprintf("others[%d].", i)
		if o.Name == "" || names[o.Name] {
			wrong(at+"name", "due.other_name")
		}
		names[o.Name] = true
		if o.Channel == "" {
			wrong(at+"channel", "due.other_channel")
		}
		if o.After < least {
			wrong(at+"after", "due.other_after", "least", least)
		}
		least = max(least, o.After) + BetweenOthers
		if len(o.May) == 0 || slices.ContainsFunc(o.May, func(m string) bool { return strings.TrimSpace(m) == "" || len(m) > longestMay }) {
			wrong(at+"may", "due.other_may")
		}
	}
}
