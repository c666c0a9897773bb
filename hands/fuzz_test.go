package hands

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"testing"
	"unicode/utf8"

	"github.com/omamori-guard/omamori/words"
)

func FuzzFrame(f *testing.F) {
	good, err := frame(reply{ID: 7, Error: "x"}, []byte("body"))
	if err != nil {
		f.Fatal(err)
	}
	f.Add(good)
	f.Add(append(good, good...))
	f.Add([]byte{0, 0, 0, 2, 0, 0, 0, 0, '{', '}'})
	f.Add([]byte{0xff, 0xff, 0xff, 0xff, 0, 0, 0, 0})
	f.Fuzz(func(t *testing.T, b []byte) {
		in := bytes.NewReader(b)
		for {
			var r reply
			body, err := readFrame(in, &r)
			if err != nil {
				return
			}
			again, err := frame(r, body)
			if err != nil {
				t.Fatal(err)
			}
			var back reply
			same, err := readFrame(bytes.NewReader(again), &back)
			if err != nil || !bytes.Equal(same, body) {
				t.Fatalf("%v, %q is not %q", err, same, body)
			}
		}
	})
}

func FuzzParse(f *testing.F) {
	f.Add([]byte(goodFile))
	f.Add([]byte(`{"services": [{"name": "a", "child": {"argv": [null]}}]}`))
	f.Add([]byte(`{"a": {"b": [[[[[[[[[[1]]]]]]]]]]}}`))
	f.Add([]byte("{\"guard\": \"\xff\"}"))
	f.Fuzz(func(t *testing.T, b []byte) {
		file, bad := Parse(b)
		for _, p := range bad {
			if !words.Has(p.Text.Key) || p.Line < 0 || p.Line > 1+bytes.Count(b, []byte("\n")) {
				t.Errorf("%v", p)
			}
		}
		if bad != nil {
			return
		}
		out, err := json.Marshal(file)
		if err != nil {
			t.Fatal(err)
		}
		if _, bad := Parse(out); bad != nil {
			t.Errorf("%s: %v", out, bad)
		}
	})
}

func FuzzStat(f *testing.F) {
	b, err := os.ReadFile("/proc/self/stat")
	if err != nil {
		f.Fatal(err)
	}
	f.Add(b)
	f.Add([]byte("7 (a) b) c (d) S 1 7 7 0"))
	f.Add([]byte(")("))
	f.Fuzz(func(t *testing.T, b []byte) {
		if s, err := parseStat(b); err == nil && s.state == "" {
			t.Error("no state")
		}
	})
}

func FuzzKernel(f *testing.F) {
	f.Add([]byte("6,339,5140900,-;oom-kill:constraint=CONSTRAINT_NONE,task=mariadbd,pid=7,uid=110\n SUBSYSTEM=x\n"))
	f.Add([]byte("3,1,-5,-;segfault"))
	f.Add([]byte(";"))
	f.Fuzz(func(t *testing.T, b []byte) {
		if l, ok := parseKernel(b); ok && (l.boot < 0 || bytes.ContainsAny([]byte(l.text), "\n\x00") || !utf8.ValidString(l.text)) {
			t.Errorf("%q", l.text)
		}
		hasWord(string(b), "7")
	})
}

func FuzzRecord(f *testing.F) {
	f.Add([]byte(`{"pid":7,"start":9,"boot":"` + bootID() + `"}`))
	f.Add([]byte(`{"pid":-1,"boot":"` + bootID() + `"}`))
	f.Fuzz(func(t *testing.T, b []byte) {
		path := filepath.Join(t.TempDir(), "r")
		if err := os.WriteFile(path, b, 0o600); err != nil {
			t.Fatal(err)
		}
		if r, ok := readRecord(path); ok && r.PID <= 1 {
			t.Errorf("%+v", r)
		}
	})
}

func FuzzLines(f *testing.F) {
	f.Add([]byte("a\nb\r\n\n\x1b[31m\xff"))
	f.Fuzz(func(t *testing.T, b []byte) {
		for _, line := range splitLines(b) {
			if line == "" || len(line) > maxLine+4*maxLine || !utf8.ValidString(line) || bytes.ContainsAny([]byte(line), "\x00\x1b\n") {
				t.Errorf("%q", line)
			}
		}
	})
}

func FuzzUnitLog(f *testing.F) {
	f.Add([]byte(`{"MESSAGE":"Stopping it","JOB_TYPE":"stop","_PID":"1"}` + "\n" + `{"MESSAGE":[255,10,65]}`))
	f.Add([]byte(`{"MESSAGE":null}` + "\n[]\n{"))
	f.Fuzz(func(t *testing.T, b []byte) {
		for _, l := range parseUnitLog(b, "") {
			if l.text == "" || !utf8.ValidString(l.text) || bytes.ContainsAny([]byte(l.text), "\x00\x1b\n") {
				t.Errorf("%q", l.text)
			}
		}
	})
}
