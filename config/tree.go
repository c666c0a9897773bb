package config

import (
	"errors"
	"strings"

	"github.com/goccy/go-yaml"
	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/lexer"
	"github.com/goccy/go-yaml/parser"
	"github.com/goccy/go-yaml/token"

	"github.com/omamori-guard/omamori/chain"
)

// node is a piece of YAML: a scalar, a list or a map, with its place. Anchors,
// aliases, tags and merges are refused: a configuration needs none, and what it
// says is then what stands there.
type node struct {
	kind         form
	line, column int
	path         string
	scalar       string
	quoted       bool // a scalar in quotes is always text
	list         []*node
	fields       []field
	keys         map[string]int // where in fields a key is
}

type form uint8

const (
	null form = iota
	scalar
	list
	table
	refused // said already
)

type field struct {
	key   *node
	value *node
}

// get is the value of a key, nil if there is none.
func (n *node) get(key string) *node {
	if n == nil {
		return nil
	}
	if i, ok := n.keys[key]; ok {
		return n.fields[i].value
	}
	return nil
}

// key is the node of a key itself, or n if there is none: where to point.
func (n *node) key(key string) *node {
	if i, ok := n.keys[key]; ok {
		return n.fields[i].key
	}
	return n
}

// add adds a field, unless there is one of that key.
func (n *node) add(f field) bool {
	if _, twice := n.keys[f.key.scalar]; twice {
		return false
	}
	if n.keys == nil {
		n.keys = map[string]int{}
	}
	n.keys[f.key.scalar] = len(n.fields)
	n.fields = append(n.fields, f)
	return true
}

// maxDepth bounds nesting: what the YAML parser does with thousands of brackets is
// not worth finding out.
const maxDepth = 24

// tooDeep is the first token that nests deeper than any configuration does: by
// brackets, by indentation, or by marks in a row. It is nil if none does.
func tooDeep(tokens token.Tokens) *token.Token {
	open, marks, line := 0, 0, 0
	for _, t := range tokens {
		begins := t.Position.Line != line
		line = t.Position.Line
		switch t.Type {
		case token.MappingStartType, token.SequenceStartType:
			open++
		case token.MappingEndType, token.SequenceEndType:
			open--
		}
		switch t.Type {
		case token.SequenceEntryType, token.MappingKeyType, token.AnchorType, token.TagType:
			marks++
		default:
			marks = 0
		}
		if open > maxDepth || marks > maxDepth || begins && open == 0 && t.Position.Column > 8*maxDepth {
			return t
		}
	}
	return nil
}

// parse makes a tree of b.
func (r *reader) parse(b []byte) *node {
	text := strings.TrimPrefix(string(b), "\ufeff")
	if at := control(text); at != nil {
		r.problem(at, chain.Say("config.control"), chain.Text{})
		return nil
	}
	if countMarks(text) > maxMarks {
		r.problem(&node{}, chain.Say("config.too_many", "max", maxMarks), chain.Text{})
		return nil
	}
	tokens := r.document(lexer.Tokenize(text))
	if len(tokens) == 0 {
		return &node{line: 1, column: 1}
	}
	if at := tooDeep(tokens); at != nil {
		r.problem(place(at), chain.Say("config.too_deep", "max", maxDepth), chain.Text{})
		return nil
	}
	return r.block(tokens, "")
}

// maxMarks bounds what the parser has to hold at once, some 200 bytes for each mark:
// tens of thousands of links fit.
const maxMarks = 500_000

func countMarks(s string) (n int) {
	for i := range len(s) {
		switch s[i] {
		case '\n', '\r', ':', ',', '[', ']', '{', '}', '&', '*', '!', '|', '>', '?', '%', '"', '\'', '#', '@', '`':
			n++
		}
	}
	return n
}

// control is the place of the first character that text has none of.
func control(s string) *node {
	i := strings.IndexFunc(s, func(c rune) bool { return c < ' ' && c != '\t' && c != '\n' && c != '\r' || c == 0x7f })
	if i < 0 {
		return nil
	}
	before := s[:i]
	return &node{line: 1 + strings.Count(before, "\n"), column: 1 + len([]rune(before[strings.LastIndexByte(before, '\n')+1:]))}
}

// document leaves the tokens of one document, without comments.
func (r *reader) document(all token.Tokens) (tokens token.Tokens) {
	ended := false
	for _, t := range all {
		switch {
		case t.Type == token.CommentType:
		case t.Type == token.DirectiveType:
			r.problem(place(t), chain.Say("config.no_anchors"), chain.Say("config.no_anchors_hint"))
			return nil
		case t.Type == token.DocumentHeaderType && len(tokens) == 0:
		case t.Type == token.DocumentEndType:
			ended = true
		case t.Type == token.DocumentHeaderType || ended:
			r.problem(place(t), chain.Say("config.two_documents"), chain.Text{})
			return tokens
		default:
			tokens = append(tokens, t)
		}
	}
	return tokens
}

// block makes a tree of tokens. The YAML parser takes the square of a map's length,
// in time and in stack; so maps are taken apart here, down to what stands on
// one line, and it only sees the parts. A mistake in one part hides none in others.
func (r *reader) block(tokens token.Tokens, path string) *node {
	entries := split(tokens)
	if entries == nil {
		return r.part(tokens, path)
	}
	n := place(tokens[0])
	n.kind, n.path = table, path
	for _, e := range entries {
		if r.more > 0 { // enough is wrong
			return n
		}
		if !plainKey(e) || !below(e) {
			r.fieldOf(n, e)
			continue
		}
		key := place(e[0])
		key.kind, key.scalar, key.path = scalar, e[0].Value, join(path, e[0].Value)
		r.add(n, field{key, r.block(e[2:], key.path)})
	}
	return n
}

// split takes a map in block style apart; nil if it is something else.
func split(tokens token.Tokens) (entries []token.Tokens) {
	first := tokens[0]
	if !plainKey(tokens) {
		return nil
	}
	open, begin := 0, 0
	for i, t := range tokens {
		switch t.Type {
		case token.MappingStartType, token.SequenceStartType:
			open++
		case token.MappingEndType, token.SequenceEndType:
			open--
		}
		if i == 0 || open > 0 || t.Position.Column > first.Position.Column || t.Position.Line == tokens[i-1].Position.Line ||
			t.Type == token.SequenceEntryType || t.Type == token.MappingEndType || t.Type == token.SequenceEndType {
			continue
		}
		if t.Position.Column < first.Position.Column {
			return nil // the parser says what is wrong with that
		}
		entries = append(entries, tokens[begin:i])
		begin = i
	}
	return append(entries, tokens[begin:])
}

// plainKey reports whether tokens begin with a key that is a word, and its colon.
func plainKey(tokens token.Tokens) bool {
	if len(tokens) < 2 || tokens[1].Type != token.MappingValueType || tokens[1].Position.Line != tokens[0].Position.Line {
		return false
	}
	switch tokens[0].Type {
	case token.StringType, token.SingleQuoteType, token.DoubleQuoteType, token.IntegerType, token.FloatType, token.BoolType, token.NullType:
		return true
	}
	return false
}

// below reports whether an entry's value is a map that begins on a line below.
func below(e token.Tokens) bool {
	return len(e) > 2 && e[2].Position.Line > e[0].Position.Line && e[2].Position.Column > e[0].Position.Column && plainKey(e[2:])
}

// fieldOf has the parser read one entry of a map.
func (r *reader) fieldOf(in *node, entry token.Tokens) {
	before := len(r.problems)
	got := r.part(entry, in.path)
	switch {
	case got == nil || got.kind == refused:
	case got.kind == table:
		for _, f := range got.fields {
			r.add(in, f)
		}
	case len(r.problems) == before:
		r.problem(got, chain.Say("config.want_map", "value", got.said()), chain.Text{})
	}
}

// maxPart bounds the keys of what the parser is given at once.
const maxPart = 5000

// part has the parser read tokens.
func (r *reader) part(tokens token.Tokens, path string) *node {
	keys := 0
	for _, t := range tokens {
		if t.Type == token.MappingValueType || t.Type == token.MappingKeyType || t.Type == token.CollectEntryType || t.Type == token.SequenceEntryType {
			keys++
		}
	}
	if keys > maxPart {
		r.unreadable = true
		r.problem(place(tokens[0]), chain.Say("config.too_many", "max", maxPart), chain.Text{})
		return &node{kind: refused}
	}
	tokens[0].Prev, tokens[len(tokens)-1].Next = nil, nil
	f, err := parser.Parse(tokens, 0, parser.AllowDuplicateMapKey())
	if err != nil {
		r.syntax(err)
		return &node{kind: refused}
	}
	for _, d := range f.Docs {
		if d.Body != nil {
			return r.tree(d.Body, path)
		}
	}
	return &node{line: 1, column: 1}
}

func (r *reader) syntax(err error) {
	r.unreadable = true
	at, said := &node{}, ""
	var y yaml.Error
	if errors.As(err, &y) { // its Error would print the whole source
		at, said = place(y.GetToken()), y.GetMessage()
	} else {
		said = err.Error()
	}
	text := chain.Say("config.syntax", "error", clip(said))
	if strings.Contains(said, "'\t'") {
		text = chain.Say("config.tab")
	}
	r.problem(at, text, chain.Say("config.syntax_hint"))
}

func place(t *token.Token) *node {
	if t == nil || t.Position == nil {
		return &node{}
	}
	return &node{line: t.Position.Line, column: t.Position.Column}
}

func (r *reader) tree(n ast.Node, path string) *node {
	at := place(n.GetToken())
	at.path = path
	switch n := n.(type) {
	case *ast.NullNode:
	case *ast.StringNode:
		at.kind, at.scalar = scalar, n.Value
		at.quoted = n.Token.Type == token.DoubleQuoteType || n.Token.Type == token.SingleQuoteType
	case *ast.LiteralNode:
		at.kind, at.scalar, at.quoted = scalar, n.Value.Value, true
	case *ast.BoolNode, *ast.IntegerNode, *ast.FloatNode, *ast.InfinityNode, *ast.NanNode:
		at.kind, at.scalar = scalar, n.GetToken().Value
	case *ast.SequenceNode:
		at.kind = list
		for i, v := range n.Values {
			at.list = append(at.list, r.tree(v, index(path, i)))
		}
	case *ast.MappingValueNode:
		r.field(at, n)
	case *ast.MappingNode:
		at.kind = table
		for _, v := range n.Values {
			r.field(at, v)
		}
	default:
		at.kind = refused
		r.problem(at, chain.Say("config.no_anchors"), chain.Say("config.no_anchors_hint"))
	}
	return at
}

func (r *reader) field(in *node, v *ast.MappingValueNode) {
	in.kind = table
	if v.Key.IsMergeKey() {
		r.problem(place(v.Key.GetToken()), chain.Say("config.no_anchors"), chain.Say("config.no_anchors_hint"))
		return
	}
	switch v.Key.(type) {
	case *ast.AnchorNode, *ast.AliasNode, *ast.TagNode:
		r.problem(place(v.Key.GetToken()), chain.Say("config.no_anchors"), chain.Say("config.no_anchors_hint"))
		return
	}
	key := place(v.Key.GetToken())
	key.kind, key.scalar = scalar, v.Key.GetToken().Value
	key.path = join(in.path, key.scalar)
	if len(in.fields) == 0 { // a map is where its first key is, not at the colon
		in.line, in.column = key.line, key.column
	}
	r.add(in, field{key, r.tree(v.Value, key.path)})
}

// add adds a field to a map, or says that it is there already.
func (r *reader) add(in *node, f field) {
	if !in.add(f) {
		r.problem(f.key, chain.Say("config.twice", "key", f.key.scalar), chain.Text{})
	}
}
