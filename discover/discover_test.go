package discover

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/txtar"

	"github.com/omamori-guard/omamori/chain"
	"github.com/omamori-guard/omamori/config"
	"github.com/omamori-guard/omamori/hands"
	"github.com/omamori-guard/omamori/links"
	"github.com/omamori-guard/omamori/words"
)

const secret = "hunter2-planted"

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
-- proc/net/tcp --
  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode
   0: 00000000:0050 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 100 1 0
   1: 00000000:08AE 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 101 1 0
   2: 0100007F:0050 0100007F:9999 01 00000000:00000000 00:00000000 00000000     0        0 102 1 0
-- proc/net/unix --
Num       RefCount Protocol Flags    Type St Inode Path
0: 00000002 00000000 00010000 0001 01 200 /run/mysqld/mysqld.sock
-- proc/self/mounts --
/dev/vda1 / ext4 rw 0 0
/dev/vdb1 /srv ext4 rw 0 0
/dev/vdc1 /mnt ext4 ro 0 0
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
-- var/www/blog/wp-config.php --
<?php
define( 'DB_NAME', 'blog' );
define( 'DB_USER', 'blog' );
define( 'DB_PASSWORD', 'hunter2-planted' );
define( 'DB_HOST', 'localhost' );
$table_prefix = 'wp_';
-- etc/php/8.2/fpm/pool.d/www.conf --
; a pool
[www]
listen = /run/php/php8.2-fpm.sock ; here
ping.path = /ping
-- etc/php/8.2/fpm/pool.d/other.conf --
[other]
listen = 9000
`

func root(t *testing.T, files string) string {
	t.Helper()
	dir := t.TempDir()
	for _, f := range txtar.Parse([]byte(files)).Files {
		path := filepath.Join(dir, f.Name)
		if err := errors.Join(os.MkdirAll(filepath.Dir(path), 0o755), os.WriteFile(path, f.Data, 0o644)); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

// check holds a draft against the real kinds.
func check(t *testing.T, f *Found) (file *config.File, draft string) {
	t.Helper()
	for _, lang := range words.Langs {
		b, err := f.Draft(lang)
		if err != nil {
			t.Fatal(err)
		}
		if strings.Contains(string(b), secret) {
			t.Errorf("a secret was copied:\n%s", b)
		}
		var problems []config.Problem
		file, problems = config.Parse("", b, config.Options{Kinds: links.All()})
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
	if _, bad := hands.Parse(b); len(bad) > 0 {
		t.Errorf("hands.json: %v\n%s", bad, b)
	}
	for _, said := range f.Summary() {
		if !words.Has(said.Key) {
			t.Errorf("no words for %s", said.Key)
		}
	}
	return file, draft
}

func TestABlog(t *testing.T) {
	f, err := Look(t.Context(), Options{Root: root(t, blog)})
	if err != nil {
		t.Fatal(err)
	}
	if len(f.Sites) != 2 || f.Sites[0].Config != "/var/www/blog/wp-config.php" || f.Sites[0].URL != "https://blog.example.jp/" {
		t.Errorf("sites: %+v", f.Sites)
	}
	f.Sites[0].Post, f.Sites[0].Title = "/2017/08/02/diary/", "It's back: yes"
	file, draft := check(t, f)
	needs := map[string]string{}
	for _, l := range file.Chain.Model().Links {
		needs[l.Name] = l.Kind + " " + strings.Join(l.Needs, " ")
	}
	for name, want := range map[string]string{
		"mariadb": "process ", "php": "process ", "nginx": "process ", "ssh": "process ",
		"sql": "mysql mariadb", "fpm": "phpfpm php", "cert-blog.example.jp": "tls ",
		"front-blog.example.jp": "wordpress nginx cert-blog.example.jp fpm sql", "sshd": "tcp ssh", "disk": "disk ", "disk-2": "disk ", "memory": "memory ",
	} {
		if needs[name] != want {
			t.Errorf("%s: %q, want %q", name, needs[name], want)
		}
	}
	b, err := f.HandsFile()
	if err != nil {
		t.Fatal(err)
	}
	h, _ := hands.Parse(b)
	if len(h.Services) != 4 || h.Services[0].Systemd != "mariadb.service" || h.Services[2].SysV != "nginx" || len(h.Files) != 1 || len(h.Sockets) != 1 {
		t.Errorf("hands: %s", b)
	}
	if !strings.Contains(draft, "SHA256:") {
		t.Error("the host key's fingerprint is not in the draft")
	}
}

func TestAnEmptyMachine(t *testing.T) {
	f, err := Look(t.Context(), Options{Root: t.TempDir()})
	if err != nil {
		t.Fatal(err)
	}
	if file, _ := check(t, f); len(file.Links) != 2 {
		t.Errorf("%d links", len(file.Links))
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

func TestApache(t *testing.T) {
	got := parseApache("# x\n<VirtualHost *:443>\n ServerName blog.test:443\n ServerAlias www.blog.test\n DocumentRoot \"/var/www\"\n SSLCertificateFile /x\n</VirtualHost>\n<VirtualHost *:80>\n</VirtualHost>\nServerName stray\n")
	if len(got) != 2 || got[0].names[0] != "blog.test" || !got[0].tls || got[0].root != "/var/www" || got[0].ports[0] != 443 {
		t.Errorf("%+v", got)
	}
}

func TestNamesAreQuoted(t *testing.T) {
	f := &Found{Sites: []Site{{Name: "x", URL: "http://x/", Config: "/a b'c.php", Post: "/p", Title: "it's: [a] {b} # c"}}, Database: "/run/a.sock"}
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
		at, title := parsePost([]byte(post))
		found := &Found{Pools: pools[:min(len(pools), 3)], Services: []Service{{Name: "php", Process: "php-fpm", User: apache}},
			Sites: []Site{{Name: "s", URL: "http://s/", Config: "/c.php", Post: at, Title: title}}}
		b, err := found.Draft(words.English)
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
