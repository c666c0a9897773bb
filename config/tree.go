package config

import (
	"errors"
	"strings"

	"github.com/goccy/go-yaml"
	"github.com/goccy/go-yaml/ast"
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
	for _, f := range n.fields {
		if f.key.scalar == key {
			return f.value
		}
	}
	return nil
}

// key is the node of a key itself, or n if there is none: where to point.
func (n *node) key(key string) *node {
	for _, f := range n.fields {
		if f.key.scalar == key {
			return f.key
		}
	}
	return n
}

// maxDepth bounds nesting: what the YAML parser does with thousands of brackets is
// not worth finding out.
const maxDepth = 24

// tooDeep reports whether b nests deeper than any configuration does, by what it
// looks like: brackets, indentation, or dashes.
func tooDeep(b string) bool {
	open := 0
	for line := range strings.Lines(b) {
		rest := strings.TrimLeft(line, " ")
		if len(line)-len(rest) > 8*maxDepth || strings.Count(rest, "- ") > 8*maxDepth {
			return true
		}
		if strings.HasPrefix(rest, "#") {
			continue
		}
		if strings.HasPrefix(rest, strings.Repeat("- ", maxDepth)) || strings.HasPrefix(rest, strings.Repeat("? ", maxDepth)) {
			return true
		}
		for _, c := range rest {
			switch c {
			case '[', '{':
				if open++; open > maxDepth {
					return true
				}
			case ']', '}':
				open = max(0, open-1)
			}
		}
	}
	return false
}

// parse makes a tree of b.
func (r *reader) parse(b []byte) *node {
	if tooDeep(string(b)) {
		r.problem(&node{}, chain.Say("config.too_deep", "max", maxDepth), chain.Text{})
		return nil
	}
	f, err := parser.ParseBytes(b, 0, parser.AllowDuplicateMapKey())
	if err != nil {
		at := &node{}
		text := err.Error()
		var y yaml.Error
		if errors.As(err, &y) {
			text = y.GetMessage()
			at = place(y.GetToken())
		}
		r.problem(at, chain.Say("config.syntax", "error", text), chain.Say("config.syntax_hint"))
		return nil
	}
	var bodies []ast.Node
	for _, d := range f.Docs {
		if d.Body != nil && d.Body.Type() != ast.CommentType {
			bodies = append(bodies, d.Body)
		}
	}
	switch len(bodies) {
	case 0:
		return &node{line: 1, column: 1}
	case 1:
		return r.tree(bodies[0], "")
	}
	r.problem(place(bodies[1].GetToken()), chain.Say("config.two_documents"), chain.Text{})
	return nil
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
	key := place(v.Key.GetToken())
	key.kind, key.scalar = scalar, v.Key.GetToken().Value
	key.path = join(in.path, key.scalar)
	if len(in.fields) == 0 { // a map is where its first key is, not at the colon
		in.line, in.column = key.line, key.column
	}
	if in.get(key.scalar) != nil {
		r.problem(key, chain.Say("config.twice", "key", key.scalar), chain.Text{})
		return
	}
	in.fields = append(in.fields, field{key, r.tree(v.Value, key.path)})
}
