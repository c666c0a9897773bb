package discover

import (
	"errors"
	"maps"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/txtar"

	"github.com/omamori-guard/omamori/chain"
	"github.com/omamori-guard/omamori/config"
	"github.com/omamori-guard/omamori/hands"
	"github.com/omamori-guard/omamori/links"
	"github.com/omamori-guard/omamori/words"
)

// blog is the machine of a blog, as its files say.
const blog = `
-- proc/7/comm --
mariadbd
-- proc/7/stat --
7 (mariadbd) S 1 7 7 0
-- proc/7/cgroup --
0::/system.slice/mariadb.service
-- proc/8/comm --
php-fpm8.2
-- proc/8/stat --
8 (php-fpm8.2) S 1 8 8 0
-- proc/8/fd/3 --
socket:[201]
-- proc/8/cgroup --
0::/system.slice/php8.2-fpm.service
-- proc/9/comm --
nginx
-- proc/9/stat --
9 (nginx) S 1 9 9 0
-- proc/9/cgroup --
0::/
-- proc/10/comm --
nginx
-- proc/10/stat --
10 (nginx) S 9 9 9 0
-- proc/11/comm --
sshd
-- proc/11/stat --
11 (sshd) S 1 11 11 0
-- proc/11/cgroup --
0::/system.slice/ssh.service
-- proc/12/comm --
nginx-prometheu
-- proc/13/comm --
sshd
-- proc/13/stat --
13 (sshd) S 1 13 13 0
-- proc/13/cmdline --
sshd: someone@pts/0
-- proc/net/tcp --
  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode
   0: 00000000:0050 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 100 1 0
   1: 00000000:08AE 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 101 1 0
   2: 0100007F:0050 0100007F:9999 01 00000000:00000000 00:00000000 00000000     0        0 102 1 0
-- proc/net/unix --
Num       RefCount Protocol Flags    Type St Inode Path
0: 00000002 00000000 00010000 0001 01 200 /run/mysqld/mysqld.sock
0: 00000002 00000000 00010000 0001 01 201 /run/php/php8.2-fpm.sock
0: 00000002 00000000 00010000 0001 01 202 /run/docker.sock
-- proc/self/mounts --
/dev/vda1 / ext4 rw 0 0
/dev/vdb1 /srv ext4 rw 0 0
/dev/vdc1 /mnt ext4 ro 0 0
/dev/vdd1 /run/mysqld ext4 rw 0 0
-- srv/keep --
-- etc/init.d/nginx --
-- run/nginx.pid --
9
-- run/mysqld/mysqld.sock --
-- var/lib/mysql/keep --
-- var/log/mysql/error.log --
-- etc/ssh/ssh_host_ed25519_key.pub --
ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIJ9vQ1Z0eXcxq0Qz4tq8mJ8m1b1cXb8nq3a2m5d7k9Qw root@blog
-- etc/nginx/nginx.conf --
http { include /etc/nginx/sites-enabled/*; }
-- etc/nginx/sites-enabled/blog --
# a site
server {
	listen 80;
	listen 443 ssl;
	server_name blog.example.jp www.blog.example.jp;
	ssl_certificate /etc/ssl/blog.pem;
	root /var/www/blog;
	location ~ \.php$ { fastcgi_pass unix:/run/php/php8.2-fpm.sock; add_header X "a; } b"; }
}
server { listen 80 default_server; server_name _; root /var/www/html; return 301 https://$host$request_uri; }
-- etc/ufw/ufw.conf --
# comment
ENABLED=yes
-- etc/mysql/debian.cnf --
[client]
password = planted-hunter2-c
-- etc/ssh/ssh_host_ed25519_key --
planted-hunter2-d
-- proc/9/environ --
DB_PASSWORD=planted-hunter2-e
-- var/www/blog/wp-config.php --
<?php
define( 'DB_NAME', 'blog' );
define( 'DB_USER', 'blog' );
define( 'DB_PASSWORD', 'planted-hunter2-a' );
define( 'DB_HOST', 'localhost' );
define( 'AUTH_KEY', 'planted-hunter2-f' );
$table_prefix = 'wp_';
-- etc/php/8.2/fpm/php-fpm.conf --
[global]
pid = /run/php/php8.2-fpm.pid
include=/etc/php/8.2/fpm/pool.d/*.conf
-- etc/php/8.2/fpm/pool.d/www.conf --
; a pool
[www]
listen = /run/php/php8.2-fpm.sock ; here
ping.path = /ping
env[API_TOKEN] = planted-hunter2-b
-- etc/php/8.2/fpm/pool.d/other.conf --
[other]
listen = 9000
`

// keepsSecrets fails the test if any of a machine's secrets is in b.
func keepsSecrets(t *testing.T, b []byte) {
	t.Helper()
	if strings.Contains(string(b), "planted-hunter2") {
		t.Errorf("a secret was copied:\n%s", b)
	}
}

// options are those of the program, as far as drafts have sections.
func options() config.Options {
	return config.Options{Kinds: links.All(), Sections: []config.Section{{Name: "hands", Settings: func() any {
		return &struct {
			Socket string `yaml:"socket"`
		}{}
	}}}}
}

func root(t *testing.T, files string) string {
	t.Helper()
	dir := t.TempDir()
	for _, f := range txtar.Parse([]byte(files)).Files {
		path := filepath.Join(dir, f.Name)
		put := func() error { return os.WriteFile(path, f.Data, 0o644) }
		if strings.Contains(f.Name, "/fd/") {
			put = func() error { return os.Symlink(strings.TrimSpace(string(f.Data)), path) }
		}
		if err := errors.Join(os.MkdirAll(filepath.Dir(path), 0o755), put()); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

// check holds a draft against the real kinds.
func check(t *testing.T, f *Found) (file *config.File, draft string) {
	t.Helper()
	for _, lang := range words.Langs {
		b, err := f.Draft(lang, nil)
		if err != nil {
			t.Fatal(err)
		}
		keepsSecrets(t, b)
		var problems []config.Problem
		file, problems = config.Parse("", b, options())
		for _, p := range problems {
			t.Errorf("%s: line %d: %s: %s", lang, p.Line, p.Path, words.English.Say(p.Text))
		}
		if t.Failed() {
			t.Fatalf("%s", b)
		}
		draft = string(b)
	}
	b, err := f.HandsFile()
	if err != nil {
		t.Fatal(err)
	}
	keepsSecrets(t, b)
	if _, bad := hands.Parse(b); len(bad) > 0 {
		t.Errorf("hands.json: %v\n%s", bad, b)
	}
	for _, said := range f.Summary() {
		if !words.Has(said.Key) {
			t.Errorf("no words for %s", said.Key)
		}
		keepsSecrets(t, []byte(words.English.Say(said)))
	}
	return file, draft
}

func TestABlog(t *testing.T) {
	f, err := Look(t.Context(), Options{Root: root(t, blog)})
	if err != nil {
		t.Fatal(err)
	}
	// The server for whoever asks for no site is none of its own.
	if len(f.Sites) != 1 || f.Sites[0].Config != "/var/www/blog/wp-config.php" || f.Sites[0].URL != "https://blog.example.jp/" {
		t.Errorf("sites: %+v", f.Sites)
	}
	if len(f.Services) != 4 || f.Firewall != "ufw" {
		t.Errorf("services: %+v, firewall %q", f.Services, f.Firewall)
	}
	f.Sites[0].Post, f.Sites[0].Title = "/2017/08/02/diary/", "It's back: yes"
	file, draft := check(t, f)
	needs := map[string]string{}
	for _, l := range file.Chain.Model().Links {
		needs[l.Name] = l.Kind + " " + strings.Join(l.Needs, " ")
	}
	want := map[string]string{
		"mariadb": "process ", "php": "process ", "nginx": "process ", "ssh": "process ",
		"sql": "mysql mariadb", "fpm": "phpfpm php", "cert-blog.example.jp": "tls nginx",
		"front-blog.example.jp": "wordpress nginx cert-blog.example.jp fpm sql", "sshd": "tcp ssh", "disk": "disk ", "disk-2": "disk ", "memory": "memory ",
		"firewall": "claim ", "login": "claim laptop sshd firewall", "written-blog.example.jp": "cadence ",
	}
	if !maps.Equal(needs, want) {
		t.Errorf("links:\n%v\nwant:\n%v", needs, want)
	}
	for _, goal := range []string{"blog", "shell"} {
		if _, ok := file.Chain.Goal(goal); !ok {
			t.Errorf("no goal %s", goal)
		}
	}
	if !strings.Contains(draft, "SHA256:") {
		t.Error("the host key's fingerprint is not in the draft")
	}
}

// Hands may touch what was found, and nothing else.
func TestHandsFile(t *testing.T) {
	// Anybody can have a program of that name, and a configuration that names any socket.
	f, err := Look(t.Context(), Options{Root: root(t, blog+`
-- proc/14/comm --
php-fpm8.2
-- proc/14/stat --
14 (php-fpm8.2) S 1 14 14 0
-- proc/14/cmdline --
php-fpm8.2 -y /tmp/fpm.conf
-- tmp/fpm.conf --
[x]
listen = /run/docker.sock
ping.path = /ping
`)})
	if err != nil {
		t.Fatal(err)
	}
	b, err := f.HandsFile()
	if err != nil {
		t.Fatal(err)
	}
	got, _ := hands.Parse(b)
	got.Services = slices.DeleteFunc(got.Services, func(s hands.Service) bool { return s.Name == "php-2" })
	want := hands.File{
		Guard: "omamori",
		Services: []hands.Service{
			{Name: "mariadb", Systemd: "mariadb.service", Logs: []string{"/var/log/mysql/error.log"}, Writes: []string{"/var/lib/mysql"}, Tunes: []hands.Tune{
				{Form: hands.FormMariaDB, File: "/etc/mysql/mariadb.conf.d/zz-omamori.cnf"},
				{Form: hands.FormUnit, File: "/etc/systemd/system/mariadb.service.d/zz-omamori.conf"},
			}},
			{Name: "php", Systemd: "php8.2-fpm.service", Tunes: []hands.Tune{
				{Form: hands.FormFPM, File: "/etc/php/8.2/fpm/pool.d/zz-omamori-other.conf", Pool: "other"},
				{Form: hands.FormFPM, File: "/etc/php/8.2/fpm/pool.d/zz-omamori-www.conf", Pool: "www"},
				{Form: hands.FormUnit, File: "/etc/systemd/system/php8.2-fpm.service.d/zz-omamori.conf"},
			}},
			{Name: "nginx", SysV: "nginx", PIDFile: "/run/nginx.pid"},
			{Name: "ssh", Systemd: "ssh.service"},
		},
		Files: []string{"/var/www/blog/wp-config.php"}, Sockets: []string{"/run/php/php8.2-fpm.sock"},
	}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("got  %+v\nwant %+v", got, want)
	}
}

// The database that has died is the very one to guard.
func TestADeadDatabase(t *testing.T) {
	dir := root(t, "-- run/systemd/system/keep --\n-- etc/systemd/system/multi-user.target.wants/keep --\n-- var/lib/mysql/keep --\n")
	if err := os.Symlink("/lib/systemd/system/mariadb.service", filepath.Join(dir, "etc/systemd/system/multi-user.target.wants/mariadb.service")); err != nil {
		t.Fatal(err)
	}
	f, err := Look(t.Context(), Options{Root: dir})
	if err != nil {
		t.Fatal(err)
	}
	if len(f.Services) != 1 || f.Services[0].Running || f.managed("mariadb") != "mariadb" || f.Database != "/run/mysqld/mysqld.sock" {
		t.Errorf("%+v, %q", f.Services, f.Database)
	}
	if b, err := f.HandsFile(); err != nil || !strings.Contains(string(b), "mariadb.service") {
		t.Errorf("%s %v", b, err)
	}
	check(t, f)
}

func TestAnEmptyMachine(t *testing.T) {
	f, err := Look(t.Context(), Options{Root: t.TempDir()})
	if err != nil {
		t.Fatal(err)
	}
	if file, _ := check(t, f); len(file.Links) != 2 {
		t.Errorf("%d links", len(file.Links))
	}
	if q, ok := f.Ask(Answers{"company": None}); ok {
		t.Errorf("asks %v", q)
	}
}

// What this very machine has makes a sound draft too.
func TestThisMachine(t *testing.T) {
	f, err := Look(t.Context(), Options{})
	if err != nil {
		t.Fatal(err)
	}
	check(t, f)
}

// A site that omamori made is guarded by the hands that run for it.
func TestOwnSite(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Skip("hands that root does not run are not believed: needs root")
	}
	f, err := Look(t.Context(), Options{Root: root(t, `
-- proc/20/comm --
omamori-hands
-- proc/20/stat --
20 (omamori-hands) S 1 20 20 0
-- proc/20/cmdline --
/usr/local/bin/omamori-hands --listen /srv/site/run/hands.sock --file /srv/site/hands.json
-- proc/21/comm --
mariadbd
-- proc/21/stat --
21 (mariadbd) S 20 21 21 0
-- proc/21/cmdline --
/usr/sbin/mariadbd --defaults-file=/srv/site/etc/my.cnf
-- proc/22/comm --
mariadbd
-- proc/22/stat --
22 (mariadbd) S 1 22 22 0
-- srv/site/etc/my.cnf --
[client]
socket = /wrong
[mariadbd]
socket = /srv/site/run/m.sock
-- srv/site/omamori.yaml --
-- srv/site/hands.json --
{"guard": "nobody", "services": [{"name": "db", "child": {"argv": ["/usr/sbin/mariadbd"]}}]}
`)})
	if err != nil {
		t.Fatal(err)
	}
	if f.managed("mariadb") != "db" || f.managed("mariadb-2") != "" || f.Database != "/srv/site/run/m.sock" || f.Hands == nil || f.Hands.Own != "/srv/site/omamori.yaml" {
		t.Errorf("%+v %q %+v", f.Services, f.Database, f.Hands)
	}
	if _, draft := check(t, f); !strings.Contains(draft, "socket: '/srv/site/run/hands.sock'") || !strings.Contains(draft, "service: db\n") {
		t.Errorf("%s", draft)
	}
}

func TestApache(t *testing.T) {
	got := parseApache("# x\n<VirtualHost *:443>\n ServerName blog.test:443\n ServerAlias www.blog.test\n DocumentRoot \"/var/www\"\n SSLCertificateFile /x\n</VirtualHost>\n<VirtualHost *:80>\n</VirtualHost>\nServerName stray\n")
	if len(got) != 2 || got[0].names[0] != "blog.test" || !got[0].tls || got[0].root != "/var/www" || got[0].ports[0] != 443 {
		t.Errorf("%+v", got)
	}
}

func TestNamesAreQuoted(t *testing.T) {
	f := &Found{Sites: []Site{{Name: "x", URL: "http://x/", WordPress: true, Config: "/a b'c.php", Post: "/p", Title: "it's: [a] {b} # c"}}, Database: "/run/a.sock"}
	file, _ := check(t, f)
	if len(file.Links) == 0 {
		t.Error("no links")
	}
}

func FuzzNginx(f *testing.F) {
	f.Add("http { server { listen 80; server_name a \"b;\" 'c'; location / { root /x; } } }")
	f.Add("} ; { \" ' # ${x}")
	f.Fuzz(func(t *testing.T, src string) {
		var walk func([]directive)
		walk = func(all []directive) {
			for _, d := range all {
				if len(d.words) == 0 {
					t.Error("a directive without words")
				}
				nginxServer(d.block)
				walk(d.block)
			}
		}
		walk(parseNginx(src))
	})
}

func FuzzSmallFiles(f *testing.F) {
	f.Add("<VirtualHost *:80>\nServerName x\n</VirtualHost>", "[www]\nlisten = 9000\n", "0: 00000000:0050 0 0A 0 0 0 0 0 100", `[{"link":"http://x/y","title":{"rendered":"z"}}]`)
	f.Fuzz(func(t *testing.T, apache, pool, table, post string) {
		parseApache(apache)
		pools := parsePools(pool)
		parseTCP(table, nil)
		parseUnix(table, nil)
		fingerprint(pool)
		unitOf(table)
		hostOf(post)
		apacheWords(post)
		selfSigned(pool)
		link, title := parsePost([]byte(post))
		found := &Found{Pools: pools[:min(len(pools), 3)], Services: []Service{{Name: "php", Process: "php-fpm", User: apache, Running: true}},
			Sites: []Site{{Name: "s", URL: "http://s/", WordPress: true, Config: "/c.php", Title: title}}, SSH: 22, EC2: &EC2{Kind: "x", Groups: []string{table}}}
		if link != nil {
			found.Sites[0].Post = link.RequestURI()
		}
		b, err := found.Draft(words.English, Answers{"laptop": apache, "address": pool, "second": table, "phone": post})
		if err != nil {
			t.Fatal(err)
		}
		for _, p := range secondRead(b) {
			if p.Text.Key == "config.syntax" {
				t.Errorf("a foreign file breaks the draft: %s\n%s", words.English.Say(p.Text), b)
			}
		}
	})
}

func secondRead(b []byte) []config.Problem {
	_, problems := config.Parse("", b, config.Options{Kinds: []chain.Kind{}})
	return problems
}
