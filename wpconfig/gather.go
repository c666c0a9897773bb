package wpconfig

import (
	"slices"
	"strings"
)

// prefixName is what stands for $table_prefix in Computed.
const prefixName = "$table_prefix"

// value is what one name was set to.
type value struct {
	text    string
	literal bool
}

// gather finds the settings among the tokens.
func gather(tokens []token) Config {
	g := gatherer{tokens: tokens, values: map[string]value{}, guarded: map[string]bool{}}
	for g.at < len(g.tokens) {
		g.step()
	}
	return g.config()
}

type gatherer struct {
	tokens []token
	at     int
	values map[string]value
	// guarded holds names for which the file has asked whether they are set: what
	// follows is a default, and the first value stays.
	guarded map[string]bool
	// whole says that the file loads WordPress itself.
	whole bool
}

func (g *gatherer) peek(n int) token {
	if g.at+n < 0 || g.at+n >= len(g.tokens) {
		return token{}
	}
	return g.tokens[g.at+n]
}

func (g *gatherer) step() {
	t := g.peek(0)
	switch {
	case t.kind == text && strings.HasSuffix(t.text, "wp-settings.php"):
		g.whole = true
	case t.is(word, "defined") && g.peek(1).is(mark, "(") && g.peek(2).kind == text:
		g.guarded[g.peek(2).text] = true
	case t.is(word, "isset") && g.peek(1).is(mark, "(") && g.peek(2).is(variable, "table_prefix"):
		g.guarded[prefixName] = true
	case t.is(word, "define") && g.peek(1).is(mark, "(") && g.peek(2).kind == text && g.peek(3).is(mark, ",") && !g.method():
		name := g.peek(2).text
		g.at += 4
		g.set(name, g.expression(")", ","))
		return
	case t.is(word, "const") && g.peek(1).kind == word && g.peek(2).is(mark, "="):
		name := g.peek(1).text
		g.at += 3
		g.set(name, g.expression(";", ","))
		return
	case t.is(variable, "table_prefix") && g.peek(1).is(mark, "="):
		g.at += 2
		g.set(prefixName, g.expression(";"))
		return
	}
	g.at++
}

// method reports whether the word at hand is a method or a function's own
// declaration rather than a call.
func (g *gatherer) method() bool {
	before := g.peek(-1)
	return before.is(mark, "->") || before.is(mark, "::") || before.is(word, "function")
}

// expression reads up to one of the ends outside brackets: literals, alone or
// joined by dots, give a literal.
func (g *gatherer) expression(ends ...string) value {
	v := value{literal: true}
	depth, want := 0, true
	for ; g.at < len(g.tokens); g.at++ {
		t := g.peek(0)
		if t.kind == mark {
			if depth == 0 && slices.Contains(ends, t.text) {
				break
			}
			switch t.text {
			case "(", "[", "{":
				depth++
			case ")", "]", "}":
				depth--
			}
			if depth < 0 {
				break
			}
		}
		switch {
		case want && (t.kind == text || t.kind == number):
			v.text += t.text
		case !want && t.is(mark, "."):
		default:
			v.literal = false
		}
		want = !want
	}
	if want || !v.literal { // ended on a dot, was empty, or held something else
		return value{}
	}
	return v
}

// set keeps a value. A constant keeps its first. Two values that differ, with no
// question whether it was set, are branches: which one counts, only PHP knows.
func (g *gatherer) set(name string, v value) {
	old, had := g.values[name]
	switch {
	case !had:
		g.values[name] = v
	case g.guarded[name] || old == v:
	default:
		g.values[name] = value{}
	}
}

func (g *gatherer) config() Config {
	var c Config
	take := func(name string, into *string) {
		v, had := g.values[name]
		switch {
		case had && !v.literal:
			c.Computed = append(c.Computed, name)
		case had:
			*into = v.text
		case name == "DB_NAME" || name == "DB_USER":
			if g.whole {
				c.Absent = append(c.Absent, name)
				return
			}
			*into = "wordpress" // the default of Debian's master file
		case name == "DB_PASSWORD":
			c.Absent = append(c.Absent, name)
		case name == "DB_HOST":
			*into = "localhost"
		case name == prefixName:
			*into = "wp_"
		}
	}
	take("DB_NAME", &c.Name)
	take("DB_USER", &c.User)
	take("DB_PASSWORD", &c.Password.s)
	take("DB_HOST", &c.Host)
	take("DB_CHARSET", &c.Charset)
	take(prefixName, &c.Prefix)
	take("WP_HOME", &c.Home)
	take("WP_SITEURL", &c.SiteURL)
	take("WP_CONTENT_DIR", &c.Content)
	take("WPLANG", &c.Lang)
	return c
}
