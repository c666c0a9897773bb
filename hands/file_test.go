package hands

import (
	"encoding/json"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/omamori-guard/omamori/words"
)

const goodFile = `{
  "guard": "omamori",
  "services": [
    {"name": "mariadb", "systemd": "mariadb.service", "logs": ["/var/log/mysql/error.log"], "writes": ["/var/lib/mysql"]},
    {"name": "nginx", "sysv": "nginx", "pid_file": "/run/nginx.pid"},
    {"name": "php", "child": {"argv": ["/usr/sbin/php-fpm8.2", "-F"], "user": "root", "dir": "/", "env": ["A=b"],
      "stop_signal": "QUIT", "stop_timeout": "5s"}}],
  "files": ["/etc/wordpress/config-localhost.php"],
  "sockets": ["/run/php/php8.2-fpm.sock"],
  "deeds": 30
}`

func TestParse(t *testing.T) {
	f, bad := Parse([]byte(goodFile))
	if bad != nil {
		t.Fatal(bad)
	}
	if len(f.Services) != 3 || f.Services[2].Child.StopSignal != "QUIT" || f.deeds() != 30 || f.run() != DefaultRun {
		t.Errorf("%+v", f)
	}
	b, err := json.Marshal(f) // what site and discover do
	if err != nil {
		t.Fatal(err)
	}
	again, bad := Parse(b)
	if bad != nil || !reflect.DeepEqual(again, f) {
		t.Errorf("%s\n%v", b, bad)
	}
}

func TestMistakesOfTheFile(t *testing.T) {
	service := func(s string) string { return "{\n\"services\": [\n" + s + "]}" }
	for text, want := range map[string]string{
		`{`:                                 "hands.bad_json",
		``:                                  "hands.bad_json",
		`{} x`:                              "hands.more_after_end",
		`{"services": null}`:                "hands.null",
		`{"servces": []}`:                   "hands.unknown_field_near",
		`{"x": []}`:                         "hands.unknown_field",
		`{"guard": "a", "guard": "b"}`:      "hands.field_twice",
		`{"guard": 7}`:                      "hands.wrong_type",
		`{"deeds": "7"}`:                    "hands.wrong_type",
		`{"deeds": -1}`:                     "hands.bad_deeds",
		`{"deeds": 100000}`:                 "hands.bad_deeds",
		`{"guard": "a:b"}`:                  "hands.bad_user",
		`{"files": ["etc/passwd"]}`:         "hands.bad_path",
		`{"files": ["/etc/../etc/passwd"]}`: "hands.bad_path",
		`{"sockets": ["/a\u0000"]}`:         "hands.bad_path",
		`{"run": "/a/"}`:                    "hands.bad_path",
		`{"files": [` + strings.Repeat(`"/a",`, 300) + `"/a"]}`:                                 "hands.too_many",
		service(`{"name": "A", "systemd": "a.service"}`):                                        "hands.bad_name",
		service(`{"name": "a", "systemd": "a.service"}, {"name": "a", "systemd": "a.service"}`): "hands.name_twice",
		service(`{"name": "a"}`): "hands.one_manager",
		service(`{"name": "a", "systemd": "a.service", "child": {"argv": ["/a"]}}`): "hands.one_manager",
		service(`{"name": "a", "systemd": "a.mount"}`):                              "hands.bad_unit",
		service(`{"name": "a", "systemd": "../a.service"}`):                         "hands.bad_unit",
		service(`{"name": "a", "sysv": "../a", "pid_file": "/a"}`):                  "hands.bad_script",
		service(`{"name": "a", "sysv": "a"}`):                                       "hands.no_pid_file",
		service(`{"name": "a", "child": {}}`):                                       "hands.no_argv",
		service(`{"name": "a", "child": {"argv": ["sh"]}}`):                         "hands.bad_path",
		service(`{"name": "a", "child": {"argv": ["/a", "b\u0000"]}}`):              "hands.bad_word",
		service(`{"name": "a", "child": {"argv": ["/a"], "env": ["A"]}}`):           "hands.bad_env",
		service(`{"name": "a", "child": {"argv": ["/a"], "stop_signal": "KILL"}}`):  "hands.bad_signal",
		service(`{"name": "a", "child": {"argv": ["/a"], "stop_timeout": "1h"}}`):   "hands.bad_time",
		service(`{"name": "a", "child": {"argv": ["/a"], "stop_timeout": "soon"}}`): "hands.bad_time",
		service(`{"name": "a", "logs": ["log"], "systemd": "a.service"}`):           "hands.bad_path",
	} {
		_, bad := Parse([]byte(text))
		if len(bad) != 1 || bad[0].Text.Key != want {
			t.Errorf("%.100s\ngot %v, want %s", text, bad, want)
			continue
		}
		if !words.Has(want) {
			t.Errorf("no words for %s", want)
		}
		if strings.HasPrefix(text, "{\n") && bad[0].Line != 3 {
			t.Errorf("%s\nline %d", text, bad[0].Line)
		}
	}
}

// A file that others than root could have written is refused, however it is hidden.
func TestLoadOfAFileOfOthers(t *testing.T) {
	needRoot(t)
	fresh := func(t *testing.T) (dir, path string) {
		dir = t.TempDir()
		path = filepath.Join(dir, "hands.json")
		write(t, path, goodFile, 0o644)
		return dir, path
	}
	check := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	for name, c := range map[string]struct {
		spoil func(t *testing.T, dir, path string) string
		want  string
	}{
		"well":              {func(_ *testing.T, _, path string) string { return path }, ""},
		"writable by all":   {func(_ *testing.T, _, path string) string { check(os.Chmod(path, 0o646)); return path }, "hands.writable"},
		"writable by group": {func(_ *testing.T, _, path string) string { check(os.Chmod(path, 0o664)); return path }, "hands.writable"},
		"owned by another":  {func(_ *testing.T, _, path string) string { check(os.Chown(path, 33, 0)); return path }, "hands.not_owned"},
		"folder of another": {func(_ *testing.T, dir, path string) string { check(os.Chown(dir, 33, 0)); return path }, "hands.not_owned"},
		"folder for all":    {func(_ *testing.T, dir, path string) string { check(os.Chmod(dir, 0o777)); return path }, "hands.writable"},
		"link into a folder of another": {func(t *testing.T, dir, path string) string {
			mine := t.TempDir()
			check(os.Chown(dir, 33, 0))
			check(os.Symlink(path, mine+"/link.json"))
			return mine + "/link.json"
		}, "hands.not_owned"},
		"a fifo": {func(_ *testing.T, dir, _ string) string {
			check(unix.Mkfifo(dir+"/fifo", 0o600))
			return dir + "/fifo"
		}, "hands.not_regular"},
		"a folder": {func(_ *testing.T, dir, _ string) string { return dir }, "hands.not_regular"},
	} {
		t.Run(name, func(t *testing.T) {
			dir, path := fresh(t)
			_, err := Load(c.spoil(t, dir, path))
			if c.want == "" {
				if err != nil {
					t.Error(err)
				}
				return
			}
			wrong, ok := err.(*FileError) //nolint:errorlint // it is what callers see
			if !ok || wrong.Problems[0].Text.Key != c.want {
				t.Fatalf("got %v, want %s", err, c.want)
			}
			text, hint := wrong.Said()
			said := words.English.Say(text)
			if !strings.Contains(said, wrong.Path) || !strings.Contains(words.English.Say(hint), "--check") {
				t.Errorf("%s", said)
			}
		})
	}
	if _, err := Load("/nonexistent/hands.json"); err == nil {
		t.Error("a file that is not there was read")
	}
}

// What a service could put in the way of a path that hands opens.
func TestOpenFollowsNoLinkOfOthers(t *testing.T) {
	needRoot(t)
	dir := t.TempDir()
	write(t, dir+"/secret", "secret", 0o600)
	for _, link := range []string{dir + "/mine", dir + "/theirs"} {
		if err := os.Symlink("secret", link); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Mkdir(dir+"/real", 0o755); err != nil {
		t.Fatal(err)
	}
	write(t, dir+"/real/log", "log", 0o600)
	if err := os.Symlink(dir+"/real", dir+"/folder"); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink("loop", dir+"/loop"); err != nil {
		t.Fatal(err)
	}
	if err := os.Lchown(dir+"/theirs", 33, 33); err != nil {
		t.Fatal(err)
	}
	read := func(path string) string {
		f, err := openAt(path, unix.O_RDONLY, 0)
		if err != nil {
			return ""
		}
		defer f.Close()
		var b [10]byte
		n, _ := f.Read(b[:])
		return string(b[:n])
	}
	for path, want := range map[string]string{
		"/secret": "secret", "/mine": "secret", "/theirs": "", "/folder/log": "log", "/real/log": "log", "/loop": "", "/none": "",
	} {
		if got := read(dir + path); got != want {
			t.Errorf("%s: %q, want %q", path, got, want)
		}
	}
	if err := os.Lchown(dir+"/folder", 33, 33); err != nil {
		t.Fatal(err)
	}
	if got := read(dir + "/folder/log"); got != "" {
		t.Errorf("by a folder that is another's link: %q", got)
	}
	f, err := openAt(dir+"/folder/new", unix.O_WRONLY|unix.O_CREAT, 0o600)
	if err == nil {
		f.Close()
		t.Error("written by a folder that is another's link")
	}
}
