package discover

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/omamori-guard/omamori/words"
)

const dmi = "-- sys/class/dmi/id/sys_vendor --\nAmazon EC2\n"

// metadata is EC2's metadata service, version 2 alone, with what must not be asked.
func metadata(t *testing.T, token string) (base string, asked func() []string) {
	t.Helper()
	var mu sync.Mutex
	var paths []string
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		mu.Lock()
		paths = append(paths, r.URL.Path)
		mu.Unlock()
		const is = "X-aws-ec2-metadata-token"
		switch {
		case r.URL.Path == "/latest/api/token" && r.Method == http.MethodPut && r.Header.Get(is+"-ttl-seconds") != "" && token != "":
			fmt.Fprint(w, token)
		case token == "" || r.Header.Get(is) != token:
			w.WriteHeader(http.StatusUnauthorized)
		default:
			answer, ok := map[string]string{
				"/latest/meta-data/instance-type": "t2.micro", "/latest/meta-data/instance-id": "i-0abc\n# injected: yes",
				"/latest/meta-data/placement/region": "ap-northeast-1", "/latest/meta-data/security-groups": "blog's group\nother\n",
				"/latest/user-data": "planted-hunter2-g",
			}[r.URL.Path]
			if !ok {
				w.WriteHeader(http.StatusNotFound)
			}
			fmt.Fprint(w, answer)
		}
	}))
	t.Cleanup(s.Close)
	return s.URL, func() []string { mu.Lock(); defer mu.Unlock(); return paths }
}

func TestEC2(t *testing.T) {
	base, asked := metadata(t, "a-token")
	f, err := Look(t.Context(), Options{Root: root(t, dmi), Metadata: base})
	if err != nil {
		t.Fatal(err)
	}
	e := f.EC2
	if e == nil || e.Kind != "t2.micro" || e.Instance != "" || e.Region != "ap-northeast-1" || strings.Join(e.Groups, "|") != "blog's group|other" {
		t.Errorf("%+v", e)
	}
	if all := asked(); all[0] != "/latest/api/token" || strings.Contains(strings.Join(all, " "), "user-data") || strings.Contains(strings.Join(all, " "), "iam") {
		t.Errorf("asked for %v", all)
	}
	file, _ := check(t, f)
	var things []string
	for _, thing := range file.Chain.Model().Things {
		things = append(things, thing.Name)
	}
	if got := strings.Join(things, " "); got != "phone mailbox phone-number aws-account" {
		t.Errorf("things: %s", got)
	}
	if _, ok := file.Chain.Goal("console"); !ok {
		t.Error("no goal console")
	}
}

// Metadata that are switched off say nothing; a machine elsewhere is never asked.
func TestNoMetadata(t *testing.T) {
	base, asked := metadata(t, "")
	f, err := Look(t.Context(), Options{Root: root(t, dmi), Metadata: base})
	if err != nil || f.EC2 == nil || f.EC2.Kind != "" {
		t.Errorf("%+v %v", f.EC2, err)
	}
	check(t, f)
	before := len(asked())
	f, err = Look(t.Context(), Options{Root: root(t, "-- sys/class/dmi/id/sys_vendor --\nQEMU\n"), Metadata: base})
	if err != nil || f.EC2 != nil || len(asked()) != before {
		t.Errorf("%+v %v, asked %v", f.EC2, err, asked())
	}
}

const nginxRuns = "-- proc/9/comm --\nnginx\n-- proc/9/stat --\n9 (nginx) S 1 9 9 0\n"

func TestOddMachines(t *testing.T) {
	link := func(t *testing.T, dir, from, to string) {
		if err := os.Symlink(to, filepath.Join(dir, from)); err != nil {
			t.Fatal(err)
		}
	}
	for name, c := range map[string]struct {
		files string
		spoil func(t *testing.T, dir string)
		sites int
	}{
		"broken nginx":    {files: "-- etc/nginx/nginx.conf --\nhttp { server { listen 80; server_name a.test; } server { listen 8080; server_name \"b.test\n } } } ; {{{", sites: 1},
		"no http":         {files: "-- etc/nginx/nginx.conf --\nstream { server { listen 3306; } } mail { server { listen 25; server_name m.test; } }"},
		"unix alone":      {files: "-- etc/nginx/nginx.conf --\nhttp { server { listen unix:/run/x.sock; server_name a.test; } server { listen unix:/run/y.sock; listen 81; server_name b.test; } }", sites: 1},
		"several ports":   {files: "-- etc/nginx/nginx.conf --\nhttp { server { listen 8081; server_name a.test; } server { listen 8082; server_name a.test; } server { listen [::]:80; server_name a.test; } }", sites: 3},
		"included parts":  {files: "-- etc/nginx/nginx.conf --\nhttp { include site.conf; }\n-- etc/nginx/site.conf --\nserver { include name.conf; listen 80; }\n-- etc/nginx/name.conf --\nserver_name a.test;\n", sites: 1},
		"includes itself": {files: "-- etc/nginx/nginx.conf --\nhttp { include nginx.conf; include *.conf; include */*/*.conf; server { server_name a.test; include nginx.conf; } }\n", sites: 1},
		"link loops": {spoil: func(t *testing.T, dir string) {
			for _, d := range []string{"etc/nginx", "etc/ssh", "var/www"} {
				if err := os.MkdirAll(filepath.Join(dir, d), 0o755); err != nil {
					t.Fatal(err)
				}
			}
			link(t, dir, "etc/nginx/nginx.conf", "nginx.conf")
			link(t, dir, "etc/nginx/loop", ".")
			link(t, dir, "etc/apache2", "apache2")
			link(t, dir, "etc/ssh/ssh_host_ed25519_key.pub", "/dev/zero")
		}},
		"loops of folders": {files: "-- etc/nginx/nginx.conf --\nhttp { include */*/*/*/*/*/*/*/*/*/*/*.conf; server { server_name a.test; } }", sites: 1, spoil: func(t *testing.T, dir string) {
			for i := range 30 {
				link(t, dir, fmt.Sprintf("etc/nginx/l%d", i), ".")
			}
		}},
		"pipes": {files: "-- etc/nginx/keep --\n", spoil: func(t *testing.T, dir string) {
			if err := syscall.Mkfifo(filepath.Join(dir, "etc/nginx/nginx.conf"), 0o644); err != nil {
				t.Fatal(err)
			}
		}},
		"endless": {files: "-- etc/nginx/nginx.conf --\nhttp { " + strings.Repeat("server { listen 80; server_name a.test; } ", 20_000), sites: 1},
		"deep":    {files: "-- etc/nginx/nginx.conf --\n" + strings.Repeat("http { ", 100_000)},
		"many sites": {files: func() string {
			var b strings.Builder
			b.WriteString("-- etc/nginx/nginx.conf --\nhttp {\n")
			for i := range 1000 {
				fmt.Fprintf(&b, "server { server_name s%d.test; }\n", i)
			}
			return b.String() + "}\n"
		}(), sites: maxSites},
		"many processes": {spoil: func(t *testing.T, dir string) {
			for i := range 2000 {
				if err := os.MkdirAll(filepath.Join(dir, "proc", fmt.Sprint(100+i)), 0o755); err != nil {
					t.Fatal(err)
				}
			}
		}},
		"garbage": {files: "-- proc/10/comm --\nphp-fpm9.9\n-- proc/10/stat --\nx\n-- proc/net/tcp --\n\x00 \xff\n a b c 0A\n 0: zz:zz x 0A a b c d e f\n-- proc/net/unix --\n\x00\n-- proc/self/mounts --\n/dev/x\n/dev/y /nowhere ext4 rw\n"},
	} {
		t.Run(name, func(t *testing.T) {
			dir := root(t, "\n"+nginxRuns+c.files)
			if c.spoil != nil {
				c.spoil(t, dir)
			}
			f, err := Look(t.Context(), Options{Root: dir})
			if err != nil {
				t.Fatal(err)
			}
			if len(f.Sites) != c.sites {
				t.Errorf("%d sites, want %d: %+v", len(f.Sites), c.sites, f.Sites)
			}
			check(t, f)
		})
	}
}

// Who may read little still gets a draft.
func TestUnreadable(t *testing.T) {
	dir := root(t, blog)
	for _, p := range []string{"var/www/blog/wp-config.php", "etc/php/8.2/fpm/php-fpm.conf", "proc/7/stat", "etc/ssh/ssh_host_ed25519_key.pub"} {
		if err := os.Chmod(filepath.Join(dir, p), 0); err != nil {
			t.Fatal(err)
		}
	}
	if os.Geteuid() == 0 { // whom nothing is unreadable: gone is as good
		for _, p := range []string{"etc/php/8.2/fpm/php-fpm.conf", "etc/ssh/ssh_host_ed25519_key.pub"} {
			if err := os.Remove(filepath.Join(dir, p)); err != nil {
				t.Fatal(err)
			}
		}
		if err := os.WriteFile(filepath.Join(dir, "var/www/blog/wp-config.php"), nil, 0); err != nil {
			t.Fatal(err)
		}
	}
	f, err := Look(t.Context(), Options{Root: dir})
	if err != nil {
		t.Fatal(err)
	}
	if len(f.Sites) != 1 || !f.Sites[0].WordPress || f.Sites[0].Config != "" {
		t.Errorf("%+v", f.Sites)
	}
	if _, draft := check(t, f); strings.Contains(draft, "wp_config") || !strings.Contains(draft, "user: omamori") {
		t.Errorf("%s", draft)
	}
}

// The kernel's log is no file that ends.
func TestReadingEnds(t *testing.T) {
	done := make(chan string)
	go func() { done <- machine{"/"}.read("/proc/kmsg") }()
	select {
	case <-done:
	case <-time.After(time.Minute):
		t.Error("it waits for the kernel")
	}
}

func TestAddresses(t *testing.T) {
	for in, want := range map[string]string{
		"0100007F": "127.0.0.1", "00000000": "127.0.0.1", "0501A8C0": "192.168.1.5",
		"00000000000000000000000000000000": "127.0.0.1", "00000000000000000000000001000000": "::1",
		"0000000000000000FFFF00000100007F": "127.0.0.1", "B80D0120000000000000000001000000": "2001:db8::1", "": "", "zz": "",
	} {
		if got := hostOf(in); got != want {
			t.Errorf("%s: %q, want %q", in, got, want)
		}
	}
	if got := at("http", "::1", 8080); got != "http://[::1]:8080/" {
		t.Error(got)
	}
}

// The unit of a container's runtime is not what looks after the programs in it.
func TestUnits(t *testing.T) {
	for in, want := range map[string]string{
		"0::/system.slice/mariadb.service": "mariadb.service", "1:name=systemd:/system.slice/nginx.service\n0::/": "nginx.service",
		"0::/system.slice/docker-1234.scope": "", "0::/system.slice/containerd.service/kubepods/pod1": "",
		"0::/user.slice/user-1000.slice/user@1000.service/app.slice/mine.service": "", "0::/": "", "": "",
	} {
		if got := unitOf(in); got != want {
			t.Errorf("%s: %q, want %q", in, got, want)
		}
	}
}

func TestPost(t *testing.T) {
	for in, want := range map[string]string{
		`[{"link":"https://a.test/x?p=1","title":{"rendered":"It&#8217;s"}}]`: "/x?p=1 It’s",
		`[{"link":"javascript:alert(1)"}]`:                                    "", `[{"link":"http://u:planted-hunter2@a.test/"}]`: "", `[]`: "", `{`: "",
		`[{"link":"http://a.test/","title":{"rendered":"<b>"}}]`: "/ ",
	} {
		link, title := parsePost([]byte(in))
		got := ""
		if link != nil {
			got = link.RequestURI() + " " + title
		}
		if got != want {
			t.Errorf("%s: %q, want %q", in, got, want)
		}
	}
}

// Where WordPress knows another address than this machine has, that is the one to prove.
func TestTheAddressOfABlog(t *testing.T) {
	for link, want := range map[string]string{
		"https://blog.test/x": "https://blog.test/ ", "http://blog.test/x": "http://blog.test/ HERE",
	} {
		s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			fmt.Fprintf(w, `[{"link":%q,"title":{"rendered":"t"}}]`, link)
		}))
		here := strings.TrimPrefix(s.URL, "http://")
		sites := []Site{{Name: "x", URL: s.URL + "/", WordPress: true}}
		ask(t.Context(), sites)
		s.Close()
		if got := strings.ReplaceAll(sites[0].URL+" "+sites[0].Connect, here, "HERE"); got != want || sites[0].Post != "/x" || sites[0].Name != "blog.test" {
			t.Errorf("%s: %q, want %q (%+v)", link, got, want, sites[0])
		}
	}
}

// A page that wants a password is well as it is.
func TestStatus(t *testing.T) {
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusUnauthorized) }))
	defer s.Close()
	f := &Found{Sites: []Site{{Name: "x", URL: s.URL + "/"}}}
	ask(t.Context(), f.Sites)
	b, err := f.Draft(words.English, nil)
	if err != nil || !strings.Contains(string(b), "status: [401]") {
		t.Errorf("%v\n%s", err, b)
	}
}
