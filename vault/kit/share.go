package kit

import (
	"encoding/binary"
	"fmt"

	"github.com/omamori-guard/omamori/chain"
)

// Line is one line of a page.
type Line struct {
	// Label is "S3-1" and "S3-2" for the two of share 3, "V1" and so on for those of
	// the sealed vault, which are the same on each share.
	Label string
	// Text is its characters.
	Text string
}

// What a line is checked with besides its own characters. The first
// line of a share says which kit it is of; all others belong to that kit alone.
func aroundFirst() string                  { return "omamori kit S-1" }
func aroundSecond(kit string) string       { return "omamori kit S-2 " + kit }
func aroundVault(kit string, n int) string { return fmt.Sprintf("omamori kit V%d %s", n, kit) }

// Lines are the two lines that are the share. The first has version and need, of and X,
// the kit's number, and how long the sealed vault is; then the share's value begins.
func (s Share) Lines() [2]Line {
	b := make([]byte, 0, 2*lineBytes)
	b = append(b, version<<4|byte(s.Need), byte(s.Of)<<4|byte(s.X))
	b = append(b, binary.BigEndian.AppendUint64(nil, idNumber(s.Kit))[8-idSize:]...)
	b = binary.BigEndian.AppendUint16(b, uint16(s.sealed))
	b = append(b, s.value...)
	defer clear(b)
	first, second := [lineBytes]byte(b[:lineBytes]), [lineBytes]byte(b[lineBytes:])
	defer clear(first[:])
	defer clear(second[:])
	return [2]Line{
		{fmt.Sprintf("S%d-1", s.X), writeLine(aroundFirst(), first)},
		{fmt.Sprintf("S%d-2", s.X), writeLine(aroundSecond(s.Kit), second)},
	}
}

// readFirst reads the first line of a share: all but the rest of its value.
func readFirst(data [lineBytes]byte) (Share, error) {
	id := binary.BigEndian.Uint64(append(make([]byte, 8-idSize), data[2:2+idSize]...))
	s := Share{
		Need: int(data[0] & 15), Of: int(data[1] >> 4), X: int(data[1] & 15),
		Kit:    idText(id),
		sealed: int(binary.BigEndian.Uint16(data[8:10])),
		value:  append(make([]byte, 0, keySize), data[10:]...),
	}
	if v := data[0] >> 4; v != version {
		return s, &Problem{Code: "bad", Text: chain.Say("kit.newer", "version", int(v)), Hint: chain.Say("kit.newer_hint")}
	}
	if s.Need < 2 || s.Of < s.Need || s.X < 1 || s.X > s.Of || s.sealed == 0 || s.sealed > maxSealed || idNumber(s.Kit) != id {
		return s, &Problem{Code: "bad", Text: chain.Say("kit.not_a_share"), Hint: chain.Say("kit.newer_hint")}
	}
	return s, nil
}

func idNumber(kit string) (id uint64) {
	for _, c := range []byte(kit) {
		for i := range base {
			if Alphabet[i] == c {
				id = id*uint64(base) + uint64(i)
			}
		}
	}
	return id
}

// VaultLines are those of the sealed vault. The last is filled up with zeros.
func (k *Kit) VaultLines() []Line {
	var lines []Line
	for rest, n := k.sealed, 1; len(rest) > 0; n++ {
		var data [lineBytes]byte
		rest = rest[copy(data[:], rest):]
		lines = append(lines, Line{fmt.Sprintf("V%d", n), writeLine(aroundVault(k.ID, n), data)})
	}
	return lines
}

// vaultLines is how many lines a sealed vault of so many bytes has.
func vaultLines(sealed int) int { return (sealed + lineBytes - 1) / lineBytes }

// IDWords sets a kit's name as it is printed: in two words.
func IDWords(id string) string { return Words(id) }
