package kit

import (
	"bytes"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"golang.org/x/sys/unix"

	"github.com/omamori-guard/omamori/chain"
)

// RecordFile is the name of a kit's record, beside the vault that it was made of.
const RecordFile = "kit.json"

const (
	// askedWords of the first askable of a share's second line make a question. Four
	// words are 94 random bits: their hash gives them away to nobody.
	askedWords = 4
	askable    = lineWords - 1 // the last has most of the check
	// questions is how many there are for each share.
	questions = 8
	maxRecord = 256 << 10
)

// Record is what stays on the device of a kit that was printed: no secret, but enough
// to tell a share of it from paper that is none, and when it is stale.
type Record struct {
	Version int `json:"omamori_kit"`
	// Kit is its name.
	Kit      string    `json:"kit"`
	Made     time.Time `json:"made"`
	Need     int       `json:"need"`
	Of       int       `json:"of"`
	Accounts int       `json:"accounts"`
	Salt     []byte    `json:"salt"`
	// Covered are the accounts that the kit brings back, hashed.
	Covered [][]byte `json:"covered"`
	// Missing is how many accounts the vault has that the kit does not bring back.
	Missing int `json:"missing"`
	// Shares are those of the kit, the first at 0.
	Shares [][]Question `json:"shares"`
}

// Question asks for some words of a share's second line.
type Question struct {
	// Words are their places, from 1.
	Words []int `json:"words"`
	// Answer is the hash of the words.
	Answer []byte `json:"answer"`
}

// NewRecord makes the record of a kit that covers the accounts, each given as bytes that
// are its own and change when it does.
func NewRecord(k *Kit, accounts [][]byte) (*Record, error) {
	r := &Record{Version: version, Kit: k.ID, Made: k.Made, Need: k.Need, Of: k.Of, Accounts: len(accounts), Salt: make([]byte, 32)}
	if _, err := rand.Read(r.Salt); err != nil {
		return nil, err
	}
	for _, a := range accounts {
		r.Covered = append(r.Covered, r.hash("account", a))
	}
	for _, s := range k.Shares {
		second := inWords(s.Lines()[1].Text)
		var asked []Question
		for range questions {
			places, err := choose(askedWords, askable)
			if err != nil {
				return nil, err
			}
			answer := ""
			for _, p := range places {
				answer += second[p-1]
			}
			asked = append(asked, Question{places, r.hash(fmt.Sprintf("share %d", s.X), []byte(answer))})
		}
		r.Shares = append(r.Shares, asked)
	}
	return r, nil
}

// choose chooses k of the numbers from 1 to n.
func choose(k, n int) ([]int, error) {
	all := make([]int, n)
	for i := range all {
		all[i] = i + 1
	}
	var b [1]byte
	for len(all) > k {
		if _, err := rand.Read(b[:]); err != nil {
			return nil, err
		}
		i := int(b[0]) % len(all)
		all = slices.Delete(all, i, i+1)
	}
	return all, nil
}

func (r *Record) hash(what string, b []byte) []byte {
	h := hmac.New(sha256.New, r.Salt)
	fmt.Fprintf(h, "omamori kit %s\n", what)
	h.Write(b)
	return h.Sum(nil)
}

// Look counts the accounts of a vault that the kit does not bring back, and reports
// whether that is news.
func (r *Record) Look(accounts [][]byte) (news bool) {
	missing := 0
	for _, a := range accounts {
		h := r.hash("account", a)
		if !slices.ContainsFunc(r.Covered, func(c []byte) bool { return bytes.Equal(c, h) }) {
			missing++
		}
	}
	news = missing != r.Missing
	r.Missing = missing
	return news
}

// Ask is the question about a share on a day: another one each day. False is for a
// share that the kit does not have.
func (r *Record) Ask(share int, on time.Time) (Question, bool) {
	if share < 1 || share > len(r.Shares) || len(r.Shares[share-1]) == 0 {
		return Question{}, false
	}
	asked := r.Shares[share-1]
	return asked[day(on)%len(asked)], true
}

func day(t time.Time) int {
	_, offset := t.Zone()
	return max(0, int((t.Unix()+int64(offset))/(24*60*60)))
}

// Answers reports whether what was typed are the words that were asked of a share, on
// that day or on the one before, as one may be asked before midnight. An error says
// what cannot be such words.
func (r *Record) Answers(share int, on time.Time, typed string) (bool, error) {
	digits, _, err := spell(fmt.Sprintf("S%d-2", share), typed)
	defer clear(digits)
	if err != nil {
		return false, err
	}
	if len(digits) != askedWords*word {
		return false, &Problem{Code: "bad", Text: chain.Say("kit.answer_length", "have", len(digits), "want", askedWords*word),
			Hint: chain.Say("kit.answer_length_hint", "words", askedWords, "chars", word)}
	}
	for i, d := range digits {
		digits[i] = Alphabet[d]
	}
	got := r.hash(fmt.Sprintf("share %d", share), digits)
	right := 0
	for _, at := range []time.Time{on, on.AddDate(0, 0, -1)} {
		if q, ok := r.Ask(share, at); ok {
			right |= subtle.ConstantTimeCompare(q.Answer, got)
		}
	}
	return right == 1, nil
}

// Places writes the places of the words: "2, 3, 5, 6".
func (q Question) Places() string { return list(q.Words) }

// ErrNoRecord is for a folder without a record.
var ErrNoRecord = errors.New("no record of a kit")

// ReadRecord reads a record.
func ReadRecord(path string) (*Record, error) {
	f, err := os.OpenFile(path, os.O_RDONLY|unix.O_NONBLOCK, 0) // a pipe would have the guard wait for ever
	if errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("%w: %s", ErrNoRecord, path)
	}
	if err != nil {
		return nil, err
	}
	defer func() { _ = f.Close() }() // read only: nothing can be lost
	if st, err := f.Stat(); err != nil || !st.Mode().IsRegular() {
		return nil, errors.Join(err, fmt.Errorf("%s is not a file", path))
	}
	b, err := io.ReadAll(io.LimitReader(f, maxRecord+1))
	if err != nil {
		return nil, err
	}
	return parseRecord(b)
}

func parseRecord(b []byte) (*Record, error) {
	var r Record
	if len(b) > maxRecord {
		return nil, errors.New("a record of a kit is not as long as this")
	}
	if err := json.Unmarshal(b, &r); err != nil {
		return nil, fmt.Errorf("read the record of a kit: %w", err)
	}
	if r.Version != version || len(r.Kit) != idChars || strings.Trim(r.Kit, Alphabet) != "" ||
		r.Need < 2 || r.Of < r.Need || r.Of > MostShares || len(r.Shares) != r.Of || len(r.Salt) == 0 {
		return nil, errors.New("not the record of a kit that this omamori knows")
	}
	for _, asked := range r.Shares {
		for _, q := range asked {
			if len(q.Words) != askedWords || slices.ContainsFunc(q.Words, func(p int) bool { return p < 1 || p > askable }) {
				return nil, errors.New("a question of the record of a kit asks for nothing")
			}
		}
	}
	return &r, nil
}

// Write writes the record in the place of the one before.
func (r *Record) Write(dir string) (err error) {
	b, err := json.Marshal(r)
	if err != nil {
		return err
	}
	f, err := os.CreateTemp(dir, ".new-*")
	if err != nil {
		return fmt.Errorf("write the record of the kit: %w", err)
	}
	defer func() {
		if err != nil {
			_ = os.Remove(f.Name()) // what failed before is what matters
		}
	}()
	if _, err = f.Write(append(b, '\n')); err == nil {
		err = f.Sync()
	}
	if err = errors.Join(err, f.Close()); err != nil {
		return fmt.Errorf("write the record of the kit: %w", err)
	}
	return os.Rename(f.Name(), filepath.Join(dir, RecordFile))
}
