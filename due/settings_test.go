package due

import (
	"strings"
	"testing"
)

func TestCheck(t *testing.T) {
	box := Box{IMAP: "mail.example.jp:993", User: "owner", Password: "file:/x"}
	hanako := Other{Name: "Hanako", Channel: "hanako", After: 60 * day, May: []string{"restart the blog"}}
	good := Settings{Zone: "Asia/Tokyo", Digest: "07:30", Letter: "sunday", Quiet: "23:00-06:00", Mail: []Box{box}, Others: []Other{hanako}}
	if bad := good.Check(); bad != nil {
		t.Fatalf("%+v", bad[0])
	}
	if bad := (&Settings{}).Check(); bad != nil {
		t.Fatalf("nothing set: %+v", bad[0])
	}
	for _, c := range []struct {
		field, key string
		change     func(s *Settings)
	}{
		{"zone", "due.bad_zone", func(s *Settings) { s.Zone = "Mars/Olympus" }},
		{"zone", "due.bad_zone", func(s *Settings) { s.Zone = "../../etc/passwd" }},
		{"digest", "due.bad_digest", func(s *Settings) { s.Digest = "8" }},
		{"digest", "due.bad_digest", func(s *Settings) { s.Digest = "25:00" }},
		{"quiet", "due.bad_quiet", func(s *Settings) { s.Quiet = "night" }},
		{"quiet", "due.bad_quiet", func(s *Settings) { s.Quiet = "22:00" }},
		{"quiet", "due.bad_quiet", func(s *Settings) { s.Quiet = "22:00-7" }},
		{"mail", "due.too_many", func(s *Settings) { s.Mail = make([]Box, mostBoxes+1) }},
		{"mail[0].imap", "due.bad_imap", func(s *Settings) { s.Mail[0].IMAP = "mail.example.jp" }},
		{"mail[0].imap", "due.bad_imap", func(s *Settings) { s.Mail[0].IMAP = ":993" }},
		{"mail[0].user", "due.bad_user", func(s *Settings) { s.Mail[0].User = "" }},
		{"mail[0].user", "due.bad_user", func(s *Settings) { s.Mail[0].User = "a\r\nb" }},
		{"mail[0].password", "due.bad_password", func(s *Settings) { s.Mail[0].Password = "" }},
		{"mail[0].tls", "due.bad_tls", func(s *Settings) { s.Mail[0].TLS = "none" }},
		{"mail[0].folders", "due.too_many", func(s *Settings) { s.Mail[0].Folders = strings.Split(strings.Repeat("a ", mostFolders), " ") }},
		{"mail[0].folders", "due.bad_folder", func(s *Settings) { s.Mail[0].Folders = []string{"INBOX", "*"} }},
		{"others", "due.too_many", func(s *Settings) { s.Others = make([]Other, mostOthers+1) }},
		{"others[0].name", "due.other_name", func(s *Settings) { s.Others[0].Name = "" }},
		{"others[1].name", "due.other_name", func(s *Settings) {
			s.Others = append(s.Others, hanako)
			s.Others[1].After = 90 * day
		}},
		{"others[0].channel", "due.other_channel", func(s *Settings) { s.Others[0].Channel = "" }},
		{"others[0].after", "due.other_after", func(s *Settings) { s.Others[0].After = 20 * day }},
		{"others[1].after", "due.other_after", func(s *Settings) {
			s.Others = append(s.Others, Other{Name: "Taro", Channel: "taro", After: 60*day + 6*day, May: []string{"x"}})
		}},
		{"others[0].may", "due.other_may", func(s *Settings) { s.Others[0].May = nil }},
		{"others[0].may", "due.other_may", func(s *Settings) { s.Others[0].May = []string{" "} }},
		{"others[0].may", "due.other_may", func(s *Settings) { s.Others[0].May = []string{strings.Repeat("x", longestMay+1)} }},
	} {
		s := good
		s.Mail, s.Others = []Box{box}, []Other{hanako}
		c.change(&s)
		found := false
		for _, b := range s.Check() {
			found = found || b.Field == c.field && b.Text.Key == c.key
		}
		if !found {
			t.Errorf("%s: %s is not found in %+v", c.field, c.key, s.Check())
		}
	}
	local := good
	local.Mail = []Box{{IMAP: "127.0.0.1:143", User: "owner", Password: "file:/x", TLS: "none"}}
	if bad := local.Check(); bad != nil {
		t.Errorf("in the clear to this machine: %+v", bad[0])
	}
}
