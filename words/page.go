package words

// pageTexts are of the commands that let people see the page.
var pageTexts = []entry{
	{"cli.short_page", "make a one-time link to the page", "ページへの一度だけのリンクを作成"},
	{"cli.help_page", `omamori page: make a link that lets one browser see the page and act there, for twelve
hours. The link works once, within five minutes. It is made over the control socket, so
only root and the guard's own user can.

The page is on this machine's loopback unless omamori.yaml says otherwise (page: listen).
From elsewhere: ssh -L 4649:127.0.0.1:4649 SERVER, and open the link on your own machine.

A browser or a laptop may have been stolen, or somebody looked over your shoulder: --end ends
all sessions at once, of everybody; each then signs in anew.

  omamori page
  omamori page --end`, `omamori page: 一つのブラウザーで 12 時間、ページの閲覧と操作ができるリンクを作成します。リンクは一度だけ、
5 分以内に限り有効です。コントロールソケットを使うため、root とガードのユーザーだけが実行できます。

ページはこのマシンのループバックにあります（omamori.yaml の page: listen で変更できます）。外からは
ssh -L 4649:127.0.0.1:4649 サーバー で接続し、手元のブラウザーでリンクを開いてください。

端末の盗難やのぞき見が心配なときは、--end で全員のセッションをすべて終了できます（各自サインインし直します）。

  omamori page
  omamori page --end`},
	{"cli.page_once", "It works once, within five minutes. Safari does not know the name omamori.localhost: put 127.0.0.1 in its place.", "一度だけ、5 分以内に限り有効です。Safari で omamori.localhost が開けないときは 127.0.0.1 に置き換えてください。"},
	{"cli.flag_page_end", "end all sessions: everybody signs in anew", "すべてのセッションを終了（全員がサインインし直す）"},
	{"cli.page_ended", "{n} {n|session|sessions} ended; everybody signs in anew", "{n} 件のセッションを終了しました。全員、サインインし直す必要があります"},
	{"cli.page_forward", "From your own machine: ssh -L 4649:127.0.0.1:4649 SERVER, then open the link there.", "手元のマシンからは ssh -L 4649:127.0.0.1:4649 サーバー で接続してから、リンクを開いてください。"},
	{"cli.short_invite", "let somebody bring a device to the page", "ページを使う端末を登録するコードを作成"},
	{"cli.help_invite", `omamori invite NAME: make a code by which somebody brings a device to the page: a passkey,
or an authenticator app. It works once, within a day; whose name is known already brings one
more device. A lost one is replaced by --replace: the new device then takes the place of all
others, and their sessions end.

Passkeys belong to a host name, never to an IP address: name one in omamori.yaml (page:
hosts). Authenticator apps work anywhere.

  omamori invite hanako
  omamori invite --read taro      he sees everything, and can do nothing
  omamori invite --replace hanako
  omamori invite --end taro`, `omamori invite 名前: ページを使う端末（パスキーまたは認証アプリ）を登録するコードを作成します。一度だけ、
1 日以内に限り有効です。登録済みの名前なら、端末が一つ増えます。なくした端末は --replace で置き換えます。
新しい端末がほかのすべての端末の代わりになり、そのセッションは終了します。

パスキーはホスト名に結び付くもので、IP アドレスでは使えません。omamori.yaml の page: hosts で名前を指定して
ください。認証アプリはどこでも使えます。

  omamori invite hanako
  omamori invite --read taro      閲覧だけを許可
  omamori invite --replace hanako
  omamori invite --end taro`},
	{"cli.flag_invite_read", "let them read, not act", "閲覧だけを許可し、操作は許可しない"},
	{"cli.flag_invite_replace", "the new device takes the place of all that they have", "新しい端末を、登録済みのすべての端末の代わりにする"},
	{"cli.flag_invite_list", "list who may see the page, and by what", "ページの利用者と端末の一覧を表示"},
	{"cli.flag_invite_end", "let `NAME` in no longer", "`NAME` の利用を取り消す"},
	{"cli.invite_whom", "whom to invite is not said", "招待する人の名前がありません"},
	{"cli.invite_whom_hint", "omamori invite NAME; or --list, or --end NAME", "omamori invite 名前、または --list、--end 名前"},
	{"cli.invited", "Code for {name}: {code}. It works once, within a day.", "{name} の登録コード: {code}（一度だけ、1 日以内に限り有効）"},
	{"cli.dismissed", "{name} is let in no longer", "{name} の利用を取り消しました"},
	{"cli.no_people", "Nobody has a device of their own. omamori invite NAME", "登録済みの利用者はいません。omamori invite 名前"},
	{"cli.person_acts", "sees everything and acts; {sessions} {sessions|session|sessions}", "閲覧と操作（セッション {sessions} 件）"},
	{"cli.person_reads", "sees everything; {sessions} {sessions|session|sessions}", "閲覧のみ（セッション {sessions} 件）"},
	{"cli.device_passkey", "passkey for {host}, since {at:date}", "パスキー（{host} 用、{at:date} 登録）"},
	{"cli.device_totp", "authenticator app, since {at:date}", "認証アプリ（{at:date} 登録）"},
	{"run.page_at", "the page is at {url}; omamori page makes a link that lets you in", "ページは {url} にあります（omamori page でサインイン用のリンクを作成）"},
	{"man.passkey_short", "does one step of signing in by a passkey", "パスキーでのサインインを一段階処理します"},
	{"man.passkey_text", `omamori-passkey reads one step of making or proving a passkey as JSON on its standard input,
does it, writes the answer, and ends. It is a program of its own so that the guard need not
hold that library in memory all day, and does not itself read what strangers send. People do
not call it.`, `omamori-passkey は標準入力から、パスキーの作成や確認の一段階を JSON で受け取り、処理して答えを書き、終了し
ます。ガードがこのライブラリーを常にメモリーに持たずに済み、見知らぬ相手のデータを直接読まないよう、別の
プログラムにしてあります。人が直接使うものではありません。`},
	{"signin.passkey_help", "omamori-passkey does one step of a passkey's ceremony, which it reads as JSON from its standard input. The guard runs it.", "omamori-passkey は標準入力から JSON で受け取ったパスキーの処理を一段階行います（omamori が実行します）。"},
}
