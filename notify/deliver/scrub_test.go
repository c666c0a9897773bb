package deliver

import (
	"errors"
	"fmt"
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/omamori-guard/omamori/words"
)

// channels are URLs as the services want them, with what of each is secret.
var channels = []struct {
	url    string
	secret []string
}{
	{"bark://:devicekey12@bark.example.org/?group=srv", []string{"devicekey12"}},
	{"discord://tokenAbcdef123@123456789012", []string{"tokenAbcdef123", "123456789012"}},
	{"generic://hook.example.org/path-of-secret?@Authorization=Bearer%20tok%2Fen123", []string{"path-of-secret", "tok/en123", "tok%2Fen123"}},
	{"generic+https://user123:pass123@hook.example.org/path-of-secret", []string{"user123", "pass123", "path-of-secret"}},
	{"googlechat://chat.googleapis.com/v1/spaces/FOOBAR/messages?key=barkey&token=baztoken", []string{"FOOBAR", "barkey", "baztoken"}},
	{"gotify://gotify.example.org/Abcdefghijklmno", []string{"Abcdefghijklmno"}},
	{"ifttt://webhookid123/?events=eventone,eventtwo", []string{"webhookid123"}},
	{"join://shoutrrr:apikey1234@join/?devices=device1234", []string{"apikey1234", "device1234"}},
	{"lark://open.larksuite.com/tokentoken?secret=signing123", []string{"tokentoken", "signing123"}},
	{"matrix://user123:pass123@matrix.example.org/?rooms=!roomid123", []string{"user123", "pass123", "roomid123"}},
	{"mattermost://user123@chat.example.org/tokentoken/channel12", []string{"user123", "tokentoken", "channel12"}},
	{"notifiarr://apikey-1234-5678?channel=123456789", []string{"apikey-1234-5678", "123456789"}},
	{"ntfy://user123:pass123@ntfy.example.org/topic1234", []string{"user123", "pass123", "topic1234"}},
	{"opsgenie://api.opsgenie.com/eb243592-faa2-4ba2-a551q", []string{"eb243592-faa2-4ba2-a551q", "eb243592"}},
	{"pagerduty://events.pagerduty.com/integrationkey1234567890123456", []string{"integrationkey1234567890123456"}},
	{"pushbullet://o.5NfxtU9dQ0xVYf3URe7CfsdAxBcDeFgH", []string{"o.5NfxtU9dQ0xVYf3URe7CfsdAxBcDeFgH", "5NfxtU9dQ0xVYf3URe7CfsdAxBcDeFgH"}},
	{"pushbullet://short/#channel123", []string{"short", "channel123"}},
	{"pushover://shoutrrr:apitoken123@userkey1234/?devices=device1", []string{"apitoken123", "userkey1234", "device1"}},
	{"rocketchat://user123@rocket.example.org/token1/token2/channel12", []string{"user123", "token1", "token2", "channel12"}},
	{"signal://user123:pass123@signal.example.org:8080/+15551234567/+15557654321", []string{"user123", "pass123", "15551234567", "15557654321"}},
	{"slack://hook:WNA3PBYV6-F20DUQND3RQ-Webc4MAvoacrpPakR8phF0zi@webhook?botname=bot1", []string{"WNA3PBYV6", "F20DUQND3RQ", "Webc4MAvoacrpPakR8phF0zi"}},
	{"slack://bad-token-of-nine@channel12", []string{"bad-token-of-nine", "channel12"}},
	{"smtp://user123:p%40ss%2Fword@mail.example.org:587/?from=a123@example.org&to=b123@example.net", []string{"user123", "p@ss/word", "p%40ss%2Fword", "a123", "b123"}},
	{"teams://group@tenant@domain/altid123/owner123?host=org.webhook.office.com", []string{"group", "tenant", "altid123", "owner123"}},
	{"telegram://110201543:AAHdqTcvCH1vGWJxfSeofSAs0K5PALDsaw@telegram?chats=@channel12", []string{"110201543", "AAHdqTcvCH1vGWJxfSeofSAs0K5PALDsaw", "channel12"}},
	{"wecom://693axxx6-7aoc-4bc4-97a0-0ec2sifa5aaa", []string{"693axxx6-7aoc-4bc4-97a0-0ec2sifa5aaa", "0ec2sifa5aaa"}},
	{"zulip://bot1@example.org:botkey1234@chat.example.org/?stream=stream12", []string{"bot1@", "botkey1234", "stream12"}},
	{"https://user123:pass123@hook.example.org/path-of-secret?token=token1234#frag123", []string{"user123", "pass123", "path-of-secret", "token1234", "frag123"}},
	{"https://hook.example.org:8443/services/T00000000/B00000000/XXXXXXXXXXXX", []string{"T00000000", "B00000000", "XXXXXXXXXXXX"}},
}

// What a library says of a URL, of parts of it, or of a URL that it has made of them,
// shows nothing secret.
func TestScrub(t *testing.T) {
	for _, c := range channels {
		said := []string{
			"parse " + fmt.Sprintf("%q", c.url) + ": invalid port",
			"failed to send to " + c.url + ": refused",
			strings.Repeat("x", 130) + c.url, // the cut goes through it
		}
		for _, s := range c.secret {
			said = append(said, "Post \"https://api.example.com/bot"+s+"/send?x="+s+"\": EOF", "no such token "+s+".", "<"+s+">", s,
				"token "+url.QueryEscape(s)+" or "+url.PathEscape(s), "tok\x00en "+s[:len(s)/2]+s[len(s)/2:])
		}
		for _, text := range said {
			err := scrub(errors.New(text), c.url, words.English)
			for _, s := range c.secret {
				if strings.Contains(err.Error(), s) || strings.Contains(err.Error(), url.QueryEscape(s)) {
					t.Errorf("%s: of %q is shown %q, with %q", c.url, text, err, s)
				}
			}
		}
	}
	if scrub(nil, "x", words.English) != nil {
		t.Error("an error from none")
	}
}

// What is wrong stays to be seen.
func TestScrubKeepsWhatIsWrong(t *testing.T) {
	for _, c := range []struct{ to, said, want string }{
		{"https://hook.example.org/s3cret", `Post "https://hook.example.org/s3cret": dial tcp: lookup hook.example.org: no such host`,
			`Post "https://hook.example.org/…": dial tcp: lookup hook.example.org: no such host`},
		{"smtp://me:s3cret@mail.example.org:25/?to=x@y", "error connecting to server: dial tcp: lookup mail.example.org: no such host",
			"error connecting to server: dial tcp: lookup mail.example.org: no such host"},
	} {
		if got := scrub(errors.New(c.said), c.to, words.English).Error(); got != c.want {
			t.Errorf("got %q, want %q", got, c.want)
		}
	}
}

// The real services, asked with URLs that they refuse or whose host is not there.
func TestServicesShowNoSecret(t *testing.T) {
	for _, c := range channels {
		u, err := url.Parse(c.url)
		if err != nil {
			continue
		}
		if slices.Contains([]string{"http", "https"}, u.Scheme) {
			continue
		}
		// Some parts spoilt: most services refuse these themselves, without asking anybody.
		for _, bad := range []string{c.url + "&nosuch=value%zz", strings.Replace(c.url, "://", "://\x7f", 1), c.url + "?nosuchfield=s3cretvalue", u.Scheme + "://" + c.secret[0]} {
			if _, err := url.Parse(bad); err == nil && !strings.Contains(bad, "nosuchfield") {
				continue // it could be a good one, and lead out
			}
			err := shoutOffline(t, bad)
			if err == nil {
				continue
			}
			for _, s := range append(c.secret, "s3cretvalue") {
				if strings.Contains(err.Error(), s) {
					t.Errorf("%q: %v", bad, err)
				}
			}
		}
	}
}

// shoutOffline reads the URL as Deliver does, and sends nothing.
func shoutOffline(t *testing.T, to string) error {
	t.Helper()
	_, err := locate(to)
	return scrub(err, to, words.English)
}

func FuzzScrub(f *testing.F) {
	for _, c := range channels {
		f.Add(c.url, "failed: ", ": refused", uint(1))
		f.Add(c.url, "https://api.example.com/", "/send", uint(3))
	}
	f.Add("x://ab%20%20cd", "ab", "  cd", uint(0))
	f.Add("x://abcd/cdef/…xyz", "abcdef", "xyz", uint(2))
	f.Add("https://\ufffd\ufffd/\xff\xff\xff\xff", "\x00", "\xff", uint(0))
	f.Fuzz(func(t *testing.T, to, before, after string, which uint) {
		if len(to) > maxURL {
			return
		}
		parts := secrets(to)
		text := before + to + after
		if len(parts) > 0 {
			text = before + parts[int(which%uint(len(parts)))] + after + to
		}
		for _, lang := range words.Langs {
			err := scrub(errors.New(text), to, lang)
			if err == nil || strings.ContainsAny(err.Error(), "\n\x00") {
				t.Fatalf("got %v", err)
			}
			if err.Error() == lang.Text("notify.hidden") {
				continue
			}
			for _, p := range parts {
				if strings.Contains(err.Error(), p) {
					t.Fatalf("%q is shown of %q: %q", p, to, err)
				}
			}
		}
	})
}
