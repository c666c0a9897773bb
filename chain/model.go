package chain

import "time"

// Model describes a chain: what the owner wrote, before it is checked.
type Model struct {
	Things []Thing
	Links  []Link
	Goals  []Goal
	Mends  []Mend
}

// Thing is what can be lost as one: a phone, a home address, a company.
type Thing struct {
	Name, Title string
	// Given says that it is never counted as lost.
	Given bool
	// Absent says that the owner does not have it yet: only a mend, which is an
	// improvement, gets it.
	Absent bool
	// Attrs describe it ("os": "macos-10.12").
	Attrs map[string]string
	// Needs names things, links or goals without which it is of no use.
	Needs []string
}

// Attrs lists the attributes of all things, as "laptop.os".
func (m Model) Attrs() map[string]string {
	attrs := map[string]string{}
	for _, t := range m.Things {
		for name, value := range t.Attrs {
			attrs[t.Name+"."+name] = value
		}
	}
	return attrs
}

// Link is one claim that can be proved.
type Link struct {
	Name, Title, Kind string
	// Needs names the links, goals and things without which it cannot hold.
	Needs []string
	// Fresh is for how long a proof counts.
	Fresh time.Duration
	// Person says that only a person can prove it, so not whenever one likes.
	Person bool
	// Aside says that its proof says nothing of what it needs: see Kind.
	Aside bool
}

// Goal is what must stay possible.
type Goal struct {
	Name, Title string
	// Within is how long it may be out of reach.
	Within time.Duration
	Ways   []Way
}

// Way is a set of links (or goals) which together reach a goal.
type Way struct {
	Name  string
	Links []string
}

// Mend is a means of putting a link back, or of replacing a thing. Its needs
// stand in for those of what it mends.
type Mend struct {
	Name, Title string
	// For is the link or the thing.
	For string
	// Needs names the links, goals and things that it takes.
	Needs []string
	Takes time.Duration
	By    Hand
}

// Hand says who does a mend.
type Hand uint8

const (
	Person Hand = iota
	Machine
)

func (h Hand) String() string {
	if h == Machine {
		return "machine"
	}
	return "person"
}
