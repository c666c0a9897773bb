package gallery

import (
	"context"
	"fmt"
	"time"

	"github.com/omamori-guard/omamori/chain"
	"github.com/omamori-guard/omamori/journal"
)

// story is the chain of a small blog and of its owner's ways in.
func (w *World) story() chain.Model {
	s := w.say
	return chain.Model{
		Things: []chain.Thing{
			{Name: "phone", Title: s("phone", "スマートフォン")},
			{Name: "laptop", Title: s("laptop", "ノートパソコン"), Attrs: map[string]string{"os": "macos-10.12"}},
			{Name: "home", Title: s("home connection", "自宅の回線")},
			{Name: "vpnco", Title: s("VPN company", "VPN 会社")},
			{Name: "number", Title: s("phone number", "電話番号")},
			{Name: "friend", Title: s("friend's server", "友人のサーバー"), Absent: true},
		},
		Links: []chain.Link{
			{Name: "mysqld", Title: s("the database runs", "データベースが動いている"), Kind: "process"},
			{Name: "sql", Title: s("the database answers SQL", "データベースが SQL に応答する"), Kind: "mysql", Needs: []string{"mysqld"}},
			{Name: "php-fpm", Title: s("PHP answers", "PHP が応答する"), Kind: "php-fpm"},
			{Name: "blog-page", Title: s("an article is shown", "記事が表示される"), Kind: "wordpress", Needs: []string{"sql", "php-fpm"}},
			{Name: "certificate", Title: s("the certificate is valid", "証明書が有効"), Kind: "tls"},
			{Name: "sshd", Title: s("sshd answers", "sshd が応答する"), Kind: "tcp"},
			{Name: "vpn", Title: s("the VPN connects", "VPN に接続できる"), Kind: "vpn", Needs: []string{"vpnco", "laptop"}},
			{Name: "ssh-fixed", Title: s("my key, from the fixed address", "固定アドレスから鍵で入れる"), Kind: "ssh", Needs: []string{"sshd", "vpn"}},
			{Name: "knock", Title: s("the door opens to a knock", "ノックで入口が開く"), Kind: "knock", Needs: []string{"laptop", "home"}},
			{Name: "ssh-knock", Title: s("my key, after a knock", "ノックの後に鍵で入れる"), Kind: "ssh", Needs: []string{"sshd", "knock"}},
			{Name: "codes", Title: s("the codes of my phone are taken", "スマートフォンのコードが通る"), Kind: "totp", Needs: []string{"phone"}, Person: true},
			{Name: "login", Title: s("the console lets me in", "コンソールに入れる"), Kind: "aws-mfa", Needs: []string{"codes", "laptop"}},
			{Name: "contact", Title: s("support can call me", "サポートが電話をかけられる"), Kind: "claim", Needs: []string{"number"}, Person: true},
			{Name: "mailbox", Title: s("I read the account's mailbox", "アカウントのメールを読める"), Kind: "claim", Needs: []string{"laptop"}, Person: true},
		},
		Goals: []chain.Goal{
			{Name: "blog", Title: s("visitors read the blog", "訪問者がブログを読める"), Within: 24 * time.Hour,
				Ways: []chain.Way{{Name: s("front door", "正面"), Links: []string{"blog-page", "certificate"}}}},
			{Name: "shell", Title: s("I get a shell", "シェルに入れる"), Within: 24 * time.Hour,
				Ways: []chain.Way{{Name: s("fixed address", "固定アドレス"), Links: []string{"ssh-fixed"}}, {Name: s("knock", "ノック"), Links: []string{"ssh-knock"}}}},
			{Name: "console", Title: s("I reach the console", "コンソールに入れる"), Within: 24 * time.Hour,
				Ways: []chain.Way{{Name: s("phone", "電話"), Links: []string{"login"}}}},
			{Name: "support", Title: s("support can tell that I am I", "サポートが本人と確認できる"), Within: 7 * 24 * time.Hour,
				Ways: []chain.Way{{Name: s("call", "通話"), Links: []string{"contact", "mailbox"}}}},
		},
		Mends: []chain.Mend{
			{Name: "new-mfa", Title: s("support takes the MFA device off", "サポートに MFA を外してもらう"), For: "codes", Needs: []string{"support"}, Takes: 7 * 24 * time.Hour},
			{Name: "new-rule", Title: s("let the new address in, on the console", "コンソールで新しいアドレスを許可する"), For: "ssh-fixed", Needs: []string{"console", "home"}, Takes: 10 * time.Minute},
			{Name: "set-clock", Title: s("set the laptop's clock", "ノートパソコンの時計を合わせる"), For: "ssh-knock", Needs: []string{"laptop"}, Takes: 2 * time.Minute},
			{Name: "restore-table", Title: s("restore the table from last night's backup", "昨夜のバックアップからテーブルを戻す"), For: "mysqld", Needs: []string{"shell"}, Takes: 20 * time.Minute},
			{Name: "pair-friend", Title: s("pair with a friend's server", "友人のサーバーと連携する"), For: "friend", Takes: 30 * time.Minute},
		},
	}
}

func (w *World) questions() map[string]string {
	return map[string]string{
		"codes":   w.say("Does AWS accept the code that your phone shows now?", "スマートフォンに今表示されているコードを AWS が受け付けますか？"),
		"contact": w.say("Is the number that support would call still yours?", "サポートがかける番号は、今もあなたのものですか？"),
		"mailbox": w.say("Can you read the newest mail of the account's address?", "アカウントのアドレスに届いた最新のメールを読めますか？"),
		"<claim>": "<script>window.hacked=1</script> \u202E?",
	}
}

// past is what happened before the scene.
func (w *World) past(ctx context.Context, j *journal.Journal) {
	began := time.Now().Add(-9 * 24 * time.Hour).Truncate(time.Second)
	ended := began.Add(4*time.Second + 320*time.Millisecond)
	i := chain.Incident{ID: "past-1", Link: "mysqld", Began: began, Ended: ended, Cause: "oom",
		Why:      text(w.say("the kernel killed mysqld because memory had run out", "メモリーが不足し、カーネルが mysqld を終了させました")),
		Evidence: []string{"Out of memory: Killed process 812 (mysqld) total-vm:1842344kB, anon-rss:301220kB"},
		Deeds:    []chain.Done{{Deed: chain.Deed{Verb: chain.Start, Service: "mariadb"}, At: began.Add(60 * time.Millisecond), Took: 3200 * time.Millisecond}},
		Fell:     []string{"sql", "blog-page"}, Outages: []chain.Outage{{Goal: "blog", From: began, To: ended}}}
	note := func(at time.Time, what string, t chain.Text, body any) {
		j.Note(journal.Entry{At: at, What: what, Link: i.Link, Incident: i.ID, Text: t, Body: body})
	}
	note(began, "incident", chain.Say("guard.incident_opened", "link", i.Link), nil)
	note(began.Add(50*time.Millisecond), "plan", chain.Say("guard.plan", "cause", i.Cause, "why", i.Why, "deed", chain.Say("guard.deed_start", "service", "mariadb")), nil)
	note(began.Add(3260*time.Millisecond), "deed", chain.Say("guard.deed_done", "deed", chain.Say("guard.deed_start", "service", "mariadb"), "took", 3200*time.Millisecond), nil)
	// What was noted is there once something that was waited for is.
	_ = j.Append(ctx, journal.Entry{At: ended, What: "incident", Link: i.Link, Incident: i.ID,
		Text: chain.Say("guard.incident_ended", "link", i.Link, "took", ended.Sub(began)), Body: i})
}

// hostile has names and titles that would do harm where they are not escaped.
func hostile() chain.Model {
	m := chain.Model{
		Things: []chain.Thing{{Name: `"><img src=x onerror=window.hacked=1>`, Title: "\u202Eenohp"}},
		Goals:  []chain.Goal{{Name: "'onfocus=window.hacked=1 autofocus='", Title: "</title><script>window.hacked=1</script>"}},
	}
	for i, name := range hostileLinks {
		l := chain.Link{Name: name, Kind: "<i>kind</i>", Title: "{{.}} " + name, Person: name == "<claim>"}
		if i == 0 {
			l.Needs = []string{m.Things[0].Name}
		}
		m.Links = append(m.Links, l)
		m.Goals[0].Ways = append(m.Goals[0].Ways, chain.Way{Name: "</text><script>window.hacked=1</script>" + name, Links: []string{name}})
	}
	return m
}

var hostileLinks = []string{"<script>window.hacked=1</script>", "javascript:window.hacked=1", "../etc/passwd?x=1#y", "\u202Egpj.exe", "a b/c%2Fd&e=f", "<claim>"}

func (w *World) hostileNames() map[string]bool {
	names := map[string]bool{}
	for _, n := range hostileLinks {
		names[n] = n != "<claim>"
	}
	delete(names, "<claim>")
	return names
}

// large is a chain of n links.
func large(n int) chain.Model {
	var m chain.Model
	for i := range 10 {
		m.Things = append(m.Things, chain.Thing{Name: fmt.Sprintf("thing-%d", i)})
	}
	for i := range n {
		l := chain.Link{Name: fmt.Sprintf("link-%03d", i), Title: fmt.Sprintf("service number %d answers", i), Kind: "tcp"}
		if i%5 == 0 {
			l.Needs = []string{fmt.Sprintf("thing-%d", i/5%10)}
		} else {
			l.Needs = []string{fmt.Sprintf("link-%03d", i-1)}
		}
		m.Links = append(m.Links, l)
	}
	for i := range 10 {
		g := chain.Goal{Name: fmt.Sprintf("goal-%d", i), Title: fmt.Sprintf("customers of house %d are served", i), Within: 24 * time.Hour}
		for k := range 2 {
			way := chain.Way{Name: fmt.Sprintf("way %d", k)}
			for j := range n / 100 {
				if at := (i*n/10 + k*n/20 + j*5 + 4); at < n {
					way.Links = append(way.Links, fmt.Sprintf("link-%03d", at))
				}
			}
			g.Ways = append(g.Ways, way)
		}
		m.Goals = append(m.Goals, g)
	}
	return m
}
