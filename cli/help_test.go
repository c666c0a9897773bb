package cli

import (
	"regexp"
	"strings"
	"testing"

	"github.com/charmbracelet/x/ansi"
	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/omamori-guard/omamori/guard"
	"github.com/omamori-guard/omamori/words"
)

// each calls do for every command that help names, in a language.
func each(t *testing.T, lang words.Lang, do func(c *cobra.Command, help string)) {
	t.Helper()
	var out strings.Builder
	a := &App{Out: &out, Err: &out, lang: lang}
	root := a.root()
	root.SetOut(&out)
	var visit func(c *cobra.Command)
	visit = func(c *cobra.Command) {
		out.Reset()
		a.help(c, nil)
		do(c, out.String())
		for _, sub := range c.Commands() {
			if sub.IsAvailableCommand() {
				visit(sub)
			}
		}
	}
	visit(root)
}

// placeholder is what stands for something in a line of usage.
var placeholder = regexp.MustCompile(`\[|…|: |\b[A-Z]{3,}\b`)

// isExample reports whether a line of help can be typed as it stands.
func isExample(line, command string) bool {
	line = strings.TrimSpace(line)
	for _, lead := range []string{"Example: ", "例: ", "sudo "} {
		line = strings.TrimPrefix(line, lead)
	}
	typed, _, _ := strings.Cut(line, "   ") // what it does stands beside it
	return strings.HasPrefix(typed, command) && !placeholder.MatchString(typed)
}

func TestEachCommandShowsAnExample(t *testing.T) {
	for _, lang := range words.Langs {
		each(t, lang, func(c *cobra.Command, _ string) {
			for line := range strings.Lines(c.Long) {
				if isExample(line, c.CommandPath()) {
					return
				}
			}
			t.Errorf("%s: the help of %s has no example", lang, c.CommandPath())
		})
	}
}

// What is the same in every language: names, and what is typed.
var japanese = regexp.MustCompile(`[\p{Hiragana}\p{Katakana}\p{Han}]`)

// Every command and every option is explained in Japanese: cobra's own texts, and
// those that were forgotten, are English.
func TestHelpInJapaneseIsJapanese(t *testing.T) {
	each(t, words.Japanese, func(c *cobra.Command, help string) {
		for what, text := range map[string]string{"line": c.Short, "help": c.Long} {
			if !japanese.MatchString(text) {
				t.Errorf("the %s of %s is not Japanese: %q", what, c.CommandPath(), text)
			}
		}
		option := func(f *pflag.Flag) {
			if !japanese.MatchString(f.Usage) {
				t.Errorf("%s --%s is explained by %q", c.CommandPath(), f.Name, f.Usage)
			}
		}
		c.LocalFlags().VisitAll(option)
		for _, english := range []string{"Commands", "Options", "Usage", "Flags", "help for", "version for"} {
			if strings.Contains(help, english) {
				t.Errorf("the help of %s has %q", c.CommandPath(), english)
			}
		}
	})
}

// Help fits a terminal of 80 columns.
func TestHelpFits(t *testing.T) {
	for _, lang := range words.Langs {
		each(t, lang, func(c *cobra.Command, _ string) {
			args := append(strings.Fields(c.CommandPath())[1:], "--help", "--lang", string(lang))
			for line := range strings.Lines(ansi.Strip(show(t, 80, guard.Status{}, args...))) {
				if n := ansi.StringWidth(strings.TrimRight(line, "\n")); n > 80 {
					t.Errorf("%s %s: a line of the help has %d columns: %s", lang, c.CommandPath(), n, line)
				}
			}
		})
	}
}
