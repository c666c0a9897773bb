package cli

import (
	"bytes"
	"context"
	"os/exec"
	"strings"
	"testing"

	"github.com/omamori-guard/omamori/words"
)

// Every page is a page: it has a name, and the formatter has nothing to complain of in
// English (of Japanese it says that it cannot break lines, unless it is set up for it).
func TestManPages(t *testing.T) {
	for _, page := range []string{"omamori", "omamori.yaml", "omamori-hands", "omamori-send", "omamori-aws", "omamori-knock"} {
		for _, lang := range words.Langs {
			var out, bad bytes.Buffer
			a := &App{Version: "1.2-3", Out: &out, Err: &bad}
			if code := a.Main(context.Background(), []string{"--lang", string(lang), "man", page}); code != 0 {
				t.Fatalf("%s: exit %d: %s", page, code, &bad)
			}
			text := out.String()
			if !strings.HasPrefix(text, ".TH ") || strings.Count(text, "\n.SH ") < 3 {
				t.Errorf("%s in %s:\n%s", page, lang, text)
			}
			if lang != words.English {
				continue
			}
			cmd := exec.Command("groff", "-man", "-Tutf8", "-ww", "-Kutf8")
			cmd.Stdin = &out
			var said bytes.Buffer
			cmd.Stderr = &said
			if err := cmd.Run(); err != nil || said.Len() > 0 {
				t.Errorf("%s: %v\n%s", page, err, &said)
			}
		}
	}
}
