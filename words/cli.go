package words

var cliTexts = []entry{
	{"cli.error", "omamori: {error}", "omamori: {error}"},
	{"cli.hint", "  → {hint}", "  → {hint}"},
	{"cli.no_guard", "no guard is running here", "ガードが動いていません"},
	{"cli.no_guard_hint", "start one with: omamori run   (a guard of another user: sudo omamori status)", "起動するには: omamori run（ほかのユーザーのガードを見るには: sudo omamori status）"},
	{"cli.permission_hint", "run it as root: sudo omamori …", "root で実行してください: sudo omamori …"},
	{"cli.unknown_name", "nothing is called {name}", "{name} という名前のものはありません"},
	{"cli.nearest", "did you mean {nearest}?", "{nearest} のことですか？"},
	{"cli.see_status", "omamori status lists all names", "名前の一覧は omamori status で見られます"},
	{"cli.unknown_command", "there is no command {name}", "{name} というコマンドはありません"},
	{"cli.bad_flag", "{error}", "オプションが正しくありません: {error}"},
	{"cli.see_help", "{command} --help", "{command} --help"},
	{"cli.unknown_flag", "there is no option {flag}", "{flag} というオプションはありません"},
	{"cli.flag_wants", "{flag} wants a value", "{flag} には値が必要です"},
	{"cli.flag_value", "{value} is no value for {flag}", "{value} は {flag} の値として使えません"},
	{"cli.wrong_args", "it is asked like this: {usage}", "正しい使い方: {usage}"},
	{"cli.unknown_lang", "{lang} is not a language that omamori speaks", "{lang} には対応していません"},
	{"cli.see_langs", "--lang en, or --lang ja", "--lang en または --lang ja"},
	{"cli.unknown_shell", "{shell} is none of bash, zsh, fish", "{shell} は bash、zsh、fish のいずれでもありません"},
	{"cli.bad_time", "{time} is no time", "{time} は時刻として読めません"},
	{"cli.bad_time_hint", "1h, 2d, 2026-11-23, \"2026-11-23 21:00\"", "例: 1h、2d、2026-11-23、\"2026-11-23 21:00\""},
	{"cli.bad_head", "{head} is no head of a journal", "{head} は記録の末尾の印として読めません"},
	{"cli.bad_head_hint", "omamori journal verify prints one", "omamori journal verify が表示する値を指定してください"},

	{"cli.commands", "Commands", "コマンド"},
	{"cli.options", "Options", "オプション"},
	{"cli.flag_config", "the configuration file (else ./omamori.yaml, else /etc/omamori/omamori.yaml)", "設定ファイル（省略時は ./omamori.yaml、次に /etc/omamori/omamori.yaml）"},
	{"cli.flag_state", "the folder for the journal and the socket (else $OMAMORI_STATE, else /var/lib/omamori)", "記録とソケットを置くフォルダー（省略時は $OMAMORI_STATE、次に /var/lib/omamori）"},
	{"cli.flag_lang", "the language: en or ja", "言語: en または ja"},
	{"cli.flag_json", "print JSON for programs", "プログラム用に JSON で出力"},
	{"cli.flag_version", "the version", "バージョンを表示"},
	{"cli.flag_help", "this help", "この説明を表示"},
	{"cli.flag_follow", "go on printing what comes", "新しい記録を続けて表示"},
	{"cli.flag_since", "only what happened since: 1h, 2d, 2026-11-23", "この時点以降のみ: 1h、2d、2026-11-23"},
	{"cli.flag_link", "only this link", "このつながりのみ"},
	{"cli.flag_lines", "how many records at most", "表示する最大件数"},
	{"cli.flag_head", "the head that was kept elsewhere", "別の場所に控えておいた末尾の印"},
	{"cli.flag_user", "the user to become when started as root", "root で起動したときに切り替えるユーザー"},
	{"cli.flag_debug", "log every step to standard error", "すべての動作を標準エラーに出力"},
	{"cli.flag_print", "print the draft, write nothing", "下書きを表示するだけで書き込まない"},

	{"cli.about", "guarding since {since:time} (pid {pid}) by {config}", "{since:time} から見守り中（pid {pid}、設定 {config}）"},
	{"cli.goals", "Goals", "目標"},
	{"cli.no_goals", "none yet: name what must stay possible under goals:", "まだありません。設定の goals: に、失いたくないことを書いてください"},
	{"cli.links", "Links", "つながり"},
	{"cli.incidents", "Incidents", "障害"},
	{"cli.verdict_holds", "holds", "正常"},
	{"cli.verdict_broken", "broken", "異常"},
	{"cli.verdict_unproven", "unproven", "未確認"},
	{"cli.goal_mending", "omamori is mending {link}", "omamori が {link} を修復しています"},
	{"cli.goal_yours", "wants you: see below", "あなたの対応が必要です。下をご覧ください"},
	{"cli.by_discovery", "what it found on this machine", "このマシンで見つけたもの"},
	{"cli.goal_since", "{verdict} for {age:duration}", "{verdict}（{age:duration}前から）"},
	{"cli.margin", "survives {n} more {n|loss|losses}", "あと {n} つ失っても大丈夫です"},
	{"cli.margin_zero", "one more loss may put it out of reach", "あと一つ失うと、手が届かなくなるおそれがあります"},
	{"cli.way_back", "way back: about {takes:duration}", "復旧の見込み: 約 {takes:duration}"},
	{"cli.no_way_back", "no way back by itself: see below", "自動では戻せません。下をご覧ください"},
	{"cli.ways_way", "way {way}", "経路 {way}"},
	{"cli.ways_rests", "rests on {names}", "支え: {names}"},
	{"cli.ways_without", "lost: {names}", "失われたもの: {names}"},
	{"cli.ways_margin", "Margin", "余裕"},
	{"cli.ways_margin_none", "no loss that is known of takes it", "失って困る組み合わせは見つかりません"},
	{"cli.ways_margin_out", "out of reach now", "いまは手が届きません"},
	{"cli.ways_if_well", "(if all that is unproven were well: {n})", "（未確認のものがすべて正常なら {n}）"},
	{"cli.ways_singles", "Alone", "単独で"},
	{"cli.ways_singles_none", "no single loss", "一つ失っただけでは困りません"},
	{"cli.ways_pairs", "Together", "二つ同時に"},
	{"cli.ways_triples", "Three at once", "三つ同時に"},
	{"cli.ways_more", "… and {n} more", "…ほか {n} 組"},
	{"cli.ways_back", "Way back", "復旧への道"},
	{"cli.ways_back_none", "none: nobody and nothing here could bring it back", "ありません。今あるものでは取り戻せません"},
	{"cli.ways_back_now", "nothing to do: it is within reach", "することはありません。手が届いています"},
	{"cli.ways_back_in", "in about {takes:duration}", "約 {takes:duration}で"},
	{"cli.ways_step_person", "you: {mend} (puts {for} back)", "あなた: {mend}（{for} を取り戻す）"},
	{"cli.ways_step_machine", "omamori: {mend} (puts {for} back)", "omamori: {mend}（{for} を取り戻す）"},
	{"cli.ways_after", "after {at:duration}", "{at:duration}後"},
	{"cli.ways_at_once", "at once", "すぐに"},
	{"cli.ways_weights", "Most rests on", "特に大切なもの"},
	{"cli.ways_weight", "{name} (in {cuts} {cuts|set|sets} of losses)", "{name}（{cuts} 組に含まれる）"},
	{"cli.ways_next", "Best next step", "次の一手"},
	{"cli.ways_next_step", "get {name} back: margin {from} → {to}", "{name} を取り戻す: 余裕 {from} → {to}"},
	{"cli.ways_next_mend", "get {name} back by {mend}: margin {from} → {to}", "{mend}で {name} を取り戻す: 余裕 {from} → {to}"},
	{"cli.ways_next_other", "a second way to reach it that does without {name}", "{name} に頼らない別の経路を用意する"},
	{"cli.ways_unbounded", "none needed", "十分"},
	{"cli.what_if", "If these were lost: {names}", "次のものを失った場合: {names}"},
	{"cli.no_goals_named", "the configuration names no goals", "設定に目標（goals）がありません"},
	{"cli.flag_lose", "a thing or link that is supposed to be lost; may be repeated", "失ったと仮定する持ち物やつながり（繰り返し可）"},
	{"cli.lose_what", "what would be lost? --lose NAME", "何を失った場合か指定してください: --lose 名前"},
	{"cli.thing_lost", "noted: {thing} is lost", "{thing} を失ったと記録しました"},
	{"cli.thing_had", "noted: {thing} is there", "{thing} はあると記録しました"},
	{"cli.blame", "because of {links}", "原因: {links}"},
	{"cli.only_you", "{question} Only you can tell: omamori due drill {link}", "{question} あなただけが確認できます: omamori due drill {link}"},
	{"cli.because_of", "{because} (because of {links})", "{because}（原因: {links}）"},
	{"cli.waived", "holds although {need} is broken: does it really need it?", "{need} が切れているのに正常です。本当に必要なつながりですか？"},
	{"cli.ago", "{age:duration} ago", "{age:duration}前"},
	{"cli.never", "never", "なし"},
	{"cli.incident_open", "since {began:time}, for {age:duration}", "{began:time} から {age:duration}"},
	{"cli.incident_over", "{began:time}, over after {took:duration}", "{began:time}、{took:duration}で復旧"},
	{"cli.label_why", "why", "理由"},
	{"cli.why_unknown_yet", "not known yet", "まだ分かりません"},
	{"cli.evidence_more", "(the last lines; {n} more: omamori status --json)", "（最後の部分です。ほか {n} 行は omamori status --json）"},
	{"cli.label_evidence", "evidence", "根拠"},
	{"cli.label_deeds", "done", "処置"},
	{"cli.label_visitors", "without", "影響"},
	{"cli.label_now", "now", "現在"},
	{"cli.label_next", "next", "次に"},
	{"cli.without", "\"{goal}\" was out of reach for {took:duration}", "「{goal}」が {took:duration}のあいだできませんでした"},
	{"cli.without_still", "\"{goal}\" is out of reach, for {took:duration} so far", "「{goal}」が {took:duration}前からできません"},
	{"cli.mending_looking", "gathering evidence", "根拠を集めています"},
	{"cli.mending_waiting", "waiting to try again", "再試行を待っています"},
	{"cli.mending_mending", "mending", "修復しています"},
	{"cli.mending_proving", "mended; proving it", "処置済み。確認しています"},
	{"cli.mending_holding", "all holds; over once it has held for 10 seconds", "すべて正常です。10秒続けば終了します"},
	{"cli.mending_told", "left to a person", "手動の対応を待っています"},
	{"cli.mending_gave_up", "omamori has given up until something changes", "状況が変わるまで自動修復を止めています"},
	{"cli.next", "Next: {next}", "次にすること: {next}"},
	{"cli.next_nothing", "Nothing to do: all is well.", "することはありません。すべて正常です。"},
	{"cli.next_wait", "Nothing to do yet: omamori is mending {link}. Watch it: omamori journal -f", "まだすることはありません。omamori が {link} を修復しています。経過を見るには: omamori journal -f"},
	{"cli.next_troubles", "Everything holds; what is marked with ! above wants a look.", "すべて正常です。上の ! の項目を確認してください。"},
	{"cli.next_unproven", "Not everything is proved yet. To prove it now: omamori prove", "まだ確認できていないものがあります。今すぐ確認するには: omamori prove"},

	{"cli.journal_whole", "the journal is whole: {n} {n|record|records}. Its head, to be kept elsewhere: {head}", "記録は完全です（{n} 件）。別の場所に控えておく末尾の印: {head}"},
	{"cli.journal_broken", "the journal is not whole: {fault:text}", "記録に問題があります: {fault:text}"},
	{"cli.reloaded", "{config} is in force: {links} {links|link|links}", "{config} を読み込みました（つながり {links} 件）"},
	{"cli.config_bad", "{path} has {n} {n|mistake|mistakes}", "{path} に誤りが {n} か所あります"},
	{"cli.config_good", "{path} is right: {links} {links|link|links}, {goals} {goals|goal|goals}", "{path} は正しい設定です（つながり {links} 件、目標 {goals} 件）"},
	{"cli.looking", "looking at this machine", "このマシンを調べています"},
	{"cli.proving", "proving", "確認しています"},
	{"cli.sending", "sending a message to every channel", "すべての通知先に送信しています"},
	{"cli.wrote", "wrote {path}", "{path} に書き込みました"},
	{"cli.exists", "{path} is there already and stays as it is", "{path} はすでにあります（変更していません）"},
	{"cli.exists_hint", "omamori init --print   shows the draft; or move {path} away first", "omamori init --print で下書きを表示できます。または先に {path} を移動してください"},
	{"cli.init_next", "Next: read {path}, then: omamori config check, and omamori run", "次にすること: {path} を読み、omamori config check、続いて omamori run"},
	{"cli.no_channels", "no channel is configured", "通知先が設定されていません"},
	{"cli.no_channels_hint", "add one under notify: channels: in omamori.yaml", "omamori.yaml の notify: channels: に追加してください"},
	{"cli.sent", "sent", "送信しました"},
	{"cli.nothing_due", "nothing wants a person", "手動で確認するものはありません"},
	{"cli.ask", "{question} (yes/no, enter to skip)", "{question}（はい/いいえ、空欄でとばす）"},
	{"cli.skipped", "skipped", "とばしました"},

	{"cli.site", "The site", "サイト"},
	{"cli.site_url", "address", "アドレス"},
	{"cli.site_post", "article", "記事"},
	{"cli.site_user", "sign in as", "ログイン名"},
	{"cli.site_password", "password", "パスワード"},
	{"cli.site_in_file", "in {path}, for root to read", "{path}（root のみ読めます）"},
	{"cli.site_budget", "Memory, at its worst", "メモリー（最大時）"},
	{"cli.site_next", "Next: omamori run -c {dir}/omamori.yaml", "次にすること: omamori run -c {dir}/omamori.yaml"},
	{"cli.site_down", "the site in {dir} is down; its data stays", "{dir} のサイトを停止しました（データは残っています）"},
	{"cli.flag_address", "address and port of the site (127.0.0.1:8080 unless it has one)", "サイトのアドレスとポート（初回の既定は 127.0.0.1:8080）"},
	{"cli.flag_title", "the blog's title", "ブログの題名"},
	{"cli.flag_sample", "publish a furnished sample article", "見本の記事を公開する"},
	{"cli.flag_systemd", "install hardened systemd units instead", "代わりに systemd のユニットを設置する"},
	{"cli.flag_guard_user", "the user that the guard runs as (omamori unless it has one)", "ガードを動かすユーザー（初回の既定は omamori）"},
	{"cli.short_due", "what only a person can prove", "手動で確認するもの"},
	{"cli.help_due", `omamori due                what only a person can prove, due ones first
omamori due drill [LINK]   answer them now`, `omamori due                手動で確認するもの（期限のものから）
omamori due drill [LINK]   今すぐ確認する`},
	{"cli.short_drill", "answer what only a person can prove", "手動の確認に答える"},
	{"cli.help_drill", `omamori due drill [LINK]: asks each question that is due; your answer is the proof.

  omamori due drill`, `omamori due drill [LINK]: 期限のきた質問を順に表示します。答えがそのまま確認になります。

  omamori due drill`},
	{"cli.short_ways", "how each goal can be reached, and what would take it", "目標への経路と、失うと困るもの"},
	{"cli.help_ways", `omamori ways [GOAL]

For each goal: its ways and what they rest on, how many further losses it survives
(the margin), which losses alone or together would take it, and the fastest way back
from where things stand.

  margin 1   any one thing may be lost
  margin 0   the next loss may be the one that locks you out
  margin −1  out of reach now

Example: omamori ways shell`, `omamori ways [目標]

目標ごとに、経路とその支え、あといくつ失っても大丈夫か（余裕）、どれを失うと
困るか、今の状態からいちばん早く取り戻す手順を表示します。

  余裕 1   どれか一つを失っても大丈夫
  余裕 0   次に失うものによっては入れなくなる
  余裕 −1  いま手が届かない

例: omamori ways shell`},
	{"cli.short_what_if", "the same, if something were lost", "何かを失った場合の見通し"},
	{"cli.help_what_if", `omamori what-if [GOAL] --lose NAME [--lose NAME …]

What "omamori ways" would say if these things or links were lost. Nothing changes.

Example: omamori what-if --lose phone --lose vpn-company`, `omamori what-if [目標] --lose 名前 [--lose 名前 …]

その持ち物やつながりを失ったとしたら「omamori ways」がどうなるかを表示します。
実際には何も変わりません。

例: omamori what-if --lose phone --lose vpn-company`},
	{"cli.short_lost", "say that a thing is lost", "持ち物を失ったことを知らせる"},
	{"cli.help_lost", `omamori lost THING: the phone is gone, the company has closed. Margins are reckoned anew.
omamori have THING takes it back.

  omamori lost phone`, `omamori lost 持ち物: 電話をなくした、契約先がなくなった、などを記録し、余裕を計算し直します。
取り戻したら omamori have 持ち物。

  omamori lost phone`},
	{"cli.short_have", "say that a lost thing is there again", "失った持ち物が戻ったことを知らせる"},
	{"cli.help_have", `omamori have THING: it is there again, or replaced.

  omamori have phone`, `omamori have 持ち物: 戻った、または買い替えたことを記録します。

  omamori have phone`},
}
