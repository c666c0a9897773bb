package kit

import (
	"bytes"
	"errors"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/omamori-guard/omamori/chain"
	"github.com/omamori-guard/omamori/vault/shamir"
)

// Gatherer puts a kit together again, from lines in any order but that the first line
// of a share comes before its second and before the sealed vault.
type Gatherer struct {
	kit      string
	need, of int
	sealed   int
	shares   map[int]*Share
	vault    map[int][lineBytes]byte
	head     header // of the sealed vault, once it is whole
	whole    bool
}

// Opened is what a kit gave back.
type Opened struct {
	Kit      string
	Payload  []byte
	Made     time.Time
	Accounts int
}

// State is how far a gathering is.
type State struct {
	Kit string
	// Need shares of Of; 0 while no share is there.
	Need, Of int
	// Have lists the shares that are whole.
	Have []int
	// Lines is how many the sealed vault has, Missing which are not there yet.
	Lines   int
	Missing []int
}

// More is how many shares are still needed, 1 while that is not known.
func (s State) More() int { return max(0, max(1, s.Need)-len(s.Have)) }

// Done reports whether the kit can be opened.
func (s State) Done() bool { return s.Need > 0 && s.More() == 0 && len(s.Missing) == 0 }

// Others lists the shares that could still be used.
func (s State) Others() (others []int) {
	for x := 1; x <= s.Of; x++ {
		if !slices.Contains(s.Have, x) {
			others = append(others, x)
		}
	}
	return others
}

// State says how far the gathering is.
func (g *Gatherer) State() State {
	s := State{Kit: g.kit, Need: g.need, Of: g.of, Lines: vaultLines(g.sealed)}
	for _, x := range slices.Sorted(maps.Keys(g.shares)) {
		if len(g.shares[x].value) == keySize {
			s.Have = append(s.Have, x)
		}
	}
	for n := 1; n <= s.Lines; n++ {
		if _, ok := g.vault[n]; !ok {
			s.Missing = append(s.Missing, n)
		}
	}
	return s
}

// Next is the label of the line that would be typed next, "" when all is there. That
// of the first line of a share, which may be any, is "S".
func (g *Gatherer) Next() string {
	for _, x := range slices.Sorted(maps.Keys(g.shares)) {
		if len(g.shares[x].value) < keySize {
			return fmt.Sprintf("S%d-2", x)
		}
	}
	switch s := g.State(); {
	case s.More() > 0:
		return "S"
	case len(s.Missing) > 0:
		return fmt.Sprintf("V%d", s.Missing[0])
	}
	return ""
}

var (
	aLabel  = regexp.MustCompile(`^(?:S|S([1-9]|1[0-5])-([12])|V([1-9][0-9]{0,2}))$`)
	aHeader = regexp.MustCompile(`^OMAMORI-KIT:([` + Alphabet + `]{10})$`)
)

// Label reports whether a word is a line's label, and gives it as it is printed.
func Label(typed string) (label string, ok bool) {
	label = strings.TrimRight(strings.ToUpper(strings.Map(func(r rune) rune {
		return []rune(narrow(r))[0]
	}, typed)), ":.")
	return label, aLabel.MatchString(label)
}

// Take takes one line, under its label.
func (g *Gatherer) Take(label, typed string) error {
	at := aLabel.FindStringSubmatch(label)
	switch {
	case at == nil:
		return &Mistake{label, chain.Say("kit.no_label", "label", label), chain.Say("kit.no_label_hint")}
	case at[3] != "":
		n, _ := strconv.Atoi(at[3]) // matched
		return g.takeVault(label, n, typed)
	case at[2] == "2":
		x, _ := strconv.Atoi(at[1])
		return g.takeSecond(label, x, typed)
	}
	return g.takeFirst(label, at[1], typed)
}

func (g *Gatherer) takeFirst(label, x, typed string) error {
	data, err := readLine(label, aroundFirst(), typed)
	defer clear(data[:])
	if err != nil {
		return err
	}
	s, err := readFirst(data)
	if err != nil {
		return err
	}
	if err := g.belongs(s.Kit); err != nil {
		return err
	}
	old := g.shares[s.X]
	switch {
	case x != "" && x != strconv.Itoa(s.X):
		return &Mistake{label, chain.Say("kit.other_share", "line", label, "share", s.X), chain.Say("kit.other_share_hint", "share", s.X)}
	case g.need > 0 && (s.Need != g.need || s.Of != g.of || s.sealed != g.sealed):
		return &Problem{Code: "wrong", Text: chain.Say("kit.disagrees", "share", s.X), Hint: chain.Say("kit.wrong_hint")}
	case old != nil && !bytes.Equal(old.value[:len(s.value)], s.value):
		return &Problem{Code: "wrong", Text: chain.Say("kit.differs", "share", s.X), Hint: chain.Say("kit.wrong_hint")}
	case old != nil && len(old.value) == keySize:
		return g.twice(s.X)
	case old != nil:
		return nil
	}
	if g.shares == nil {
		g.shares = map[int]*Share{}
	}
	g.kit, g.need, g.of, g.sealed, g.shares[s.X] = s.Kit, s.Need, s.Of, s.sealed, &s
	return g.check()
}

// belongs refuses what is of another kit than all before.
func (g *Gatherer) belongs(kit string) error {
	if g.kit != "" && g.kit != kit {
		return &Problem{Code: "foreign", Text: chain.Say("kit.foreign", "kit", IDWords(kit), "want", IDWords(g.kit)),
			Hint: chain.Say("kit.foreign_hint", "want", IDWords(g.kit))}
	}
	return nil
}

func (g *Gatherer) twice(x int) error {
	s := g.State()
	return &Problem{Code: "twice", Text: chain.Say("kit.twice", "share", x),
		Hint: chain.Say("kit.twice_hint", "more", s.More(), "others", list(s.Others()))}
}

func (g *Gatherer) takeSecond(label string, x int, typed string) error {
	s := g.shares[x]
	if s == nil {
		return &Mistake{label, chain.Say("kit.first_first", "line", label), chain.Say("kit.first_first_hint", "share", x)}
	}
	data, err := readLine(label, aroundSecond(g.kit), typed)
	defer clear(data[:])
	const began = 2*lineBytes - keySize // of the value, in the first line
	switch {
	case err != nil:
		return err
	case len(s.value) == keySize && !bytes.Equal(s.value[keySize-lineBytes:], data[:]):
		return &Problem{Code: "wrong", Text: chain.Say("kit.differs", "share", x), Hint: chain.Say("kit.wrong_hint")}
	case len(s.value) == keySize:
		return g.twice(x)
	}
	s.value = append(s.value[:lineBytes-began], data[:]...)
	return g.check()
}

func (g *Gatherer) takeVault(label string, n int, typed string) error {
	if g.kit == "" {
		return &Mistake{label, chain.Say("kit.share_first", "line", label), chain.Say("kit.share_first_hint")}
	}
	data, err := readLine(label, aroundVault(g.kit, n), typed)
	if err != nil {
		return err
	}
	if g.vault == nil {
		g.vault = map[int][lineBytes]byte{}
	}
	g.vault[n] = data
	return g.check()
}

// check looks, once the sealed vault is whole, whether it and each share are those of
// the kit, and puts aside those that are not.
func (g *Gatherer) check() error {
	if !g.whole && g.sealed > 0 && len(g.State().Missing) == 0 {
		var b []byte
		for n := 1; n <= vaultLines(g.sealed); n++ {
			line := g.vault[n]
			b = append(b, line[:]...)
		}
		head, err := readHeader(b[:g.sealed])
		if err != nil || idText(idOf(b[:g.sealed])) != g.kit {
			clear(g.vault)
			return &Problem{Code: "damaged", Text: chain.Say("kit.damaged", "kit", IDWords(g.kit)), Hint: chain.Say("kit.damaged_hint")}
		}
		g.head, g.whole = head, true
	}
	if !g.whole {
		return nil
	}
	var wrong []int
	for _, x := range g.State().Have {
		s := g.shares[x]
		if s.Need != g.head.need || s.Of != g.head.of || x > len(g.head.marks) || !bytes.Equal(mark(x, s.value), g.head.marks[x-1]) {
			wrong = append(wrong, x)
			clear(s.value)
			delete(g.shares, x)
		}
	}
	if len(wrong) > 0 {
		return &Problem{Code: "wrong", Text: chain.Say("kit.wrong", "shares", list(wrong)), Hint: chain.Say("kit.wrong_hint")}
	}
	return nil
}

// Open opens the kit.
func (g *Gatherer) Open() (Opened, error) {
	s := g.State()
	if !s.Done() || !g.whole {
		return Opened{}, g.Short()
	}
	var points []shamir.Share
	for _, x := range s.Have[:s.Need] {
		points = append(points, shamir.Share{X: byte(x), Value: g.shares[x].value})
	}
	key, err := shamir.Combine(points)
	defer clear(key)
	if err != nil {
		return Opened{}, err
	}
	payload, err := open(g.head.file, key)
	if err != nil {
		return Opened{}, &Problem{Code: "closed", Text: chain.Say("kit.closed", "kit", IDWords(g.kit)), Hint: chain.Say("kit.damaged_hint")}
	}
	return Opened{Kit: g.kit, Payload: payload, Made: g.head.made, Accounts: g.head.accounts}, nil
}

// Short says what is still missing.
func (g *Gatherer) Short() error {
	s := g.State()
	p := &Problem{Code: "few"}
	switch {
	case s.Need == 0:
		p.Text, p.Hint = chain.Say("kit.no_share"), chain.Say("kit.no_share_hint")
	case s.More() > 0:
		p.Text = chain.Say("kit.few", "have", len(s.Have), "need", s.Need, "kit", IDWords(s.Kit))
		p.Hint = chain.Say("kit.few_hint", "more", s.More(), "others", list(s.Others()))
	default:
		p.Text = chain.Say("kit.lines_missing", "lines", ranges(s.Missing), "n", len(s.Missing))
		p.Hint = chain.Say("kit.lines_missing_hint")
	}
	return p
}

// Wipe overwrites the shares.
func (g *Gatherer) Wipe() {
	for _, s := range g.shares {
		clear(s.value[:cap(s.value)])
	}
}

// Scan takes the lines that stand in a text: what a QR code says, a page's text, a file
// of typed lines. It says how many lines it found, and joins what is wrong with others.
func (g *Gatherer) Scan(text string) (found int, err error) {
	var bad []error
	before := g.State().Have
	foreign := false
	for l := range lines(text) {
		if l.kit != "" {
			err := g.belongs(l.kit)
			if foreign = err != nil; foreign {
				bad = append(bad, err)
			} else {
				g.kit = l.kit
			}
			continue
		}
		if foreign { // it has been said once
			continue
		}
		switch err := g.Take(l.label, l.text); {
		case err == nil:
			found++
		case !g.seenBefore(before, err):
			found++
		default:
			bad = append(bad, err)
		}
	}
	return found, errors.Join(bad...)
}

// seenBefore reports whether err is more than that a share stands in one text twice.
func (g *Gatherer) seenBefore(before []int, err error) bool {
	p, ok := err.(*Problem)
	if !ok || p.Code != "twice" {
		return true
	}
	x, _ := strconv.Atoi(p.Text.Args["share"])
	return slices.Contains(before, x)
}

func list(numbers []int) string {
	var words []string
	for _, n := range numbers {
		words = append(words, strconv.Itoa(n))
	}
	return strings.Join(words, ", ")
}

// ranges writes V1-V3, V7.
func ranges(numbers []int) string {
	var parts []string
	for i := 0; i < len(numbers); {
		j := i
		for j+1 < len(numbers) && numbers[j+1] == numbers[j]+1 {
			j++
		}
		part := fmt.Sprintf("V%d", numbers[i])
		if j > i {
			part += fmt.Sprintf("-V%d", numbers[j])
		}
		parts, i = append(parts, part), j+1
	}
	return strings.Join(parts, ", ")
}
