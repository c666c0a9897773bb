package cli

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/omamori-guard/omamori/chain"
	"github.com/omamori-guard/omamori/config"
)

// manCommand prints the pages that the package installs. They are made of the help and
// of the settings' own words, so that none of them is ever out of date.
func (a *App) manCommand() *cobra.Command {
	pages := map[string]func(*manPage, *cobra.Command) error{
		"omamori": (*manPage).omamori, "omamori.yaml": (*manPage).yaml,
		"omamori-hands": (*manPage).hands, "omamori-send": program("omamori-send", "man.send_short", "man.send_text"),
		"omamori-aws":         program("omamori-aws", "man.aws_short", "man.aws_text"),
		"omamori-mail":        program("omamori-mail", "man.mail_short", "man.mail_text"),
		"omamori-passkey":     program("omamori-passkey", "man.passkey_short", "man.passkey_text"),
		"omamori-certificate": program("omamori-certificate", "man.certificate_short", "man.certificate_text"),
		"omamori-knock":       program("omamori-knock", "man.knock_short", "man.knock_text"),
		"omamori-tunnel":      program("omamori-tunnel", "man.tunnel_short", "man.tunnel_text"),
	}
	names := slices.Sorted(maps.Keys(pages))
	c := a.command("man [PAGE]", "man", cobra.MaximumNArgs(1), func(cmd *cobra.Command, args []string) error {
		name := "omamori"
		if len(args) > 0 {
			name = args[0]
		}
		page, ok := pages[name]
		if !ok {
			return usage(chain.Say("cli.unknown_page", "page", name), chain.Say("cli.see_pages", "pages", strings.Join(names, ", ")))
		}
		m := &manPage{a: a}
		if err := page(m, cmd.Root()); err != nil {
			return err
		}
		_, err := a.Out.Write([]byte(m.String()))
		return err
	})
	c.ValidArgs = names
	c.ValidArgsFunction = nil
	c.Hidden = true
	return c
}

// manPage is a page in the language of man(7).
type manPage struct {
	strings.Builder
	a *App
}

// roff makes text safe: no line of it is an order to the formatter.
func roff(s string) string {
	s = strings.NewReplacer(`\`, `\e`, "-", `\-`).Replace(s)
	lines := strings.Split(s, "\n")
	for i, l := range lines {
		if strings.HasPrefix(l, ".") || strings.HasPrefix(l, "'") {
			lines[i] = `\&` + l
		}
	}
	return strings.Join(lines, "\n")
}

func (m *manPage) line(s string) { m.WriteString(s + "\n") }

func (m *manPage) begin(name, section, short string) {
	version, _, _ := strings.Cut(m.a.Version, "\n")
	m.line(fmt.Sprintf(`.TH %s %s "" "omamori %s" "omamori"`, strings.ToUpper(roff(name)), section, roff(version)))
	m.line(".ad l\n.nh") // Japanese has no spaces to be widened
	m.section("man.name")
	m.line(roff(name) + ` \- ` + roff(short))
}

func (m *manPage) section(key string) { m.line(".SH " + argument(m.a.say(key))) }

// argument is one argument of a macro.
func argument(s string) string { return `"` + strings.ReplaceAll(roff(s), `"`, `\(dq`) + `"` }

// item is a term with what it is.
func (m *manPage) item(term, text string) {
	m.line(".TP\n.B " + roff(term))
	m.line(roff(text))
}

// prose sets the text of a help: paragraphs are filled, and what is set in columns,
// indented, or one command of several stays as it is.
func (m *manPage) prose(text string) {
	literal, open := false, false
	set := func(to bool) {
		if to == literal {
			return
		}
		if literal = to; to {
			m.line(".PP\n.nf\n.RS")
		} else {
			m.line(".RE\n.fi\n.PP")
		}
		open = true
	}
	lines := strings.Split(strings.TrimSpace(text), "\n")
	command := func(i int) bool {
		return i >= 0 && i < len(lines) && strings.HasPrefix(lines[i], "omamori ") && !strings.Contains(lines[i], ": ")
	}
	for i, l := range lines {
		switch columns := strings.Contains(strings.TrimSpace(l), "   ") || command(i) && (command(i-1) || command(i+1)); {
		case l == "":
			if open = false; literal {
				m.line("")
			}
		case strings.HasPrefix(l, "  ") || columns:
			set(true)
			m.line(roff(strings.TrimPrefix(l, "  ")))
		default:
			if set(false); !open {
				m.line(".PP")
				open = true
			}
			m.line(roff(l))
		}
	}
	set(false)
}

func (m *manPage) see(pages ...string) {
	m.section("man.see")
	for i, p := range pages {
		name, section, _ := strings.Cut(p, "(")
		end := ","
		if i == len(pages)-1 {
			end = ""
		}
		m.line(".BR " + roff(name) + " (" + section + end)
	}
}

// omamori is the page of the command line.
func (m *manPage) omamori(root *cobra.Command) error {
	m.begin("omamori", "1", root.Short)
	m.section("man.synopsis")
	m.line(".B omamori\n[\\fI" + roff(m.a.say("man.command")) + "\\fR] [\\fI" + roff(m.a.say("man.option")) + "\\fR]")
	m.section("man.description")
	m.prose(root.Long)
	m.section("man.commands")
	var visit func(c *cobra.Command)
	visit = func(c *cobra.Command) {
		for _, sub := range c.Commands() {
			if !sub.IsAvailableCommand() {
				continue
			}
			m.line(".SS " + argument(strings.TrimSuffix(sub.UseLine(), " [flags]")))
			m.prose(sub.Long)
			sub.LocalNonPersistentFlags().VisitAll(m.flag)
			visit(sub)
		}
	}
	visit(root)
	m.section("man.options")
	root.PersistentFlags().VisitAll(m.flag)
	m.section("man.exit")
	m.prose(m.a.say("man.exit_text"))
	m.section("man.files")
	m.item("/etc/omamori/omamori.yaml", m.a.say("man.file_config"))
	m.item("/etc/omamori/hands.json", m.a.say("man.file_hands"))
	m.item("/var/lib/omamori", m.a.say("man.file_state"))
	m.item("/var/lib/omamori-hands", m.a.say("man.file_undo"))
	m.item("/run/omamori/control.sock", m.a.say("man.file_socket"))
	m.section("man.environment")
	m.item("OMAMORI_STATE", m.a.say("man.env_state"))
	m.item("LC_ALL, LC_MESSAGES, LANG", m.a.say("man.env_lang"))
	m.see("omamori.yaml(5)", "omamori-hands(8)")
	return nil
}

func (m *manPage) flag(f *pflag.Flag) {
	if f.Hidden {
		return
	}
	name := "--" + f.Name
	if f.Shorthand != "" {
		name = "-" + f.Shorthand + ", " + name
	}
	if f.Value.Type() != "bool" {
		name += " " + takes(f)
	}
	m.item(name, f.Usage)
}

// part is what a page needs of a JSON Schema.
type part struct {
	Title       string          `json:"title"`
	Description string          `json:"description"`
	Default     any             `json:"default"`
	Properties  map[string]part `json:"properties"`
	OneOf       []part          `json:"oneOf"`
	// More is true, false or a part.
	More json.RawMessage `json:"additionalProperties"`
}

func (p part) each() (inner part) {
	if json.Unmarshal(p.More, &inner) != nil {
		return part{}
	}
	return inner
}

// yaml is the page of the configuration, made of its schema.
func (m *manPage) yaml(*cobra.Command) error {
	b, err := config.Schema(m.a.Config)
	if err != nil {
		return err
	}
	var all part
	if err := json.Unmarshal(b, &all); err != nil {
		return fmt.Errorf("read the schema: %w", err)
	}
	m.begin("omamori.yaml", "5", m.a.say("man.yaml_short"))
	m.section("man.description")
	m.prose(m.a.say("man.yaml_intro"))
	m.section("man.example")
	m.line(".nf\n" + roff("links:\n  sql: {kind: mysql, wp_config: /var/www/wp-config.php, posts: true, service: mariadb}\n"+
		"  blog: {kind: http, needs: [sql], url: \"https://blog.example.org/\"}\n"+
		"goals:\n  read: {title: visitors read the blog, ways: {web: [blog]}}") + "\n.fi")
	m.section("man.yaml_parts")
	for _, name := range slices.Sorted(maps.Keys(all.Properties)) {
		p := all.Properties[name]
		m.item(name, p.Description)
		if inner := p.each(); len(inner.Properties) > 0 {
			p = inner
		}
		m.line(".RS")
		m.keys(p, nil)
		m.line(".RE")
	}
	kinds := all.Properties["links"].each().OneOf
	common := map[string]part{}
	for i, k := range kinds {
		for name, p := range k.Properties {
			if i == 0 {
				common[name] = p
			} else if common[name].Description != p.Description {
				delete(common, name)
			}
		}
		maps.DeleteFunc(common, func(name string, _ part) bool { _, ok := k.Properties[name]; return !ok })
	}
	m.section("man.yaml_links")
	m.keys(part{Properties: common}, nil)
	m.section("man.yaml_kinds")
	for i, k := range kinds {
		m.line(".SS " + argument(k.Title))
		m.keys(k, common)
		m.line(".PP\n.nf\n" + roff(strings.TrimSpace(m.a.Config.Kinds[i].Example)) + "\n.fi")
	}
	m.see("omamori(1)", "omamori-hands(8)")
	return nil
}

// keys lists the keys of p besides those that are known.
func (m *manPage) keys(p part, known map[string]part) {
	for _, name := range slices.Sorted(maps.Keys(p.Properties)) {
		of := p.Properties[name]
		if _, ok := known[name]; ok || of.Description == "" {
			continue
		}
		text := of.Description
		if of.Default != nil {
			text += " (" + m.a.say("man.yaml_default", "value", fmt.Sprint(of.Default)) + ")"
		}
		m.item(name, text)
	}
}

func (m *manPage) hands(*cobra.Command) error {
	use, rest, _ := strings.Cut(m.a.say("hands.help"), "\n")
	_, use, _ = strings.Cut(use, ": ")
	m.begin("omamori-hands", "8", m.a.say("man.hands_short"))
	m.section("man.synopsis")
	m.line(".B " + roff(use))
	m.section("man.description")
	m.prose(rest)
	m.section("man.hands_file")
	m.prose(m.a.say("man.hands_intro"))
	for _, field := range [][2]string{
		{"guard", "man.hands_guard"}, {"services", "man.hands_services"}, {"tunes", "man.hands_tunes"}, {"files", "man.hands_files"},
		{"sockets", "man.hands_sockets"}, {"deeds", "man.hands_deeds"},
	} {
		m.item(field[0], m.a.say(field[1]))
	}
	m.section("man.example")
	m.line(".nf\n" + roff(`{"guard": "omamori",
 "services": [{"name": "mariadb", "systemd": "mariadb.service",
               "logs": ["/var/log/mysql/error.log"], "writes": ["/var/lib/mysql"]}]}`) + "\n.fi")
	m.see("omamori(1)", "omamori.yaml(5)")
	return nil
}

// program is the page of one that people do not call.
func program(name, short, text string) func(*manPage, *cobra.Command) error {
	return func(m *manPage, _ *cobra.Command) error {
		m.begin(name, "8", m.a.say(short))
		m.section("man.synopsis")
		m.line(".B " + roff(name))
		m.section("man.description")
		m.prose(m.a.say(text))
		m.see("omamori(1)", "omamori.yaml(5)")
		return nil
	}
}
