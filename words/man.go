package words

// manTexts are of package cli: what stands in the man pages besides the help.
var manTexts = []entry{
	{"cli.short_man", "print a man page", "マニュアルページを出力"},
	{"cli.help_man", `omamori man [PAGE]: print a page of the manual, as the package installs it: omamori,
omamori.yaml, omamori-hands, omamori-send, omamori-aws, omamori-knock, omamori-mail,
omamori-passkey, omamori-certificate or omamori-tunnel.

  omamori man omamori.yaml | man -l -`, `omamori man [PAGE]: マニュアルページを出力します。ページは omamori、omamori.yaml、omamori-hands、
omamori-send、omamori-aws、omamori-knock、omamori-mail、omamori-passkey、omamori-certificate、omamori-tunnel です。

  omamori man omamori.yaml | man -l -`},
	{"cli.unknown_page", "there is no page {page} in the manual", "マニュアルに {page} というページはありません"},
	{"cli.see_pages", "there are: {pages}", "あるページ: {pages}"},

	{"man.name", "NAME", "名前"},
	{"man.synopsis", "SYNOPSIS", "書式"},
	{"man.description", "DESCRIPTION", "説明"},
	{"man.commands", "COMMANDS", "コマンド"},
	{"man.options", "OPTIONS", "オプション"},
	{"man.files", "FILES", "ファイル"},
	{"man.environment", "ENVIRONMENT", "環境変数"},
	{"man.exit", "EXIT STATUS", "終了ステータス"},
	{"man.example", "EXAMPLE", "例"},
	{"man.see", "SEE ALSO", "関連項目"},
	{"man.command", "command", "コマンド"},
	{"man.option", "options", "オプション"},

	{"man.exit_text", `0: as asked. 1: the answer is bad news (a goal does not hold, something was refused), or
it could not be done. 2: the question was wrong (usage, configuration).`,
		`0: 正常。1: 悪い知らせ（目標が満たされていない、断られた）、または実行できなかった。2: 使い方または
設定の誤り。`},
	{"man.file_config", "What is guarded; see omamori.yaml(5). Without -c, omamori.yaml in the current folder comes first.",
		"見守るもの。omamori.yaml(5) を参照。-c がなければ、現在のフォルダーの omamori.yaml が先に使われます。"},
	{"man.file_hands", "What omamori-hands may touch; see omamori-hands(8).", "omamori-hands が触れてよいもの。omamori-hands(8) を参照。"},
	{"man.file_state", "The journal and what the guard remembers; belongs to the user omamori.", "ジャーナルとガードの記憶。ユーザー omamori のもの。"},
	{"man.file_undo", "What a tuning that is not confirmed yet would be undone to; belongs to root.", "まだ確定していない調整を元に戻すための控え。root のもの。"},
	{"man.file_socket", "Where a running guard answers; root and the user omamori may ask.", "動いているガードの窓口。root とユーザー omamori が使えます。"},
	{"man.env_state", "The folder of the state, in the place of --state.", "--state の代わりに、状態を置くフォルダーを指定します。"},
	{"man.env_lang", "The language: Japanese where the first that is set begins with ja, else English.",
		"言語。最初に設定されているものが ja で始まれば日本語、それ以外は英語です。"},

	{"man.yaml_short", "what omamori guards", "omamori が見守るもの"},
	{"man.yaml_intro", `omamori.yaml says which links are to be proved, which goals they serve, and what they
rest on. It is YAML, and read strictly: a key that does not exist is an error. omamori
config check says every mistake at once, with its line; omamori init looks at the machine
and drafts a file; after a change, omamori reload.

Durations are written as 10s, 5m, 12h, 90d.`,
		`omamori.yaml には、確かめるつながり、それが支える目標、拠りどころになるものを書きます。YAML で、
厳密に読まれます。存在しないキーは誤りです。omamori config check はすべての誤りを行番号つきで
一度に示し、omamori init はマシンを調べて下書きを作ります。変更後は omamori reload を実行します。

時間は 10s、5m、12h、90d のように書きます。`},
	{"man.yaml_parts", "SECTIONS", "セクション"},
	{"man.yaml_links", "KEYS OF EVERY LINK", "すべてのつながりに共通のキー"},
	{"man.yaml_kinds", "KINDS OF LINKS", "つながりの種類"},
	{"man.yaml_default", "default {value}", "既定値 {value}"},

	{"man.hands_short", "does what needs root for omamori, and nothing else", "omamori のために root の仕事だけを行います"},
	{"man.hands_file", "THE FILE", "ファイルの内容"},
	{"man.hands_intro", `What hands may touch stands in one JSON object that only root can write. Every request is
held against it; a field that does not exist is an error.`,
		`触れてよいものは、root だけが書ける一つの JSON オブジェクトに書きます。依頼はすべてこれと照合され、
存在しない項目は誤りになります。`},
	{"man.hands_guard", "The user whose processes may ask; root always may.", "依頼できるユーザー。root は常に依頼できます。"},
	{"man.hands_services", `The services, in the order in which they are started: name; one of systemd (a unit), sysv (a
script in /etc/init.d, with pid_file) and child (argv, user, dir, env, output, stop_signal,
stop_timeout); logs, whose ends are evidence; writes, folders on the file systems that it
writes to.`,
		`サービスを起動順に並べます。name と、systemd（ユニット）、sysv（/etc/init.d のスクリプト。pid_file も
必要）、child（argv、user、dir、env、output、stop_signal、stop_timeout）のどれか一つ。logs は末尾を
根拠として読むログ、writes は書き込み先のフォルダーです。`},
	{"man.hands_tunes", `Of a service: the files by which it may be tuned (omamori site tune). form is mariadb (an
option file), php-fpm (with pool) or unit (a drop-in of systemd's); file is the file, which
hands writes whole, with nothing in it but a few known settings within bounds. They end in
.cnf, .conf and .service.d/zz-omamori.conf.`,
		`サービスの項目。調整（omamori site tune）に使うファイルを並べます。form は mariadb（オプションファイル）、
php-fpm（pool も必要）、unit（systemd のドロップイン）のどれか、file はそのパスです。hands は決まった
設定だけを範囲内の値で、ファイル全体として書きます。末尾はそれぞれ .cnf、.conf、
.service.d/zz-omamori.conf です。`},
	{"man.hands_files", "Exact paths that the guard may read through hands.", "ガードが hands を通して読んでよいファイルの正確なパス。"},
	{"man.hands_sockets", "Exact paths of Unix sockets that it may have dialled.", "ガードが接続してよい Unix ソケットの正確なパス。"},
	{"man.hands_deeds", "How many deeds a service may see in ten minutes (12).", "一つのサービスに対する10分間の操作の上限（12）。"},

	{"man.send_short", "delivers one message of omamori's", "omamori の通知を一通届けます"},
	{"man.send_text", `omamori-send reads one message from the guard as JSON on its standard input, delivers it to
one channel of the notify section of omamori.yaml(5), says how that went, and ends. People
do not call it: omamori notify test does.`,
		`omamori-send はガードから標準入力で通知を一通 JSON で受け取り、omamori.yaml(5) の notify に書かれた
宛先に届け、結果を返して終了します。人が直接使うものではありません。omamori notify test が呼び出します。`},
	{"man.mail_short", "reads a mailbox for what providers announce", "メールボックスから予告を探します"},
	{"man.mail_text", `omamori-mail reads one job from the guard as JSON on its standard input, looks through what is new
in the folders that due.mail of omamori.yaml(5) names, answers with what is announced there, and
ends. It changes nothing in the mailbox and follows no link. People do not call it.`,
		`omamori-mail はガードから標準入力で JSON を受け取り、omamori.yaml(5) の due.mail に書かれた
フォルダーの新しいメールを調べ、見つけた予告を返して終了します。メールボックスは変更せず、リンク先も
開きません。人が直接使うものではありません。`},
	{"man.certificate_short", "gets and renews the page's certificate", "ページの証明書を取得・更新します"},
	{"man.certificate_text", `omamori-certificate reads one request as JSON on its standard input, gets or renews one certificate
by ACME with a record in the DNS, and ends. It runs as a user of its own, not as the guard. People
do not call it: omamori page certificate and omamori-certificate.timer do.`,
		`omamori-certificate は標準入力から依頼を JSON で受け取り、DNS のレコードを使って ACME で証明書を取得・
更新し、終了します。ガードとは別のユーザーで動きます。人が直接使うものではありません。
omamori page certificate と omamori-certificate.timer が呼び出します。`},
	{"man.aws_short", "makes the few calls to AWS that omamori needs", "omamori に必要な AWS の呼び出しを行います"},
	{"man.aws_text", `omamori-aws reads one request as JSON on its standard input, makes the call to AWS, writes the
answer, and ends. It is a program of its own so that the guard need not hold the libraries of
AWS in memory all day. People do not call it.`,
		`omamori-aws は標準入力から依頼を一つ JSON で受け取り、AWS を呼び出し、答えを書いて終了します。AWS の
ライブラリーをガードが常にメモリーに持たずに済むよう、別のプログラムにしてあります。人が直接使うもの
ではありません。`},
	{"man.knock_short", "hears the knocks of those who may come in", "入ってよい人のノックを聞きます"},
	{"man.knock_text", `omamori-knock listens for knocks on UDP port 4649 and passes those that are rightly signed on
to the door. It has no privileges, answers nobody else, and is started by its unit,
omamori-knock.service.`,
		`omamori-knock は UDP 4649 番ポートでノックを待ち、正しく署名されたものだけを扉に渡します。特権は
持たず、ほかの誰にも答えません。ユニット omamori-knock.service から起動されます。`},
	{"man.tunnel_short", "carries the tunnel of omamori tunnel", "omamori tunnel のトンネルを運びます"},
	{"man.tunnel_text", `omamori-tunnel is the WireGuard that omamori tunnel speaks of: a program of its own, so that
the guard stays small and outlives it. Its unit, omamori-tunnel.service, starts it without
any right on the machine. People call omamori tunnel instead.`,
		`omamori-tunnel は omamori tunnel が使う WireGuard です。ガードを小さく保ち、互いに影響しないよう、
別のプログラムにしてあります。ユニット omamori-tunnel.service から、マシンに対する権限を持たずに
起動されます。人は omamori tunnel を使います。`},
}
