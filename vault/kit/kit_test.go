package kit

import (
	"bytes"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"filippo.io/age"

	"github.com/omamori-guard/omamori/vault/shamir"
)

var made = time.Date(2026, 11, 24, 17, 5, 30, 0, time.UTC)

func make35(t *testing.T) (*Kit, []byte) {
	t.Helper()
	payload := make([]byte, 700)
	if _, err := rand.Read(payload); err != nil {
		t.Fatal(err)
	}
	k, err := Make(payload, 12, 3, 5, made)
	if err != nil {
		t.Fatal(err)
	}
	return k, payload
}

// page is a share as text, as a page has it.
func page(k *Kit, x int) string {
	lines := k.Shares[x-1].Lines()
	var b strings.Builder
	b.WriteString(Headline(k.ID) + "\n")
	for _, l := range append(lines[:], k.VaultLines()...) {
		b.WriteString("  " + l.Label + "  " + Words(l.Text) + "   beside it\n")
	}
	return b.String()
}

// TestAnyThree: any three of five restore it, in any order, from text and from QR.
func TestAnyThree(t *testing.T) {
	k, payload := make35(t)
	for _, c := range [][]int{{1, 2, 3}, {5, 4, 1}, {2, 4, 5}, {3, 1, 5}} {
		var g Gatherer
		for i, x := range c {
			if i == 2 { // as QR codes
				lines := k.Shares[x-1].Lines()
				if n, err := g.Scan(QR(k.ID, lines[:])); n != 2 || err != nil {
					t.Errorf("share %d by QR: %d lines, %v", x, n, err)
				}
				continue
			}
			if _, err := g.Scan(page(k, x)); err != nil {
				t.Errorf("share %d: %v", x, err)
			}
			if _, err := g.Open(); code(err) != "few" {
				t.Errorf("%d shares: %v", i+1, err)
			}
		}
		got, err := g.Open()
		if err != nil || !bytes.Equal(got.Payload, payload) || got.Accounts != 12 || !got.Made.Equal(made.Truncate(time.Minute)) || got.Kit != k.ID {
			t.Errorf("shares %v: %v, %d bytes, %d accounts, %v", c, err, len(got.Payload), got.Accounts, got.Made)
		}
		g.Wipe()
	}
}

func code(err error) string {
	var p *Problem
	if errors.As(err, &p) {
		return p.Code
	}
	return ""
}

// TestTyped: asked for line by line, each mistake is said at once.
func TestTyped(t *testing.T) {
	k, payload := make35(t)
	other, _ := make35(t)
	var g Gatherer
	text := map[string]string{}
	for _, s := range k.Shares {
		for _, l := range s.Lines() {
			text[l.Label] = l.Text
		}
	}
	for _, l := range k.VaultLines() {
		text[l.Label] = l.Text
	}
	foreign := other.Shares[3].Lines()
	shares := []string{"S4-1", "S1-1", "S5-1"}
	for n := 0; ; n++ {
		label := g.Next()
		if label == "" {
			break
		}
		if label == "S" {
			if n > 0 {
				if err := g.Take("S", foreign[0].Text); code(err) != "foreign" {
					t.Errorf("a share of another kit: %v", err)
				}
				if err := g.Take("S", text["S4-1"]); code(err) != "twice" {
					t.Errorf("a share twice: %v", err)
				}
			}
			if err := g.Take("S2-1", text[shares[0]]); err == nil {
				t.Error("a share under the label of another")
			}
			if err := g.Take(label, text[shares[0]]); err != nil {
				t.Error(err)
			}
			shares = shares[1:]
			continue
		}
		if strings.HasSuffix(label, "-2") {
			if err := g.Take(label, foreign[1].Text); err == nil {
				t.Error("the second line of another kit's share is taken")
			}
		}
		var m *Mistake
		if err := g.Take(label, strings.Replace(text[label], text[label][:1], "", 1)); !errors.As(err, &m) || m.Line != label {
			t.Errorf("%s, a character lost: %v", label, err)
		}
		if err := g.Take(label, Words(text[label])); err != nil {
			t.Errorf("%s: %v", label, err)
		}
	}
	got, err := g.Open()
	if err != nil || !bytes.Equal(got.Payload, payload) {
		t.Error(err)
	}
}

// TestWrongShare: a share whose lines are right in themselves, but not what the kit was
// made with, is named, and another takes its place.
func TestWrongShare(t *testing.T) {
	k, payload := make35(t)
	bad := k.Shares[1]
	bad.value = bytes.Repeat([]byte{7}, keySize)
	lines := bad.Lines()
	for _, order := range []bool{true, false} {
		var g Gatherer
		forged := QR(k.ID, lines[:])
		var err error
		if order {
			_, err = g.Scan(forged)
			if err == nil {
				_, err = g.Scan(page(k, 1))
			}
		} else {
			if _, err = g.Scan(page(k, 1)); err == nil {
				_, err = g.Scan(forged)
			}
		}
		if code(err) != "wrong" || !strings.Contains(err.Error(), "2") {
			t.Errorf("forged: %v", err)
		}
		for _, x := range []int{1, 3, 4} {
			if _, err := g.Scan(page(k, x)); err != nil && code(err) != "twice" {
				t.Error(err)
			}
		}
		if got, err := g.Open(); err != nil || !bytes.Equal(got.Payload, payload) {
			t.Error(err)
		}
	}
	// Two that differ, before the sealed vault is there.
	var g Gatherer
	right := k.Shares[1].Lines()
	if _, err := g.Scan(QR(k.ID, right[:])); err != nil {
		t.Error(err)
	}
	if _, err := g.Scan(QR(k.ID, lines[:])); code(err) != "wrong" {
		t.Errorf("a second share 2: %v", err)
	}
	if _, err := g.Scan(QR(k.ID, right[:])); code(err) != "twice" {
		t.Errorf("the same again: %v", err)
	}
}

// TestDamagedVault: lines that each are right, but are not all of one kit's vault.
func TestDamagedVault(t *testing.T) {
	k, _ := make35(t)
	var g Gatherer
	lines := k.Shares[0].Lines()
	if _, err := g.Scan(QR(k.ID, lines[:])); err != nil {
		t.Fatal(err)
	}
	vault := k.VaultLines()
	vault[3].Text = writeLine(aroundVault(k.ID, 4), [lineBytes]byte{1})
	if _, err := g.Scan(QR(k.ID, vault)); code(err) != "damaged" {
		t.Errorf("damaged: %v", err)
	}
	if s := g.State(); len(s.Missing) != len(vault) {
		t.Errorf("after it %d lines are missing", len(s.Missing))
	}
	if _, err := g.Scan(QR(k.ID, k.VaultLines()[:9])); err != nil {
		t.Error(err)
	}
	for _, x := range []int{2, 3} {
		lines := k.Shares[x-1].Lines()
		if _, err := g.Scan(QR(k.ID, lines[:])); err != nil {
			t.Error(err)
		}
	}
	if _, err := g.Open(); code(err) != "few" || !strings.Contains(err.Error(), "V10-V") {
		t.Errorf("lines missing: %v", err)
	}
}

// TestByHand: whoever has no omamori any more, but three shares' values, needs any tool
// for TSS and the age program.
func TestByHand(t *testing.T) {
	k, _ := make35(t)
	head, err := readHeader(k.sealed)
	if err != nil {
		t.Fatal(err)
	}
	key, err := shamir.Combine([]shamir.Share{{X: 2, Value: k.Shares[1].value}, {X: 4, Value: k.Shares[3].value}, {X: 5, Value: k.Shares[4].value}})
	if err != nil {
		t.Fatal(err)
	}
	id, err := age.NewScryptIdentity(hex.EncodeToString(key))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := age.Decrypt(bytes.NewReader(head.file), id); err != nil {
		t.Errorf("age: %v", err)
	}
}

func TestBadNumbers(t *testing.T) {
	for _, c := range [][2]int{{1, 1}, {1, 5}, {4, 3}, {3, 16}, {-1, 2}} {
		if _, err := Make([]byte("x"), 1, c[0], c[1], made); code(err) != "bad" {
			t.Errorf("%d of %d: %v", c[0], c[1], err)
		}
	}
	big := make([]byte, maxSealed)
	_, _ = rand.Read(big)
	if _, err := Make(big, 1, 3, 5, made); code(err) != "big" {
		t.Errorf("too big: %v", err)
	}
}

// TestRecord: it tells the words of a share from others, and when the kit is stale.
func TestRecord(t *testing.T) {
	k, _ := make35(t)
	dir := t.TempDir()
	r, err := NewRecord(k, [][]byte{[]byte("aws"), []byte("google")})
	if err != nil {
		t.Fatal(err)
	}
	if err := r.Write(dir); err != nil {
		t.Fatal(err)
	}
	if r, err = ReadRecord(filepath.Join(dir, RecordFile)); err != nil {
		t.Fatal(err)
	}
	said := func(share int, q Question) string {
		second := inWords(k.Shares[share-1].Lines()[1].Text)
		var w []string
		for _, p := range q.Words {
			w = append(w, second[p-1])
		}
		return strings.Join(w, " ")
	}
	seen := map[string]bool{}
	for d := range questions {
		on := made.AddDate(0, 0, d)
		q, ok := r.Ask(2, on)
		if !ok {
			t.Fatal("no question")
		}
		seen[q.Places()] = true
		if ok, err := r.Answers(2, on, strings.ToLower(said(2, q))); !ok || err != nil {
			t.Errorf("day %d: %v, %v", d, ok, err)
		}
		if ok, err := r.Answers(2, on.AddDate(0, 0, 1), said(2, q)); !ok || err != nil {
			t.Errorf("past midnight: %v, %v", ok, err)
		}
		if ok, err := r.Answers(2, on, said(3, q)); ok || err != nil {
			t.Errorf("another share's words: %v, %v", ok, err)
		}
	}
	if len(seen) < 2 {
		t.Error("the same words each day")
	}
	if _, err := r.Answers(2, made, "AAAAA"); code(err) != "bad" {
		t.Errorf("too few words: %v", err)
	}
	for _, share := range []int{0, 6, -1} {
		if _, ok := r.Ask(share, made); ok {
			t.Errorf("a question about share %d", share)
		}
	}
	if r.Look([][]byte{[]byte("google")}) || r.Missing != 0 {
		t.Error("an account that is gone makes it stale")
	}
	if !r.Look([][]byte{[]byte("aws"), []byte("bank")}) || r.Missing != 1 {
		t.Errorf("one account more: %d missing", r.Missing)
	}
	b, err := os.ReadFile(filepath.Join(dir, RecordFile))
	if err != nil {
		t.Fatal(err)
	}
	for _, s := range k.Shares {
		for _, l := range s.Lines() {
			for _, w := range inWords(l.Text) {
				if bytes.Contains(b, []byte(w)) {
					t.Error("the record has words of a share")
				}
			}
		}
	}
	if _, err := ReadRecord(filepath.Join(dir, "none.json")); !errors.Is(err, ErrNoRecord) {
		t.Errorf("no record: %v", err)
	}
}

func FuzzRecord(f *testing.F) {
	k, err := Make([]byte("x"), 1, 2, 3, made)
	if err != nil {
		f.Fatal(err)
	}
	r, err := NewRecord(k, [][]byte{[]byte("aws")})
	if err != nil {
		f.Fatal(err)
	}
	dir := f.TempDir()
	if err := r.Write(dir); err != nil {
		f.Fatal(err)
	}
	b, err := os.ReadFile(filepath.Join(dir, RecordFile))
	if err != nil {
		f.Fatal(err)
	}
	f.Add(b)
	f.Add([]byte(`{"omamori_kit":1}`))
	f.Fuzz(func(t *testing.T, b []byte) {
		r, err := parseRecord(b)
		if err != nil {
			return
		}
		for share := range MostShares + 2 {
			if q, ok := r.Ask(share, made); ok && len(q.Words) != askedWords {
				t.Error("a question without words")
			}
		}
	})
}

func FuzzScan(f *testing.F) {
	k, err := Make([]byte("a payload"), 1, 2, 3, made)
	if err != nil {
		f.Fatal(err)
	}
	f.Add(page(k, 1) + page(k, 2))
	lines := k.Shares[2].Lines()
	f.Add(QR(k.ID, lines[:]) + "\n" + QR(k.ID, k.VaultLines()))
	f.Add("S1-1: V2 S3-2: OMAMORI-KIT:AAAAAAAAAA V999 " + lines[0].Text)
	f.Fuzz(func(t *testing.T, text string) {
		var g Gatherer
		n, _ := g.Scan(text) // what is wrong is said; it must not panic
		if s := g.State(); s.Done() && n == 0 {
			t.Error("restored from nothing")
		}
		if o, err := g.Open(); err == nil && string(o.Payload) != "a payload" {
			t.Errorf("restored %q", o.Payload)
		}
	})
}
