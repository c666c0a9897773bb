package main

import (
	"os"
	"strings"

	"filippo.io/age"

	"github.com/omamori-guard/omamori/vault/otp"
)

// common is what the laptop's guard watches in both acts: doc/examples/story.yaml, with real
// kinds in place of what machines can prove.
const common = `things:
  phone:        {title: my phone with the one-time codes}
  laptop:       {title: my laptop, given: yes, attrs: {os: OS}}
  vpn-company:  {title: the VPN service that rents me a fixed address}
  mailbox:      {title: the mailbox that AWS writes to}
  phone-number: {title: the phone number that AWS calls}
  aws-account:  {title: my AWS account, given: yes}
THINGS
links:
  client: {kind: vpn-client, title: my laptop speaks PPTP, protocol: pptp, system: laptop.os, needs: [laptop]}
  vpn:    {kind: vpn, title: the VPN service answers, protocol: pptp, address: COMPANY, answers: yes, every: 5s, timeout: 5s, needs: [vpn-company]}
  group:  {kind: aws-sg, title: the security group lets my fixed address pass, group: GROUP, ports: [22], allow: [RENTED], mend: no, every: 20s, timeout: 20s, needs: [client, vpn]}
  codes:  {kind: claim, title: AWS accepts the code that my phone shows, question: "Does AWS accept the code that your phone shows?", needs: [phone]}
  console: {kind: claim, title: I can sign in to the AWS console, question: "Can you sign in to the AWS console?", needs: [laptop, aws-account, codes]}
  mfa:    {kind: claim, title: the MFA device on my AWS account is one that I have, question: "Is the MFA device on your AWS account one that you have?", needs: [phone]}
  support: {kind: claim, title: AWS support can tell that I am I, question: "Are the mail address and the phone number at AWS still yours?", needs: [mailbox, phone-number]}
  front:  {kind: http, title: the blog shows its post, url: "http://SERVER/2017/08/02/diary20170802/", contains: [Every number has the same four parts], every: 5s, timeout: 5s}
LINKS
goals:
  shell: {title: a shell on the server, ways: {ssh: [sshd]}}
  blog:  {title: the blog, ways: {web: [front]}}
mends:
  open-security-group: {for: sshd, title: name my new address in the security groups, needs: [console, mfa], takes: 30m}
  support-case: {for: codes, title: "have AWS support take the MFA device off, by form and telephone", needs: [support, aws-account, laptop], takes: 7d}
  new-mfa-device: {for: mfa, title: register a new MFA device, needs: [console, laptop], takes: 5m}
  new-password: {for: console, title: have a new password for the console sent by mail, needs: [mailbox, codes, laptop, aws-account], takes: 15m}
  repair: {for: front, title: restart mysqld over SSH, needs: [shell], takes: 1m}
MENDS
`

// was is act one: the way in hangs on the fixed address alone. The second device is what
// he does not have: with it, the guard can say what that would be worth.
var was = []string{
	"THINGS", "  second-mfa: {title: a second MFA device, absent: yes}",
	"LINKS", "  sshd: {kind: ssh, title: sshd lets my key in, address: SERVER, user: root, key: \"file:/root/.ssh/id_ed25519\", known_hosts: /root/.ssh/known_hosts, every: 5s, timeout: 5s, needs: [laptop, group]}\n",
	"MENDS", "  use-second-mfa: {for: codes, title: take the code from the second MFA device, needs: [second-mfa], takes: 1m}\n" +
		"  register-second-mfa: {for: second-mfa, title: register a second MFA device, needs: [console, laptop], takes: 5m}",
}

// would is act two: behind the group a knock opens the door, and the codes are in a vault.
var would = []string{
	"THINGS", "  vault: {title: the vault on my laptop and on paper}",
	"LINKS", "  sshd: {kind: knock, title: a knock opens the door and sshd lets my key in, pass: \"file:/root/.config/omamori/doors/SERVER\", key: /root/.ssh/id_ed25519, user: root, known_hosts: /root/.ssh/known_hosts, every: 15s, timeout: 15s, needs: [laptop, group]}\n",
	"MENDS", "  open-from-here: {for: sshd, title: \"open the group for where I am: omamori vault code aws, then omamori door open --cloud group --mfa\", needs: [vault, aws-account, laptop], takes: 1m}\n" +
		"  code-from-vault: {for: codes, title: \"take the code from the vault: omamori vault code aws\", needs: [vault], takes: 1m}\n" +
		"  device-in-vault: {for: mfa, title: the device is in the vault too, needs: [vault], takes: 1m}",
}

// buildLaptop gives the laptop the owner's key.
func (s *stage) buildLaptop() {
	host := strings.Fields(s.sh("laptop", "cat "+s.path("host.pub")))
	s.must("known hosts", os.WriteFile("/root/.ssh/known_hosts", []byte(server+" "+host[0]+" "+host[1]+"\n"), 0o600))
	s.must("ssh", os.WriteFile("/root/.ssh/config", []byte("Host server\n HostName "+server+"\nHost *\n User root\n ConnectTimeout 5\n BatchMode yes\n LogLevel ERROR\n"), 0o600))
	s.sh("laptop", "cp "+s.path("owner")+" /root/.ssh/id_ed25519")
}

// configure writes the laptop's configuration; system is what it runs.
func (s *stage) configure(act []string, system string) {
	text := strings.NewReplacer(act...).Replace(common)
	text = strings.NewReplacer("OS}}", system+"}}", "COMPANY", company, "GROUP", group, "RENTED", rented, "SERVER", server).Replace(text)
	s.write("laptop/omamori.yaml", text)
}

// guardLaptop starts the laptop's guard, and the owner answers what only he can.
func (s *stage) guardLaptop() *process {
	p := s.start("laptop", "omamori", "--lang", "en", "run", "-c", s.path("laptop/omamori.yaml"), "--user", "root")
	s.up("laptop", p)
	s.sure("laptop", "y\ny\ny\ny\n", "due", "drill")
	s.wait("the laptop's guard proves the way in", func() bool {
		shell, blog := s.goal("laptop", "shell"), s.goal("laptop", "blog")
		return shell.Verdict.String() == "holds" && blog.Verdict.String() == "holds"
	})
	return p
}

// upgrade gives the laptop its new system, which has no PPTP any more.
func (s *stage) upgrade(act []string) {
	s.configure(act, "macos-10.12")
	s.vpn(false)
	s.sure("laptop", "", "reload")
	s.omamori("laptop", "", "prove", "client", "sshd") // their beats are long, and a reload does not hasten them
}

// buildVault puts the code of the phone into a vault of the laptop's.
func (s *stage) buildVault() {
	key, err := age.GenerateX25519Identity()
	s.must("vault", err)
	s.write("laptop/word", "zebra-quilt-marmalade-7\n")
	s.write("laptop/key", key.String()+"\n")
	s.sure("laptop", "", "vault", "init", "--passphrase-file", s.path("laptop/word"), "--to", key.Recipient().String())
	s.sure("laptop", "otpauth://totp/owner?issuer=AWS&secret="+otp.Secret(secret).Base32()+"\n", "vault", "add", "aws", "--identity", s.path("laptop/key"))
}
