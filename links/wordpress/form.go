package wordpress

import (
	"bytes"
	"regexp"
)

// Parts of a comment form, however a theme or an optimiser quotes its attributes.
var (
	formBegin  = regexp.MustCompile(`(?i)<form\b[^>]*\bwp-comments-post\.php\b[^>]*>`)
	formEnd    = regexp.MustCompile(`(?i)</form\s*>`)
	fieldTag   = regexp.MustCompile(`(?i)<(?:input|textarea)\b[^>]*>`)
	fieldName  = regexp.MustCompile(`(?i)\sname\s*=\s*["']?([a-z_-]+)`)
	labelBegin = regexp.MustCompile(`(?i)<label\b[^>]*\bfor\s*=\s*["']?(author|email)\b[^>]*>`)
	mustHave   = regexp.MustCompile(`(?i)\s(?:aria-)?required\b`)
	notice     = regexp.MustCompile(`(?i)\sid\s*=\s*["']?email-notes\b[^>]*>\s*[^<\s]`)
	mark       = regexp.MustCompile(`(?i)class\s*=\s*["']?[a-z -]*\brequired\b|\*|必須|＊|※`)
)

// commentForm says what a page's comment form lacks: a place for the comment, a name
// and an e-mail address that are required and marked so, and the notice that the
// address is not published. There is none at all if there is false.
func commentForm(page []byte) (missing []string, there bool) {
	at := formBegin.FindIndex(page)
	if at == nil {
		return nil, false
	}
	form := page[at[1]:]
	if end := formEnd.FindIndex(form); end != nil {
		form = form[:end[0]]
	}
	required := map[string]bool{} // by name, of all the fields there are
	for _, tag := range fieldTag.FindAll(form, -1) {
		if name := fieldName.FindSubmatch(tag); name != nil {
			required[string(name[1])] = mustHave.Match(tag)
		}
	}
	marked := map[string]bool{}
	for _, m := range labelBegin.FindAllSubmatchIndex(form, -1) {
		label, _, _ := bytes.Cut(form[m[1]:], []byte("</label"))
		marked[string(bytes.ToLower(form[m[2]:m[3]]))] = mark.Match(label)
	}
	if _, ok := required["comment"]; !ok {
		missing = append(missing, "comment")
	}
	for _, name := range []string{"author", "email"} {
		if must, ok := required[name]; !ok || !must {
			missing = append(missing, name+" (required)")
		} else if !marked[name] {
			missing = append(missing, name+" *")
		}
	}
	if !notice.Match(form) {
		missing = append(missing, "email-notes")
	}
	return missing, true
}
