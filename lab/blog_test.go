//go:build lab

package lab

import (
	_ "embed"
	"strings"
	"testing"
	"time"
)

//go:embed blog.sh
var blog string

// beats are the settings of each kind on this host: faults are to be found soon.
var beats = map[string]string{
	"process": "every: 1s, timeout: 1s", "mysql": "every: 3s, timeout: 3s", "phpfpm": "every: 5s, timeout: 5s",
	"tls": "every: 5s, timeout: 5s", "wordpress": "every: 15s, timeout: 15s", "tcp": "every: 5s, timeout: 5s", "ssh": "every: 10s, timeout: 10s",
	"disk": "every: 2s, timeout: 2s", "memory": "every: 5s, timeout: 5s", "http": "every: 10s, timeout: 10s",
}

// More than discovery drafts: the small file systems, which are of a sort that it leaves
// out, and a login by a key of the guard's own in place of the owner's word.
const moreLinks = `
  room:
    kind: disk
    path: /var/lib/mysql
    min_free: 40MiB
  home:
    kind: disk
    path: /home
  login:
    kind: ssh
    needs: [sshd]
    address: 127.0.0.1:22
    user: owner
    key: file:/etc/omamori/login
    known_hosts: /etc/omamori/known_hosts
    service: ssh
  post:
    kind: http
    needs: [front-blog.example.org]
    url: https://blog.example.org/?p=1
    contains: [Welcome to WordPress]
`

const loginKeys = `
ssh-keygen -q -t ed25519 -N '' -f /etc/omamori/login
chown omamori /etc/omamori/login
install -d -o owner -g owner -m 700 /home/owner/.ssh
install -o owner -g owner -m 600 /etc/omamori/login.pub /home/owner/.ssh/authorized_keys
echo "127.0.0.1 $(cut -d ' ' -f 1-2 /etc/ssh/ssh_host_ed25519_key.pub)" >/etc/omamori/known_hosts
`

// newBlog is a host with the blog, and a guard with what omamori init drafted for it.
func newBlog(t *testing.T) *host {
	h := newHost(t)
	h.do(blog)
	h.do("systemctl stop mariadb && cp -a /var/lib/mysql /root/mysql && systemctl start mariadb")
	h.do("omamori init --yes --lang en")
	h.do(loginKeys)
	h.write("/etc/omamori/omamori.yaml", drafted(t, h.do("cat /etc/omamori/omamori.yaml")))
	h.do(`sed -i '0,/{/s//{"deeds": 1000,/' /etc/omamori/hands.json`) // its own limit is not what is tried here
	h.do("omamori-hands --check && omamori config check /etc/omamori/omamori.yaml && systemctl enable --quiet --now omamori")
	h.reach("well", time.Minute, well)
	return h
}

// drafted takes a draft with short beats, and with moreLinks.
func drafted(t *testing.T, draft string) string {
	t.Helper()
	at := strings.Index(draft, "  # What only you can prove.")
	goals := strings.Index(draft, "\n# What must stay possible")
	if at < 0 || goals < at {
		t.Fatalf("the draft has another form:\n%s", draft)
	}
	draft = draft[:at] + moreLinks + draft[goals:]
	var b strings.Builder
	for line := range strings.Lines(draft) {
		b.WriteString(line)
		if kind, ok := strings.CutPrefix(strings.TrimSpace(line), "kind: "); ok {
			for _, setting := range strings.Split(beats[kind], ", ") {
				b.WriteString("    " + setting + "\n")
			}
		}
	}
	return strings.Replace(b.String(), "    service: mariadb\n", "    service: mariadb\n    needs: [room]\n", 1)
}

// fresh makes all well again, and has the guard begin anew.
func (h *host) fresh() {
	h.Helper()
	h.do("systemctl stop omamori omamori-hands; rm -rf /var/lib/omamori/*; systemctl start omamori")
	h.reach("well", time.Minute, well)
}
