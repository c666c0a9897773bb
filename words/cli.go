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
	{"cli.short_site", "a WordPress blog in a folder of its own", "専用フォルダーの WordPress ブログ"},
	{"cli.help_site", `omamori site up DIR       bring a WordPress blog up, all of it below DIR
omamori site down DIR     stop it
omamori site status DIR   where it is, and what memory it can take`, `omamori site up DIR       DIR の中だけで WordPress ブログを起動
omamori site down DIR     停止
omamori site status DIR   アドレスと、使いうるメモリー`},
	{"cli.short_site_up", "bring a blog up", "ブログを起動"},
	{"cli.help_site_up", `omamori site up DIR: a WordPress blog of Debian's own packages. Data, sockets and
configuration are below DIR; nothing system-wide is changed. Run twice it changes
nothing; interrupted, it can be run again.

  sudo omamori site up /srv/blog --sample
  sudo omamori run -c /srv/blog/omamori.yaml`, `omamori site up DIR: Debian のパッケージで WordPress ブログを起動します。データ・ソケット・設定は
すべて DIR の中にあり、システム全体の設定は変えません。二度実行しても変わらず、途中で
止まってもやり直せます。

  sudo omamori site up /srv/blog --sample
  sudo omamori run -c /srv/blog/omamori.yaml`},
	{"cli.short_site_down", "stop a blog", "ブログを停止"},
	{"cli.help_site_down", `omamori site down DIR: stop the blog in DIR. Its data stays.`, `omamori site down DIR: DIR のブログを停止します。データは残ります。`},
	{"cli.short_site_status", "where a blog is, and its memory", "ブログのアドレスとメモリー"},
	{"cli.help_site_status", `omamori site status DIR: where the blog is, and the sum of the memory it can take at
its worst.`, `omamori site status DIR: ブログのアドレスと、最大で使うメモリーの合計を表示します。`},
	{"cli.short_root", "keeps a server alive, and its owner able to get in", "サーバーと、持ち主の入り口を守ります"},
	{"cli.help_root", `omamori keeps a self-hosted server alive, and its owner able to get in.

Alone, it says how things stand and the one thing to do next.

  omamori init              look at this machine and write omamori.yaml
  omamori run               guard
  omamori status            goals, links, incidents
  omamori journal -f        what was found and done, as it happens

Exit codes: 0 as asked; 1 bad news (a goal does not hold); 2 a wrong question.`, `omamori は、自分で運用するサーバーと、その持ち主の入り口を守ります。

引数なしで実行すると、現在の状況と次にすることを一つ表示します。

  omamori init              このマシンを調べて omamori.yaml を書く
  omamori run               見守りを始める
  omamori status            目標、つながり、障害
  omamori journal -f        見つけたことと行ったことを逐次表示

終了コード: 0 正常、1 悪い知らせ（目標が満たされていない）、2 使い方の誤り`},
	{"cli.short_status", "goals, links and incidents", "目標、つながり、障害を表示"},
	{"cli.help_status", `omamori status: how things stand. Goals first, then the links in the order of the
chain, each with its verdict, the age of its proof and the reason; then incidents.

  omamori status
  omamori status --json | jq '.goals[] | select(.verdict != "holds")'

Exits 1 if a goal does not hold.`, `omamori status: 現在の状況。まず目標、次に各つながりの判定・確認からの時間・理由、
最後に障害を表示します。

  omamori status
  omamori status --json | jq '.goals[] | select(.verdict != "holds")'

満たされていない目標があれば 1 で終了します。`},
	{"cli.short_prove", "prove links now", "つながりを今すぐ確認"},
	{"cli.help_prove", `omamori prove [LINK…]: prove links now, all if none is named.

  omamori prove
  omamori prove sql blog

Exits 1 if one of them does not hold.`, `omamori prove [LINK…]: つながりを今すぐ確認します。省略するとすべてを確認します。

  omamori prove
  omamori prove sql blog

正常でないものがあれば 1 で終了します。`},
	{"cli.short_journal", "what was found and done", "見つけたことと行ったことの記録"},
	{"cli.help_journal", `omamori journal: the append-only record of everything found and done.

  omamori journal -n 20
  omamori journal --since 1h --link sql
  omamori journal --follow
  omamori journal verify`, `omamori journal: 見つけたことと行ったことの、追記のみの記録です。

  omamori journal -n 20
  omamori journal --since 1h --link sql
  omamori journal --follow
  omamori journal verify`},
	{"cli.short_verify", "check that no record was altered or lost", "記録の改ざんや欠落がないか検査"},
	{"cli.help_verify", `omamori journal verify: recompute the hash chain. It finds any record that was
altered, dropped or reordered; a cut tail too, if you give the head that you kept.

  omamori journal verify
  omamori journal verify --head 1234:9f86d081…`, `omamori journal verify: ハッシュの連鎖を計算し直し、記録の改ざん・欠落・入れ替えを見つけます。
控えておいた末尾の印を渡すと、末尾の切り取りも分かります。

  omamori journal verify
  omamori journal verify --head 1234:9f86d081…`},
	{"cli.short_run", "guard, in the foreground", "見守りを始める（フォアグラウンド）"},
	{"cli.help_run", `omamori run: guard, until Ctrl-C. Started as root it starts omamori-hands, which may
restart the services that hands.json names, and becomes an ordinary user itself.
Started as a user it proves everything and mends nothing. Without a configuration it
guards what it finds on this machine.

  omamori run
  omamori run -c /etc/omamori/omamori.yaml`, `omamori run: Ctrl-C まで見守ります。root で起動すると omamori-hands（hands.json にある
サービスだけを再起動できます）を起動し、自身は一般ユーザーになります。一般ユーザーで
起動すると、確認だけを行います。設定ファイルがなければ、見つけたものを見守ります。

  omamori run
  omamori run -c /etc/omamori/omamori.yaml`},
	{"cli.short_reload", "have the guard read its configuration again", "設定を読み直させる"},
	{"cli.help_reload", `omamori reload: have the running guard read its configuration again, as SIGHUP does.
A file with mistakes leaves the old one in force.`, `omamori reload: 動作中のガードに設定を読み直させます（SIGHUP と同じ）。
誤りがあれば、前の設定のまま動き続けます。`},
	{"cli.short_init", "look at this machine and write omamori.yaml", "このマシンを調べて omamori.yaml を書く"},
	{"cli.help_init", `omamori init: look at this machine and write a commented omamori.yaml, and as root
hands.json, the list of what omamori may restart. Nothing secret is copied, and no
file is overwritten.

  sudo omamori init
  omamori init --print`, `omamori init: このマシンを調べ、説明つきの omamori.yaml を書きます。root なら、再起動して
よいサービスの一覧 hands.json も書きます。秘密の値は写さず、既存のファイルは上書きしません。

  sudo omamori init
  omamori init --print`},
	{"cli.short_config", "check the configuration, or print its schema", "設定の検査とスキーマの表示"},
	{"cli.help_config", `omamori config check [FILE]   every mistake at once, with line and column
omamori config schema         a JSON Schema for your editor`, `omamori config check [FILE]   すべての誤りを行・列つきで表示
omamori config schema         エディター用の JSON Schema`},
	{"cli.short_config_check", "every mistake at once", "誤りをまとめて表示"},
	{"cli.help_config_check", `omamori config check [FILE]: every mistake at once, with line, column, what is
allowed, and the nearest right word. Exits 2 if there is one.`, `omamori config check [FILE]: すべての誤りを、行・列・書ける値・近い語とともに表示します。
誤りがあれば 2 で終了します。`},
	{"cli.short_config_schema", "a JSON Schema for editors", "エディター用の JSON Schema"},
	{"cli.help_config_schema", `omamori config schema > omamori.schema.json

Put this on the first line of omamori.yaml:
  # yaml-language-server: $schema=omamori.schema.json`, `omamori config schema > omamori.schema.json

omamori.yaml の一行目に書いてください:
  # yaml-language-server: $schema=omamori.schema.json`},
	{"cli.short_notify", "messages to the owner", "持ち主への通知"},
	{"cli.help_notify", `omamori notify test: send a message to every channel, and say what came of it.`, `omamori notify test: すべての通知先に送信し、結果を表示します。`},
	{"cli.short_notify_test", "send a message to every channel", "すべての通知先に送信"},
	{"cli.help_notify_test", `omamori notify test: send a message to every channel. Exits 1 if one failed.`, `omamori notify test: すべての通知先に送信します。失敗があれば 1 で終了します。`},
	{"cli.short_due", "what only a person can prove", "手動で確認するもの"},
	{"cli.help_due", `omamori due                what only a person can prove, due ones first
omamori due drill [LINK]   answer them now`, `omamori due                手動で確認するもの（期限のものから）
omamori due drill [LINK]   今すぐ確認する`},
	{"cli.short_drill", "answer what only a person can prove", "手動の確認に答える"},
	{"cli.help_drill", `omamori due drill [LINK]: asks each question that is due; your answer is the proof.`, `omamori due drill [LINK]: 期限のきた質問を順に表示します。答えがそのまま確認になります。`},
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
omamori have THING takes it back.`, `omamori lost 持ち物: 電話をなくした、契約先がなくなった、などを記録し、余裕を計算し直します。
取り戻したら omamori have 持ち物。`},
	{"cli.short_have", "say that a lost thing is there again", "失った持ち物が戻ったことを知らせる"},
	{"cli.help_have", `omamori have THING: it is there again, or replaced.`, `omamori have 持ち物: 戻った、または買い替えたことを記録します。`},
	{"cli.short_completion", "completion for your shell", "シェルの補完"},
	{"cli.help_completion", `omamori completion bash > /etc/bash_completion.d/omamori
omamori completion zsh  > "${{fpath[1]}/_omamori"
omamori completion fish > ~/.config/fish/completions/omamori.fish`, `補完の設定:

omamori completion bash > /etc/bash_completion.d/omamori
omamori completion zsh  > "${{fpath[1]}/_omamori"
omamori completion fish > ~/.config/fish/completions/omamori.fish`},
}
