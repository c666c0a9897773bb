// Package pages prints a kit: what stands on the pages of each share, and on the
// owner's own sheet.
package pages

import (
	"fmt"

	"rsc.io/qr"

	"github.com/omamori-guard/omamori/chain"
	"github.com/omamori-guard/omamori/paper"
	"github.com/omamori-guard/omamori/vault/kit"
	"github.com/omamori-guard/omamori/words"
)

// Measures, in points.
const (
	margin  = 48.0
	inner   = paper.Wide - 2*margin
	size    = 10.0
	leading = 15.5
	code    = 10.5 // size of a line's characters
	pitch   = 6.6
)

// sheet is a document in the making.
type sheet struct {
	*paper.Document
	lang words.Lang
	kit  *kit.Kit
	page *paper.Page
	y    float64
}

func begin(k *kit.Kit, lang words.Lang, titleKey string, pairs ...any) (*sheet, string, error) {
	title := lang.Say(chain.Say(titleKey, pairs...))
	d, err := paper.New(title+" "+kit.IDWords(k.ID), string(lang))
	if err != nil {
		return nil, "", err
	}
	return &sheet{Document: d, lang: lang, kit: k}, title, nil
}

func (s *sheet) say(key string, pairs ...any) string { return s.lang.Say(chain.Say(key, pairs...)) }

// head begins a page: what it is, and of which kit.
func (s *sheet) head(title string, page, of int) {
	s.page = s.Page()
	s.page.Bold(margin, margin+18, 18, title)
	name := s.say("kitpage.kit", "kit", kit.IDWords(s.kit.ID))
	s.page.Bold(paper.Wide-margin-s.Width(name, 12), margin+18, 12, name)
	s.page.Rule(margin, margin+30, inner, 1)
	// For a reader that is a machine, and finds this page alone.
	s.page.Text(margin, paper.High-margin+24, 7.5, kit.Headline(s.kit.ID))
	number := s.say("kitpage.page", "page", page, "of", of)
	s.page.Text(paper.Wide-margin-s.Width(number, 8), paper.High-margin+24, 8, number)
	s.y = margin + 50
}

// heading, paragraph and step set text below what is there.
func (s *sheet) heading(key string, pairs ...any) {
	s.y += 7
	s.page.Bold(margin, s.y, 11.5, s.say(key, pairs...))
	s.y += leading + 1
}

func (s *sheet) paragraph(width float64, key string, pairs ...any) {
	s.y = s.page.Block(margin, s.y, size, width, leading, s.say(key, pairs...)) + 2
}

func (s *sheet) step(n string, width float64, key string, pairs ...any) {
	s.page.Text(margin+4, s.y, size, n)
	s.y = s.page.Block(margin+22, s.y, size, width-22, leading, s.say(key, pairs...)) + 2
}

func (s *sheet) day() string { return s.lang.Date(s.kit.Made.Local()) }

// line sets a line of the kit: its label, then its words.
func (s *sheet) line(x, y float64, l kit.Line) {
	s.page.Text(x, y, 8.5, l.Label)
	s.page.Pitched(x+28, y, code, pitch, kit.Words(l.Text))
}

// square sets the QR code of lines, without the white that it has around it already on
// the page.
func (s *sheet) square(x, y, side float64, lines []kit.Line) error {
	c, err := qr.Encode(kit.QR(s.kit.ID, lines), qr.M)
	if err != nil {
		return fmt.Errorf("make a QR code: %w", err)
	}
	s.page.Squares(x, y, side, c.Size, c.Black)
	return nil
}

const (
	squareSide = 150.0
	rows       = 4 // QR codes on a page, each beside its lines
	rowHigh    = 170.0
	rowLeading = 11.0
)

// Share is the share x of a kit, as PDF.
func Share(k *kit.Kit, x int, lang words.Lang) ([]byte, error) {
	s, title, err := begin(k, lang, "kitpage.share", "x", x, "of", k.Of)
	if err != nil {
		return nil, err
	}
	vault := k.VaultLines()
	share := k.Shares[x-1].Lines()
	of := 1 + (len(vault)+rows*kit.QRLines-1)/(rows*kit.QRLines)
	s.head(title, 1, of)
	if err := s.first(k, share[:], of); err != nil {
		return nil, err
	}
	s.Note(kit.QR(k.ID, share[:]))
	for page := 2; len(vault) > 0; page++ {
		s.head(title, page, of)
		s.paragraph(inner, "kitpage.vault", "from", vault[0].Label)
		for row := 0; row < rows && len(vault) > 0; row++ {
			n := min(kit.QRLines, len(vault))
			top := s.y + 4 + float64(row)*rowHigh
			for i, l := range vault[:n] {
				s.line(margin, top+9+float64(i)*rowLeading, l)
			}
			if err := s.square(paper.Wide-margin-squareSide, top, squareSide, vault[:n]); err != nil {
				return nil, err
			}
			s.Note(kit.QR(k.ID, vault[:n]))
			vault = vault[n:]
		}
	}
	return s.Bytes()
}

// first is the page for people: what this is, what to do with it, and the share itself.
func (s *sheet) first(k *kit.Kit, share []kit.Line, of int) error {
	s.page.Fill(margin, s.y-14, inner, 48, 0.93)
	s.y = s.page.Block(margin+10, s.y+4, 11, inner-20, 17, s.say("kitpage.important", "need", k.Need, "of", k.Of, "less", k.Need-1))
	s.y = max(s.y, margin+96)
	for _, what := range []string{"kitpage.owner", "kitpage.phone"} {
		s.page.Text(margin, s.y+8, size, s.say(what))
		s.page.Rule(margin+110, s.y+10, inner-110, 0.5)
		s.y += 23
	}
	s.heading("kitpage.helper")
	for i, key := range []string{"kitpage.helper_keep", "kitpage.helper_nobody", "kitpage.helper_give", "kitpage.helper_lost"} {
		s.step(fmt.Sprintf("%d.", i+1), inner, key, "pages", of)
	}
	s.heading("kitpage.restore")
	for i, key := range []string{"kitpage.restore_gather", "kitpage.restore_photo", "kitpage.restore_type", "kitpage.restore_after"} {
		s.step(fmt.Sprintf("%d.", i+1), inner, key, "need", k.Need, "of", k.Of)
	}
	s.heading("kitpage.what")
	s.paragraph(inner, "kitpage.what_is", "n", k.Accounts, "day", s.day())
	s.paragraph(inner, "kitpage.what_stale")
	s.heading("kitpage.lines")
	s.paragraph(inner, "kitpage.alphabet", "alphabet", kit.Alphabet)
	top := s.y + 2
	if err := s.square(paper.Wide-margin-112, top, 112, share); err != nil {
		return err
	}
	for i, l := range share {
		y := top + 22 + float64(i)*42
		s.page.Bold(margin, y, 11, l.Label)
		s.page.Pitched(margin+36, y, 11.5, 7.0, kit.Words(l.Text))
	}
	return nil
}

// Owner is the sheet that the owner keeps: no secret is on it.
func Owner(k *kit.Kit, accounts []string, lang words.Lang) ([]byte, error) {
	s, title, err := begin(k, lang, "kitpage.sheet")
	if err != nil {
		return nil, err
	}
	of := 1
	const perPage, columns = 60, 2
	if n := len(accounts); n > firstAccounts {
		of += (n - firstAccounts + perPage - 1) / perPage
	}
	s.head(title, 1, of)
	s.paragraph(inner, "kitpage.sheet_is", "need", k.Need, "of", k.Of, "day", s.day(), "n", k.Accounts)
	s.paragraph(inner, "kitpage.sheet_stale")
	s.heading("kitpage.sheet_where")
	s.table(k)
	s.heading("kitpage.sheet_drill")
	s.paragraph(inner, "kitpage.sheet_drill_is")
	s.heading("kitpage.sheet_accounts", "n", k.Accounts)
	rest := accounts
	for page := 2; ; page++ {
		n := min(len(rest), int((paper.High-margin-s.y-20)/14)*columns)
		for i, a := range rest[:n] {
			x := margin + float64(i%columns)*inner/columns
			s.page.Text(x, s.y, 9.5, "・"+s.fit(words.Clean(a), inner/columns-20))
			if i%columns == columns-1 || i == n-1 {
				s.y += 14
			}
		}
		if rest = rest[n:]; len(rest) == 0 {
			break
		}
		s.head(title, page, max(of, page))
	}
	return s.Bytes()
}

// firstAccounts is how many fit below what else is on the owner's sheet.
const firstAccounts = 40

// fit cuts a text that is too wide.
func (s *sheet) fit(text string, width float64) string {
	if s.Width(text, 9.5) <= width {
		return text
	}
	r := []rune(text)
	for len(r) > 0 && s.Width(string(r)+"…", 9.5) > width {
		r = r[:len(r)-1]
	}
	return string(r) + "…"
}

// table is where the owner writes by hand who has which share.
func (s *sheet) table(k *kit.Kit) {
	const high = 21.0
	columns := []float64{0, 50, 330}
	for i, key := range []string{"kitpage.col_share", "kitpage.col_where", "kitpage.col_day"} {
		s.page.Bold(margin+columns[i]+4, s.y, 9, s.say(key))
	}
	s.page.Rule(margin, s.y+5, inner, 0.8)
	for x := 1; x <= k.Of; x++ {
		s.page.Text(margin+4, s.y+float64(x)*high, size, fmt.Sprintf("%d / %d", x, k.Of))
		s.page.Rule(margin, s.y+float64(x)*high+6, inner, 0.4)
	}
	s.y += float64(k.Of)*high + 24
}

// Name is the name of the file of a share, or of the owner's sheet for 0.
func Name(k *kit.Kit, x int) string {
	if x == 0 {
		return fmt.Sprintf("kit-%s-owner.pdf", k.ID)
	}
	return fmt.Sprintf("kit-%s-share-%d-of-%d.pdf", k.ID, x, k.Of)
}
