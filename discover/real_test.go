package discover

import (
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
)

// start runs a daemon in the foreground until the test ends.
func start(t *testing.T, argv ...string) {
	t.Helper()
	if _, err := os.Stat(argv[0]); err != nil {
		if os.Getenv("CI") != "" {
			t.Fatal(err)
		}
		t.Skip(err)
	}
	cmd := exec.Command(argv[0], argv[1:]...)
	var out strings.Builder
	cmd.Stdout, cmd.Stderr = &out, &out
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = cmd.Process.Signal(os.Interrupt)
		_ = cmd.Wait()
		if t.Failed() {
			t.Logf("%s: %s", argv[0], out.String())
		}
	})
}

func freePort(t *testing.T) int {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().(*net.TCPAddr).Port
}

// until looks at the machine until what is wanted is found.
func until(t *testing.T, what string, found func(*Found) bool) *Found {
	t.Helper()
	for deadline := time.Now().Add(time.Minute); ; time.Sleep(50 * time.Millisecond) {
		f, err := Look(t.Context(), Options{})
		if err != nil {
			t.Fatal(err)
		}
		if found(f) {
			return f
		}
		if time.Now().After(deadline) {
			t.Fatalf("not found: %s\n%+v", what, f)
		}
	}
}

// The real daemons are found by what they show of themselves, wherever they have
// their files, and told from others of their name.
func TestRealDaemons(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Skip("looks into other users' processes: needs root")
	}
	dir, err := os.MkdirTemp("", "omamori-discover")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	put := func(name, content string) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte(content), 0o644); err != nil {
			t.Fatal(err)
		}
		return path
	}
	web, ssh := freePort(t), freePort(t)
	put("wp-load.php", "<?php\n")
	put("wp-config.php", "<?php\ndefine('DB_NAME','b');define('DB_USER','b');define('DB_PASSWORD','planted-hunter2-h');$table_prefix='wp_';\n")
	conf := put("nginx.conf", fmt.Sprintf("daemon off; pid %s/nginx.pid; error_log %[1]s/nginx.log;\nevents {}\nhttp { access_log off; include %[1]s/site*.conf; }\n", dir))
	put("site1.conf", fmt.Sprintf("server { listen 127.0.0.1:%d; server_name real.test; root %s; location ~ php { fastcgi_pass unix:%[2]s/php.sock; } }\n", web, dir))
	fpm := put("fpm.conf", fmt.Sprintf("[global]\npid = %s/php.pid\nerror_log = %[1]s/php.log\n[real]\nuser = www-data\nlisten = %[1]s/php.sock\npm = static\npm.max_children = 1\nping.path = /ping\n", dir))
	key := filepath.Join(dir, "key")
	if out, err := exec.Command("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", key).CombinedOutput(); err != nil {
		t.Skipf("%v: %s", err, out)
	}
	if err := os.MkdirAll("/run/sshd", 0o755); err != nil {
		t.Fatal(err)
	}
	sshd := put("sshd_config", fmt.Sprintf("Port %d\nListenAddress 127.0.0.1\nHostKey %s\nPidFile none\n", ssh, key))
	fpms, err := filepath.Glob("/usr/sbin/php-fpm*")
	if err != nil || len(fpms) == 0 {
		t.Skip("no php-fpm here")
	}
	start(t, "/usr/sbin/nginx", "-c", conf)
	start(t, fpms[0], "--nodaemonize", "--fpm-config", fpm)
	start(t, "/usr/sbin/sshd", "-D", "-f", sshd)

	of := func(f *Found, config string) *Service {
		i := slices.IndexFunc(f.Services, func(s Service) bool { return s.config == config })
		if i < 0 {
			return nil
		}
		return &f.Services[i]
	}
	site := func(f *Found) *Site {
		i := slices.IndexFunc(f.Sites, func(s Site) bool { return s.Name == fmt.Sprintf("real.test-%d", web) })
		if i < 0 {
			return nil
		}
		return &f.Sites[i]
	}
	f := until(t, "nginx, php-fpm and sshd", func(f *Found) bool {
		n, p := of(f, conf), of(f, fpm)
		return site(f) != nil && n != nil && n.PIDFile != "" && p != nil && p.PIDFile != "" && of(f, sshd) != nil
	})
	s := site(f)
	if s.URL != fmt.Sprintf("http://real.test:%d/", web) || s.Connect != fmt.Sprintf("127.0.0.1:%d", web) || !s.WordPress || s.Config != dir+"/wp-config.php" ||
		s.web != of(f, conf).Name || s.php != of(f, fpm).Name {
		t.Errorf("%+v", *s)
	}
	if of(f, conf).PIDFile != dir+"/nginx.pid" || of(f, fpm).PIDFile != dir+"/php.pid" {
		t.Errorf("%+v %+v", *of(f, conf), *of(f, fpm))
	}
	if !slices.ContainsFunc(f.Pools, func(p Pool) bool {
		return p.Socket == dir+"/php.sock" && p.Ping == "/ping" && p.service == of(f, fpm).Name
	}) {
		t.Errorf("%+v", f.Pools)
	}
	check(t, f)
}
