package weekly

import (
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"golang.org/x/net/html"

	"github.com/omamori-guard/omamori/chain"
	"github.com/omamori-guard/omamori/words"
)

var update = flag.Bool("update", false, "write the letters of testdata anew")

func weeks(lang words.Lang) map[string]Week {
	to := time.Date(2026, 11, 23, 8, 0, 0, 0, time.UTC)
	say := func(en, ja string) string {
		if lang == words.Japanese {
			return ja
		}
		return en
	}
	blog := Goal{Title: say("visitors read the blog", "読者がブログを読める"), Verdict: chain.Holds, Margin: say("survives 1 more loss", "あと 1 つ失っても大丈夫です")}
	shell := Goal{Title: say("I get a shell", "サーバーに入れる"), Verdict: chain.Holds, Margin: say("survives 2 more losses", "あと 2 つ失っても大丈夫です")}
	well := Week{Host: "blog.example.jp", From: to.AddDate(0, 0, -7), To: to, Goals: []Goal{blog, shell}}
	waits := well
	shell.Margin, shell.Ahead = say("the next loss may take it", "次の損失で失われるおそれがあります"), say("from 2026-12-31, it stops, margin −1: PPTP ends", "2026年12月31日に止まり、余裕 −1: PPTP の終了")
	waits.Goals = []Goal{blog, shell}
	waits.Happened = []string{say("mariadb: killed by the kernel for want of memory (2026-11-20, over after 41 seconds)", "mariadb: メモリ不足でカーネルに終了されました（2026年11月20日、41秒で解消）")}
	waits.More = 3
	waits.Due = []Line{
		{say("in 37 days", "あと37日"), say("the VPN company: fixed-ip.example.net wrote: PPTP is ended in the next macOS", "VPN 会社: fixed-ip.example.net からの予告「次の macOS で PPTP が終了」"), "omamori due ack notice-1a2b3c4d --until 2026-12-20 --because …"},
		{say("waits for an answer", "返事待ち"), say("codes: Does your phone still show the codes?", "codes: 今のスマートフォンにコードが表示されますか"), "omamori due drill codes"},
	}
	waits.MoreDue = 1
	waits.Next = say("Move to L2TP or WireGuard, then: omamori due ack notice-1a2b3c4d", "L2TP か WireGuard に移り、omamori due ack notice-1a2b3c4d")
	bad := waits
	out := blog
	out.Verdict, out.Margin = chain.Broken, say("out of reach now", "今は手が届きません")
	bad.Goals = []Goal{out, {Title: `<script>alert("x")</script>`, Verdict: chain.Unproven}}
	bad.Next = "omamori rescue blog"
	return map[string]Week{"well": well, "waits": waits, "bad": bad}
}

func TestLetters(t *testing.T) {
	for _, lang := range words.Langs {
		for name, w := range weeks(lang) {
			for form, got := range map[string]string{"txt": w.Title(lang) + "\n\n" + w.Text(lang), "html": w.HTML(lang)} {
				path := filepath.Join("testdata", name+"-"+string(lang)+"."+form)
				if *update {
					if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
						t.Fatal(err)
					}
				}
				want, err := os.ReadFile(path)
				if err != nil || string(want) != got {
					t.Errorf("%s is another (%v); -update writes it:\n%s", path, err, got)
				}
			}
		}
	}
}

// A letter is one page, fetches nothing, and has no line that mail does not take.
func TestLetterIsAPage(t *testing.T) {
	for _, lang := range words.Langs {
		for name, w := range weeks(lang) {
			if n := strings.Count(w.Text(lang), "\n"); n > 45 {
				t.Errorf("%s has %d lines", name, n)
			}
			page := w.HTML(lang)
			for line := range strings.Lines(page) {
				if len(line) > 998 {
					t.Errorf("%s %s: a line of %d bytes", name, lang, len(line))
				}
			}
			for _, bad := range []string{"src=", "href=", "url(", "<script", "@import"} {
				if strings.Contains(page, bad) {
					t.Errorf("%s holds %s", name, bad)
				}
			}
			if _, err := html.Parse(strings.NewReader(page)); err != nil {
				t.Error(err)
			}
		}
	}
}
