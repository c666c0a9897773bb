package pages

import (
	"bytes"
	"crypto/rand"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/omamori-guard/omamori/probe/probetest"
	"github.com/omamori-guard/omamori/vault/kit"
	"github.com/omamori-guard/omamori/words"
)

func newKit(t *testing.T, size int) (*kit.Kit, []byte) {
	t.Helper()
	payload := make([]byte, size)
	if _, err := rand.Read(payload); err != nil {
		t.Fatal(err)
	}
	k, err := kit.Make(payload, 17, 3, 5, time.Date(2026, 11, 24, 3, 0, 0, 0, time.UTC))
	if err != nil {
		t.Fatal(err)
	}
	return k, payload
}

// text is what pdftotext finds in a PDF. It must not complain of anything.
func text(t *testing.T, pdf []byte) string {
	t.Helper()
	if _, err := exec.LookPath("pdftotext"); err != nil {
		probetest.Needs(t, "poppler-utils: "+err.Error())
	}
	path := filepath.Join(t.TempDir(), "page.pdf")
	if err := os.WriteFile(path, pdf, 0o600); err != nil {
		t.Fatal(err)
	}
	c := exec.Command("pdftotext", "-layout", path, "-")
	var out, complaints bytes.Buffer
	c.Stdout, c.Stderr = &out, &complaints
	if err := c.Run(); err != nil || complaints.Len() > 0 {
		t.Fatalf("pdftotext: %v, %.500s", err, complaints.String())
	}
	return out.String()
}

// TestText: the text of three shares' pages restores the kit, in each language, with
// short and long vaults; and what a helper is told is there.
func TestText(t *testing.T) {
	for _, lang := range words.Langs {
		for _, size := range []int{20, 900, 5000} {
			k, payload := newKit(t, size)
			var g kit.Gatherer
			for _, x := range []int{5, 1, 3} {
				pdf, err := Share(k, x, lang)
				if err != nil {
					t.Fatal(err)
				}
				page := text(t, pdf)
				if n, err := g.Scan(page); n < 2 || err != nil {
					t.Errorf("share %d of %d bytes in %s: %d lines, %v", x, size, lang, n, err)
				}
				for _, key := range []string{"kitpage.helper", "kitpage.restore", "kitpage.what"} {
					if said := lang.Text(key); !strings.Contains(page, said) {
						t.Errorf("the page does not say %q", said)
					}
				}
			}
			if got, err := g.Open(); err != nil || !bytes.Equal(got.Payload, payload) {
				t.Errorf("%d bytes in %s: %v", size, lang, err)
			}
		}
	}
}

// TestNotes: the file itself can be read too, without a program for PDF.
func TestNotes(t *testing.T) {
	k, payload := newKit(t, 900)
	var g kit.Gatherer
	for x := 1; x <= 3; x++ {
		pdf, err := Share(k, x, words.Japanese)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := g.Scan(kit.Notes(pdf)); err != nil {
			t.Error(err)
		}
	}
	if got, err := g.Open(); err != nil || !bytes.Equal(got.Payload, payload) {
		t.Error(err)
	}
}

// TestOwner: the owner's sheet has the accounts' names and no word of any share.
func TestOwner(t *testing.T) {
	k, _ := newKit(t, 900)
	var names []string
	for range 150 {
		names = append(names, "さくら "+strings.Repeat("長い名前", 20))
	}
	pdf, err := Owner(k, append([]string{"Amazon Web Services (root)"}, names...), words.Japanese)
	if err != nil {
		t.Fatal(err)
	}
	page := text(t, pdf)
	if !strings.Contains(page, "Amazon Web Services (root)") || strings.Count(page, "さくら") != 150 {
		t.Errorf("the sheet lacks accounts: %d of 150", strings.Count(page, "さくら"))
	}
	for _, s := range k.Shares {
		for _, l := range s.Lines() {
			for w := range strings.FieldsSeq(kit.Words(l.Text)) {
				if strings.Contains(page, w) {
					t.Errorf("the sheet has the word %s of a share", w)
				}
			}
		}
	}
}

// TestSame: the same kit gives the same bytes.
func TestSame(t *testing.T) {
	k, _ := newKit(t, 100)
	one, err := Share(k, 1, words.Japanese)
	if err != nil {
		t.Fatal(err)
	}
	two, err := Share(k, 1, words.Japanese)
	if err != nil || !bytes.Equal(one, two) {
		t.Error("two PDFs of one share differ", err)
	}
}
