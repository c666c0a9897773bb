package vpnclient

import (
	"bytes"
	_ "embed" // clients.json
	"encoding/json"
	"slices"
	"strconv"
	"strings"
	"sync"
)

// The table is data: a new system, or news of one, is a row, and nothing else.
//
//go:embed clients.json
var clients []byte

// row says that versions of a system have a client for a protocol.
type row struct {
	System   string `json:"system"`
	Protocol string `json:"protocol"`
	From     string `json:"from"`  // the first version that has; empty for all before Until
	Until    string `json:"until"` // the last; empty for all to come
	Has      string `json:"has"`   // built-in, package or app
	Note     string `json:"note"`  // why nobody can say whether it is of use; empty if it is
	Source   string `json:"source"`
	Date     string `json:"date"` // of what the source says; if it bears none, of when it was read
}

type table struct {
	Checked string   `json:"checked"`
	Note    string   `json:"note"`
	Systems []string `json:"systems"`
	Rows    []row    `json:"rows"`
}

// known is the table as it was built in.
var known = sync.OnceValue(func() *table {
	t, err := parseTable(clients)
	if err != nil { // a test reads it too
		panic(err)
	}
	return t
})

func parseTable(b []byte) (*table, error) {
	d := json.NewDecoder(bytes.NewReader(b))
	d.DisallowUnknownFields()
	var t table
	return &t, d.Decode(&t)
}

// protocols lists those for which the table has a row.
func (t *table) protocols() (all []string) {
	for _, r := range t.Rows {
		if !slices.Contains(all, r.Protocol) {
			all = append(all, r.Protocol)
		}
	}
	return all
}

// system is a system with its version, such as macos-10.12.
type system struct {
	name    string
	version []int
}

// parseSystem reads "macos-10.12". Ok is false for what is no such thing.
func parseSystem(s string) (_ system, ok bool) {
	name, version, found := strings.Cut(strings.ToLower(s), "-")
	if !found || name == "" {
		return system{}, false
	}
	v, ok := parseVersion(version)
	return system{name, v}, ok
}

func parseVersion(s string) (v []int, ok bool) {
	for part := range strings.SplitSeq(s, ".") {
		n, err := strconv.ParseUint(part, 10, 31)
		if err != nil || len(v) == 4 {
			return nil, false
		}
		v = append(v, int(n))
	}
	return v, true
}

// covers compares as far as the row's version goes: 10.11.6 is not after 10.11.
func (r row) covers(s system) bool {
	if r.System != s.name {
		return false
	}
	from, bounded := parseVersion(r.From)
	if bounded && slices.Compare(s.version, from) < 0 {
		return false
	}
	until, bounded := parseVersion(r.Until)
	return !bounded || slices.Compare(s.version[:min(len(s.version), len(until))], until) <= 0
}

// find returns the row by which a system has a client, and whether the system is one
// of which the table tells at all.
func (t *table) find(s system, protocol string) (r row, has, told bool) {
	for _, r := range t.Rows {
		if r.Protocol == protocol && r.covers(s) {
			return r, true, true
		}
	}
	return row{}, false, slices.Contains(t.Systems, s.name)
}

// last returns the row by which earlier versions had one.
func (t *table) last(s system, protocol string) (row, bool) {
	i := slices.IndexFunc(t.Rows, func(r row) bool { return r.System == s.name && r.Protocol == protocol && r.Until != "" })
	if i < 0 {
		return row{}, false
	}
	return t.Rows[i], true
}

// others lists the protocols for which all of the systems surely have a client.
func (t *table) others(systems ...system) (all []string) {
	for _, p := range t.protocols() {
		if !slices.ContainsFunc(systems, func(s system) bool { r, has, _ := t.find(s, p); return !has || r.Note != "" }) {
			all = append(all, p)
		}
	}
	return all
}
