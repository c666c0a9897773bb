package words

// cliEndTexts are of package cli: what is said of what ends.
var cliEndTexts = []entry{
	{"cli.short_report", "the draft of a post-mortem, as Markdown", "障害報告書の下書き（Markdown）"},
	{"cli.help_report", `omamori report [INCIDENT]

Drafts the post-mortem of an incident from what the guard found and did: when, why, with
which evidence, what was done, and for how long visitors were without. Without INCIDENT it
is the newest; omamori status --json has the names of all. It is Markdown, to be read over
and written to its end by you: secrets are not in it, but names of your machines may be.

  omamori report > post-mortem.md

On the page, the same draft can go to your WordPress.`, `omamori report [障害]

障害について guard が見つけたことと行ったことから、報告書の下書きを作ります。いつ、なぜ、
どの証拠で、何をして、訪問者がどれだけ困ったかを書きます。障害を指定しなければ最新のもので、
名前はすべて omamori status --json にあります。Markdown なので、目を通して仕上げてください。
秘密の値は入りませんが、マシンの名前などは入ることがあります。

  omamori report > post-mortem.md

ページからは、同じ下書きを WordPress に入れられます。`},
	{"cli.report_none", "there has been no incident to write of", "報告する障害がありません"},
	{"cli.report_none_hint", "omamori journal has all that happened.", "起きたことはすべて omamori journal にあります。"},
	{"cli.report_unknown", "no incident is called {id}", "{id} という障害はありません"},
	{"cli.report_unknown_hint", "Known are: {ids}", "あるもの: {ids}"},
	{"cli.report_lead", "To write about it: omamori report", "報告書の下書き: omamori report"},
	{"cli.flag_due_all", "everything that will end, when, and what falls with it", "期限のあるものすべてと、切れると困ること"},
	{"cli.flag_due_ics", "the same as a calendar (RFC 5545), with alarms", "同じ内容をカレンダー形式（RFC 5545、通知つき）で出力"},
	{"cli.end_stops", "{n|goal|goals} {goals} {n|stops|stop}", "目標 {n} 件（{goals}）が止まります"},
	{"cli.end_margin", "margin of {goal}: {from} → {to}", "目標 {goal} の余裕: {from} → {to}"},
	{"cli.end_falls", "falls with it: {names}", "一緒に使えなくなるもの: {names}"},
	{"cli.end_unreckoned", "what falls with it was too much work to find out", "影響の範囲は計算しきれませんでした"},
	{"cli.end_drill", "the drill of {link} falls due", "{link} の訓練の期限"},
	{"cli.end_drill_hint", "Answer it: omamori due drill {link}", "答えてください: omamori due drill {link}"},
	{"cli.end_over", "over", "期限切れ"},
	{"cli.end_now", "now", "今すぐ"},
	{"cli.end_in", "in {in:duration}", "あと{in:duration}"},
	{"cli.no_ends", "nothing is known to end", "期限のあるものは見つかっていません"},
	{"cli.calendar", "omamori: what ends on {host}", "omamori: {host} の期限"},
	{"cli.short_refresh", "fetch a newer table of when releases end", "サポート期限の新しい表を取り込む"},
	{"cli.help_refresh", `omamori due refresh [--from ADDRESS] [--to FILE]

Fetches a newer table of when operating systems, PHP and MariaDB end, for links of the
kind eol. It can add releases and bring an end forward; an end that came with omamori is
never put off by it.

  omamori due refresh`, `omamori due refresh [--from アドレス] [--to ファイル]

OS、PHP、MariaDB などのサポート期限の新しい表を、種類 eol のつながりのために取り込みます。
バージョンの追加と期限の前倒しだけが反映され、omamori に付属の期限が延びることはありません。

  omamori due refresh`},
	{"cli.flag_refresh_from", "where from: endoflife.date unless given; an https address or a file", "取得元（指定がなければ endoflife.date。https のアドレスまたはファイル）"},
	{"cli.flag_refresh_to", "the file to write, in place of eol.txt in the state's folder", "書き込むファイル（指定がなければ状態フォルダーの eol.txt）"},
	{"cli.refreshed", "{path} is of {updated:date} now", "{path} は {updated:date} の内容になりました"},
	{"cli.refreshed_added", "new: {names}", "追加: {names}"},
	{"cli.refreshed_sooner", "end sooner than was known: {names}", "期限が早まったもの: {names}"},
	{"cli.refreshed_later", "said to last longer, which is not believed: {names}; where you know it yourself, write it as until: into omamori.yaml", "期限が延びたとされるもの（採用しません）: {names}。確かなら omamori.yaml に until: として書いてください"},
	{"cli.refreshed_elsewhere", "for links of the kind eol to read it, write table: {path} into omamori.yaml, then: omamori reload", "種類 eol のつながりに読ませるには、omamori.yaml に table: {path} と書き、omamori reload を実行してください"},
}
