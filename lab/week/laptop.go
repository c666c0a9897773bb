package main

import (
	"bytes"
	"embed"
	"os"
	"strconv"
	"strings"
	"text/template"

	"filippo.io/age"

	"github.com/omamori-guard/omamori/vault/otp"
)

//go:embed files
var files embed.FS

// Systems of the laptop: the one it begins with, and the one without PPTP.
const (
	oldSystem = "macos-10.11"
	newSystem = "macos-10.12"
)

// passphrase is the vault's. The program itself does not hold it whole: it is looked for in
// every file that the tests leave, of which the program is one.
var passphrase = strings.Join([]string{"zebra", "quilt", "marmalade", "7"}, "-")

// laptop is what the configuration of the laptop's guard says.
type laptop struct {
	Lang                                      string
	Ready                                     bool // he has a vault, and a door that hears knocks
	OS, Upgrade                               string
	Company, Group, Rented, Server, URL, Desk string
}

// configure writes the laptop's configuration.
func (s *stage) configure(l laptop) {
	l.Lang, l.Company, l.Group, l.Rented, l.Server, l.URL, l.Desk = string(s.lang), company, group, rented, server, blogURL, desk
	t, err := template.New("laptop.yaml").Funcs(template.FuncMap{
		"t": func(name string) string { return strconv.Quote(s.lang.Text("week.yaml_" + name)) },
	}).ParseFS(files, "files/laptop.yaml")
	s.must("template", err)
	var b bytes.Buffer
	s.must("template", t.Execute(&b, l))
	s.write("laptop/omamori.yaml", b.String())
}

// buildLaptop gives the laptop the owner's key.
func (s *stage) buildLaptop() {
	host := strings.Fields(s.sh("laptop", "cat "+s.path("host.pub")))
	s.must("known hosts", os.WriteFile("/root/.ssh/known_hosts", []byte(server+" "+host[0]+" "+host[1]+"\n"), 0o600))
	s.must("ssh", os.WriteFile("/root/.ssh/config", []byte("Host server\n HostName "+server+"\nHost *\n User root\n ConnectTimeout 5\n BatchMode yes\n LogLevel ERROR\n"), 0o600))
	s.sh("laptop", "cp "+s.path("owner")+" /root/.ssh/id_ed25519")
}

// guardLaptop starts the laptop's guard, and the owner answers what only he can.
func (s *stage) guardLaptop() {
	p := s.start("laptop", "omamori", "run", "-c", s.path("laptop/omamori.yaml"), "--user", "root")
	s.up("laptop", p)
	s.sure("laptop", "y\ny\ny\ny\n", "due", "drill")
	s.wait("the laptop's guard proves the way in", func() bool {
		return s.goal("laptop", "shell").Verdict.String() == "holds" && s.goal("laptop", "blog").Verdict.String() == "holds"
	})
	s.skip("laptop")
}

// reload has the laptop's guard take in a new configuration.
func (s *stage) reload(l laptop) {
	s.configure(l)
	s.sure("laptop", "", "reload")
}

// upgrade gives the laptop its new system, which has no PPTP any more.
func (s *stage) upgrade(ready bool) {
	s.vpn(false)
	s.reload(laptop{Ready: ready, OS: newSystem})
	s.start("laptop", "omamori", "prove", "client", "sshd") // their beats are long, and a reload does not hasten them
}

// buildVault puts the code of the phone into a vault of the laptop's.
func (s *stage) buildVault() {
	key, err := age.GenerateX25519Identity()
	s.must("vault", err)
	s.write("laptop/word", passphrase+"\n")
	s.write("laptop/given.key", key.String()+"\n")
	s.sure("laptop", "", "vault", "init", "--passphrase-file", s.path("laptop/word"), "--to", key.Recipient().String())
	s.sure("laptop", "otpauth://totp/owner?issuer=AWS&secret="+otp.Secret(secret).Base32()+"\n", "vault", "add", "aws", "--identity", s.path("laptop/given.key"))
}
