package site

import (
	"bytes"
	"cmp"
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"fmt"
	"io/fs"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"text/template"

	"github.com/omamori-guard/omamori/chain"
	"github.com/omamori-guard/omamori/hands"
	"github.com/omamori-guard/omamori/words"
)

//go:embed files
var files embed.FS

// languages is where Debian keeps WordPress's translations.
const languages = "/var/lib/wordpress/wp-content/languages"

// build is a site at work.
type build struct {
	layout
	settings
	programs programs
	tell     func(chain.Text)
	lang     words.Lang
	// mysql and www own what MariaDB and PHP write.
	mysql, www *owner

	DBPassword             string
	adminPassword, appPass string
	salt                   string
	// sums are the SHA-256 of the files that each service is to run by.
	sums map[string]string
}

// prepare checks everything that can be checked beforehand.
func prepare(ctx context.Context, o Options, l layout) (*build, error) {
	s, found, err := readSettings(l)
	if err != nil {
		return nil, err
	}
	if !found {
		s = settings{Address: "127.0.0.1:8080", Lang: string(words.English), GuardUser: "omamori"}
		if o.Lang != "" {
			s.Lang = o.Lang
		}
		s.Title = o.Title
	}
	lang, ok := words.Parse(s.Lang)
	if !ok {
		return nil, fmt.Errorf("unknown language %q", s.Lang)
	}
	s.Lang = string(lang)
	if s.Title == "" {
		s.Title = lang.Text("site.title")
	}
	s.Address = cmp.Or(o.Address, s.Address)
	s.GuardUser = cmp.Or(o.GuardUser, s.GuardUser)
	s.HandsBinary = cmp.Or(o.HandsBinary, s.HandsBinary)
	s.Sample = s.Sample || o.Sample
	s.WithSystemd = s.WithSystemd || o.WithSystemd
	b := &build{layout: l, settings: s, tell: o.Progress, lang: lang, sums: map[string]string{}}
	if err := b.check(ctx); err != nil {
		return nil, err
	}
	if b.RunsBy == nil {
		b.RunsBy = map[string]string{}
	}
	return b, writeSettings(l, b.settings)
}

func (b *build) check(ctx context.Context) error {
	if err := checkAddress(b.Address); err != nil {
		return err
	}
	var err error
	if b.programs, err = findPrograms(b.Lang); err != nil {
		return err
	}
	if b.mysql, err = findUser("mysql"); err != nil {
		return err
	}
	if b.www, err = findUser("www-data"); err != nil {
		return err
	}
	if _, err := findUser(b.GuardUser); err != nil {
		return problem(chain.Say("site.no_user", "user", b.GuardUser), chain.Say("site.no_user_hint", "user", b.GuardUser))
	}
	if st, err := os.Stat(b.HandsBinary); err != nil || !st.Mode().IsRegular() {
		return problem(chain.Say("site.no_hands", "path", b.HandsBinary), chain.Text{})
	}
	if b.WithSystemd {
		if err := checkSystemd(); err != nil {
			return err
		}
	}
	machine, err := machineMemory("/")
	if err != nil {
		return fmt.Errorf("read memory: %w", err)
	}
	if b.Budget, err = plan(machine); err != nil {
		return err
	}
	if port(b.Listening) == port(b.Address) { // that of our own nginx
		return nil
	}
	return b.portIsFree(ctx)
}

func port(address string) string {
	_, port, _ := net.SplitHostPort(address)
	return port
}

// portIsFree says so in time when somebody else has the port: nginx would try for
// seconds, and a stranger would be taken for it.
func (b *build) portIsFree(ctx context.Context) error {
	network, address := b.listen()
	l, err := (&net.ListenConfig{}).Listen(ctx, network, address)
	if err != nil {
		return problem(chain.Say("site.address_taken", "address", b.Address, "error", err), chain.Say("site.address_taken_hint"))
	}
	return l.Close()
}

// More fields of the templates.
func (b *build) Base() string { return b.base() }
func (b *build) Host() string { return b.host() }

// WordPress is where Debian's files are.
func (b *build) WordPress() string { return wordpress }

// Listen are nginx's: by IPv6 too where there is no one address and the kernel has it.
func (b *build) Listen() []string {
	network, address := b.listen()
	all := []string{address}
	if _, err := os.Stat("/proc/net/if_inet6"); network == "tcp4" && err == nil {
		all = append(all, "[::]:"+port(address))
	}
	return all
}

// Environment is WordPress's name for what sort of place this is.
func (b *build) Environment() string {
	if b.loopback() {
		return "local"
	}
	return "production"
}

// named is a constant of wp-config.php.
type named struct{ Name, Value string }

// Salts are WordPress's eight, all from one secret.
func (b *build) Salts() []named {
	var all []named
	for _, name := range []string{"AUTH_KEY", "SECURE_AUTH_KEY", "LOGGED_IN_KEY", "NONCE_KEY",
		"AUTH_SALT", "SECURE_AUTH_SALT", "LOGGED_IN_SALT", "NONCE_SALT"} {
		h := hmac.New(sha256.New, []byte(b.salt))
		h.Write([]byte(name)) // never fails
		all = append(all, named{name, hex.EncodeToString(h.Sum(nil))})
	}
	return all
}

// Words are those of the site's language, safe within quotes of PHP.
func (b *build) Words() map[string]string {
	quote := strings.NewReplacer(`\`, `\\`, `'`, `\'`)
	return map[string]string{
		"Hatena":    quote.Replace(b.lang.Text("site.share_hatena")),
		"Share":     quote.Replace(b.lang.Text("site.share")),
		"Trackback": quote.Replace(b.lang.Text("site.trackback")),
	}
}

// render fills the template of that name.
func (b *build) render(name string) ([]byte, error) {
	t, err := template.New(name).Option("missingkey=error").ParseFS(files, "files/"+name)
	if err != nil {
		return nil, err
	}
	var out bytes.Buffer
	if err := t.Execute(&out, b); err != nil {
		return nil, fmt.Errorf("fill %s: %w", name, err)
	}
	return out.Bytes(), nil
}

// furnish writes all files and folders but the database's.
func (b *build) furnish() error {
	for _, d := range []struct {
		path string
		mode fs.FileMode
		who  *owner
	}{
		{b.Etc(), 0o755, nil}, {b.Log(), 0o755, nil}, {b.Run(), 0o755, nil}, {b.Tmp(), 0o755, nil},
		{b.at("etc", "mariadb.d"), 0o755, nil}, {b.at("etc", "php.d"), 0o755, nil},
		{b.at("secrets"), 0o700, nil}, {b.at("secrets", "hands"), 0o700, nil}, {b.at("run", "mariadb"), 0o755, b.mysql},
		{b.at("tmp", "mariadb"), 0o700, b.mysql}, {b.at("tmp", "php"), 0o700, b.www}, {b.at("tmp", "nginx"), 0o755, nil},
		{b.Web(), 0o755, nil}, {b.at("web", "wp-content"), 0o755, nil}, {b.at("web", "wp-content", "themes"), 0o755, nil},
		{b.at("web", "wp-content", "plugins"), 0o755, nil}, {b.at("web", "wp-content", "mu-plugins"), 0o755, nil},
		{b.at("web", "wp-content", "uploads"), 0o755, b.www},
	} {
		if err := makeDir(d.path, d.mode, d.who); err != nil {
			return err
		}
	}
	if err := touch(b.at("log", "mariadb.log"), 0o640, b.mysql); err != nil {
		return err
	}
	for name, to := range map[string]*string{"db-password": &b.DBPassword, "admin-password": &b.adminPassword,
		"application-password": &b.appPass, "salt": &b.salt} {
		var err error
		if *to, err = b.secret(name); err != nil {
			return err
		}
	}
	if err := b.links(); err != nil {
		return err
	}
	for _, f := range []struct {
		name, path, service string
		mode                fs.FileMode
		who                 *owner
	}{
		{"my.cnf", b.at("etc", "my.cnf"), "mariadb", 0o644, nil},
		{"php-fpm.conf", b.at("etc", "php-fpm.conf"), "php", 0o644, nil},
		{"prepend.php", b.at("etc", "prepend.php"), "php", 0o644, nil},
		{"nginx.conf", b.at("etc", "nginx.conf"), "nginx", 0o644, nil},
		{"wp-config.php", b.wpConfig(), "php", 0o640, &owner{0, b.www.gid}},
		{"wp-load.php", b.at("web", "wp-load.php"), "", 0o644, nil},
		{"omamori.php", b.at("web", "wp-content", "mu-plugins", "omamori.php"), "", 0o644, nil},
	} {
		content, err := b.render(f.name)
		if err != nil {
			return err
		}
		if _, err := writeFile(f.path, content, f.mode, f.who); err != nil {
			return err
		}
		if f.service != "" {
			b.sums[f.service] = sum(append(content, b.sums[f.service]...)) // Opcache would show old ones for a while
		}
	}
	// PHP-FPM complains of a folder without any.
	if _, err := writeFile(b.at("etc", "php.d", "00-none.conf"), []byte("; omamori site tune writes beside this file.\n"), 0o644, nil); err != nil {
		return err
	}
	return b.writeHands()
}

// links puts WordPress's own files into the site's folder, as Debian has them: its
// security updates count at once.
func (b *build) links() error {
	entries, err := os.ReadDir(wordpress)
	if err != nil {
		return fmt.Errorf("read WordPress's files: %w", err)
	}
	for _, e := range entries {
		name := e.Name()
		switch {
		case strings.HasPrefix(name, ".") || strings.HasPrefix(name, "wp-config"):
			continue
		case slices.Contains([]string{"wp-content", "wp-load.php", "wp-cron.php", "readme.html"}, name):
			continue
		}
		if err := link(filepath.Join(wordpress, name), b.at("web", name)); err != nil {
			return err
		}
	}
	cron, err := os.ReadFile(filepath.Join(wordpress, "wp-cron.php")) // see files/prepend.php
	if err != nil {
		return fmt.Errorf("read WordPress's files: %w", err)
	}
	if _, err := writeFile(b.at("web", "wp-cron.php"), cron, 0o644, nil); err != nil {
		return err
	}
	themes, err := os.ReadDir(filepath.Join(wordpress, "wp-content/themes"))
	if err != nil {
		return fmt.Errorf("read WordPress's themes: %w", err)
	}
	for _, e := range themes {
		if err := link(filepath.Join(wordpress, "wp-content/themes", e.Name()), b.at("web", "wp-content", "themes", e.Name())); err != nil {
			return err
		}
	}
	if _, err := os.Stat(languages); err != nil {
		return nil // English alone
	}
	return link(languages, b.at("web", "wp-content", "languages"))
}

// services are what hands runs, in the order of their start.
func (b *build) services() []hands.Service {
	all := []hands.Service{
		{Name: "mariadb", PIDFile: b.at("run", "mariadb", "mariadb.pid"), Logs: []string{b.at("log", "mariadb.log")}, Writes: []string{b.DB()},
			Child: &hands.Child{User: "mysql", StopTimeout: "60s", Output: b.at("log", "mariadb.out"),
				Argv: []string{b.programs.mariadbd, "--defaults-file=" + b.at("etc", "my.cnf")}}},
		{Name: "php", PIDFile: b.at("run", "php.pid"), Logs: []string{b.at("log", "php.log")}, Writes: []string{b.at("tmp", "php")},
			Child: &hands.Child{Output: b.at("log", "php.out"), Argv: []string{b.programs.fpm, "--nodaemonize",
				"--fpm-config", b.at("etc", "php-fpm.conf"), "-d", fmt.Sprintf("opcache.memory_consumption=%d", b.Budget.Opcache/mib)}}},
		{Name: "nginx", PIDFile: b.at("run", "nginx.pid"), Logs: []string{b.at("log", "nginx.log")}, Writes: []string{b.Log()},
			Child: &hands.Child{Output: b.at("log", "nginx.out"),
				Argv: []string{b.programs.nginx, "-e", b.at("log", "nginx.log"), "-c", b.at("etc", "nginx.conf")}}},
	}
	all[0].Tunes = []hands.Tune{{Form: hands.FormMariaDB, File: b.at("etc", "mariadb.d", "zz-omamori.cnf")}}
	all[1].Tunes = []hands.Tune{{Form: hands.FormFPM, Pool: "site", File: b.at("etc", "php.d", "zz-omamori.conf")}}
	if b.WithSystemd {
		for i := range all {
			all[i].Systemd, all[i].Child = unitName(b.layout, all[i].Name), nil
		}
	}
	return all
}

func (b *build) writeHands() error {
	content, err := encode(hands.File{
		Guard: b.GuardUser, Run: b.at("run", "hands"), State: b.at("secrets", "hands"), Services: b.services(),
		Files: []string{b.wpConfig()}, Sockets: []string{b.PHPSocket()},
	})
	if err != nil {
		return err
	}
	if _, err := writeFile(b.handsFile(), content, 0o644, nil); err != nil {
		return err
	}
	// A command counts as much as the file that it names.
	for _, s := range b.services() {
		command, err := encode(s)
		if err != nil {
			return err
		}
		b.sums[s.Name] = sum(append(command, b.sums[s.Name]...))
	}
	b.sums["hands"] = sum(content)
	_, err = hands.Load(b.handsFile())
	return err
}
