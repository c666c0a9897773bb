package words

// helpTexts are of package cli too: what each command says of itself.
var helpTexts = []entry{
	{"cli.short_site", "a WordPress blog in a folder of its own", "専用フォルダーの WordPress ブログ"},
	{"cli.help_site", `omamori site up DIR       bring a WordPress blog up, all of it below DIR
omamori site down DIR     stop it
omamori site status DIR   where it is, and what memory it can take
omamori site tune [DIR]   make it fit its memory

  sudo omamori site up /srv/blog --sample`, `omamori site up DIR       DIR の中だけで WordPress ブログを起動
omamori site down DIR     停止
omamori site status DIR   アドレスと、使いうるメモリー
omamori site tune [DIR]   メモリーに収まるように調整

  sudo omamori site up /srv/blog --sample`},
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
	{"cli.help_site_down", `omamori site down DIR: stop the blog in DIR. Its data stays.

  sudo omamori site down /srv/blog`, `omamori site down DIR: DIR のブログを停止します。データは残ります。

  sudo omamori site down /srv/blog`},
	{"cli.short_site_status", "where a blog is, and its memory", "ブログのアドレスとメモリー"},
	{"cli.help_site_status", `omamori site status DIR: where the blog is, and the sum of the memory it can take at
its worst.

  omamori site status /srv/blog`, `omamori site status DIR: ブログのアドレスと、最大で使うメモリーの合計を表示します。

  omamori site status /srv/blog`},
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
A file with mistakes leaves the old one in force.

  omamori reload`, `omamori reload: 動作中のガードに設定を読み直させます（SIGHUP と同じ）。
誤りがあれば、前の設定のまま動き続けます。

  omamori reload`},
	{"cli.short_init", "look at this machine and write omamori.yaml", "このマシンを調べて omamori.yaml を書く"},
	{"cli.help_init", `omamori init: look at this machine and write a commented omamori.yaml, and as root
hands.json, the list of what omamori may restart. What it cannot see (your laptop,
your phone) it asks in seven short questions at most. Nothing secret is copied, and
no file is overwritten.

  sudo omamori init
  omamori init --yes      ask nothing
  omamori init --print    print the draft, write nothing`, `omamori init: このマシンを調べ、説明つきの omamori.yaml を書きます。root なら、再起動して
よいサービスの一覧 hands.json も書きます。マシンからは分からないこと（お使いのパソコンや
電話など）は、多くても七つの短い質問で伺います。秘密の値は写さず、既存のファイルは
上書きしません。

  sudo omamori init
  omamori init --yes      質問せずに書く
  omamori init --print    下書きを表示するだけで書き込まない`},
	{"cli.short_config", "check the configuration, or print its schema", "設定の検査とスキーマの表示"},
	{"cli.help_config", `omamori config check [FILE]   every mistake at once, with line and column
omamori config schema         a JSON Schema for your editor`, `omamori config check [FILE]   すべての誤りを行・列つきで表示
omamori config schema         エディター用の JSON Schema`},
	{"cli.short_config_check", "every mistake at once", "誤りをまとめて表示"},
	{"cli.help_config_check", `omamori config check [FILE]: every mistake at once, with line, column, what is
allowed, and the nearest right word. Exits 2 if there is one.

  omamori config check
  omamori config check ./omamori.yaml`, `omamori config check [FILE]: すべての誤りを、行・列・書ける値・近い語とともに表示します。
誤りがあれば 2 で終了します。

  omamori config check
  omamori config check ./omamori.yaml`},
	{"cli.short_config_schema", "a JSON Schema for editors", "エディター用の JSON Schema"},
	{"cli.help_config_schema", `omamori config schema > omamori.schema.json

Put this on the first line of omamori.yaml:
  # yaml-language-server: $schema=omamori.schema.json`, `omamori config schema > omamori.schema.json

omamori.yaml の一行目に書いてください:
  # yaml-language-server: $schema=omamori.schema.json`},
	{"cli.short_notify", "messages to the owner", "持ち主への通知"},
	{"cli.help_notify", `omamori tells each incident's begin, cause and end to the channels that omamori.yaml
names under notify:.

  omamori notify test`, `障害の発生・原因・復旧を、omamori.yaml の notify: にある通知先へ一度ずつ知らせます。

  omamori notify test`},
	{"cli.short_notify_test", "send a message to every channel", "すべての通知先に送信"},
	{"cli.help_notify_test", `omamori notify test: send a message to every channel. Exits 1 if one failed.

  omamori notify test`, `omamori notify test: すべての通知先に送信します。失敗があれば 1 で終了します。

  omamori notify test`},
	{"cli.short_completion", "completion for your shell", "シェルの補完"},
	{"cli.help_completion", `omamori completion bash > /etc/bash_completion.d/omamori
omamori completion zsh  > "${{fpath[1]}/_omamori"
omamori completion fish > ~/.config/fish/completions/omamori.fish`, `補完の設定:

omamori completion bash > /etc/bash_completion.d/omamori
omamori completion zsh  > "${{fpath[1]}/_omamori"
omamori completion fish > ~/.config/fish/completions/omamori.fish`},
}
