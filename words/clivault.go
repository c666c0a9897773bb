package words

var cliVaultTexts = []entry{
	{"cli.flag_vault", "the vault's folder (vault/ in the folder for state)", "保管庫のフォルダー（既定は状態フォルダーの vault/）"},
	{"cli.flag_passphrase_fd", "read the passphrase from this file descriptor", "パスフレーズをこのファイル記述子から読む"},
	{"cli.flag_passphrase_file", "read the passphrase from this file", "パスフレーズをこのファイルから読む"},
	{"cli.flag_identity", "open the vault with this SSH or age private key instead", "代わりにこの SSH 鍵か age 鍵（秘密鍵）で開く"},
	{"cli.flag_vault_to", "seal it to this SSH or age public key, or file with one, too", "この SSH 鍵か age 鍵（公開鍵、またはそのファイル）でも開けるようにする"},
	{"cli.flag_vault_new_key", "give the vault a new key, so that the old passphrase opens no later state of it", "保管庫の鍵も替え、今後の内容を古いパスフレーズで開けなくする"},
	{"cli.flag_vault_new_file", "read the new passphrase from this file", "新しいパスフレーズをこのファイルから読む"},
	{"cli.flag_vault_label", "whose key it is", "鍵の持ち主"},
	{"cli.flag_vault_unseal", "take the keys (or labels) away instead", "鍵（または持ち主の名前）を取り除く"},
	{"cli.flag_vault_restore", "make this version the vault again", "この版に戻す"},
	{"cli.flag_copy", "put it on the clipboard instead of showing it", "表示せずにクリップボードへ入れる"},
	{"cli.flag_import_password", "read the export's password from this file", "書き出しファイルのパスワードをこのファイルから読む"},
	{"cli.flag_issuer", "who asks for the codes (NAME unless given)", "コードを求めるサービス（既定は NAME）"},
	{"cli.flag_account", "whose account it is there", "サービスでのアカウント名"},
	{"cli.flag_key", "keep a password or the like instead of what makes codes", "コードの元ではなく、パスワードなどを保管する"},
	{"cli.flag_export_out", "write into this file, or with --png this folder", "このファイルに書く（--png ではこのフォルダー）"},
	{"cli.flag_export_qr", "draw QR codes in the terminal", "端末に QR コードを表示する"},
	{"cli.flag_export_png", "write QR codes as PNG pictures", "QR コードを PNG 画像で書き出す"},
	{"cli.flag_device", "the thing that is replaced, as links name it", "買い替える機器（つながりの device の名前）"},
	{"cli.flag_anew", "forget what an interrupted move has proved", "中断した移行の記録を捨てて最初から始める"},

	{"cli.short_vault", "one-time passwords, sealed", "ワンタイムパスワードの保管庫"},
	{"cli.help_vault", `omamori vault keeps what makes one-time passwords, sealed by age on your own devices.
It is not for servers: who has the device and the passphrase has the codes.

  omamori vault init
  omamori vault import google *.png
  omamori vault code aws`, `ワンタイムパスワードの元を age で封印し、自分の端末に保管します。
サーバーには置かないでください。端末とパスフレーズがあればコードを出せます。

  omamori vault init
  omamori vault import google *.png
  omamori vault code aws`},
	{"cli.short_vault_init", "make a vault", "保管庫を作る"},
	{"cli.help_vault_init", `omamori vault init: make an empty vault under a passphrase. It is asked for at the
terminal, or read from --passphrase-fd or --passphrase-file; never from arguments or the
environment, which others can read. The age program can open the vault too.

  omamori vault init --to ~/.ssh/id_ed25519.pub`, `omamori vault init: パスフレーズで封印した空の保管庫を作ります。パスフレーズは端末で
入力するか、--passphrase-fd か --passphrase-file で渡します。他人に見える引数や環境変数
からは読みません。age コマンドでも開けます。

  omamori vault init --to ~/.ssh/id_ed25519.pub`},
	{"cli.short_vault_import", "take in what another app exported", "ほかのアプリから取り込む"},
	{"cli.help_vault_import", `omamori vault import google FILE…    Google's QR codes, or their text
omamori vault import otpauth FILE…   otpauth:// URIs, or QR codes of them
omamori vault import aegis|2fas|bitwarden|ente FILE…   plain or under a password

FILE may be - for the standard input. Every entry is accounted for: added, there already,
or refused by name. Exits 1 if one was refused.

  omamori vault import google *.png`, `omamori vault import google FILE…    Google 認証システムの QR コードか文字列
omamori vault import otpauth FILE…   otpauth:// の URI またはその QR コード
omamori vault import aegis|2fas|bitwarden|ente FILE…   平文またはパスワード付き

FILE に - を指定すると標準入力から読みます。すべての項目について、追加・登録済み・
取り込めないもののどれかを表示します。取り込めないものがあれば 1 で終了します。

  omamori vault import google *.png`},
	{"cli.short_vault_export", "write accounts out, readable", "アカウントを書き出す（平文）"},
	{"cli.help_vault_export", `omamori vault export otpauth|google|aegis [NAME…]: write accounts for another app, all if
none is named, as text, or as QR codes with --qr or --png. What is written is not sealed.

  omamori vault export google --qr`, `omamori vault export otpauth|google|aegis [NAME…]: ほかのアプリ用に書き出します。NAME を
省くと全部です。--qr か --png で QR コードになります。書き出したものは封印されません。

  omamori vault export google --qr`},
	{"cli.short_vault_code", "the code, and how long it counts", "コードと残り時間"},
	{"cli.help_vault_code", `omamori vault code NAME: the code now. NAME may be a part of the name or the issuer, or
the issuer's initials. --copy puts it on the clipboard, also through SSH (OSC 52).

  omamori vault code aws`, `omamori vault code NAME: 今のコードを表示します。NAME は名前やサービス名の一部、または
サービス名の頭文字でも構いません。--copy でクリップボードに入れます（SSH 越しは OSC 52）。

  omamori vault code aws`},
	{"cli.short_vault_list", "what is in it", "登録の一覧"},
	{"cli.help_vault_list", `omamori vault list: the names, without secrets.

  omamori vault list`, `omamori vault list: 名前の一覧です。秘密は表示しません。

  omamori vault list`},
	{"cli.short_vault_add", "add one by hand", "手入力で追加"},
	{"cli.help_vault_add", `omamori vault add NAME: add an account by its secret or otpauth:// URI, which is asked for
and not shown. With --key, a password or the like.

  omamori vault add aws --issuer "Amazon Web Services"`, `omamori vault add NAME: シークレットか otpauth:// の URI を入力して追加します（入力は表示
されません）。--key ではパスワードなどを保管します。

  omamori vault add aws --issuer "Amazon Web Services"`},
	{"cli.short_vault_rename", "call one differently", "名前を変える"},
	{"cli.help_vault_rename", `omamori vault rename NAME NEW: what it makes codes of stays as it is.

  omamori vault rename amazon-web-services aws`, `omamori vault rename NAME NEW: 名前だけを変えます。

  omamori vault rename amazon-web-services aws`},
	{"cli.short_vault_remove", "delete one", "削除する"},
	{"cli.help_vault_remove", `omamori vault remove NAME: delete an entry. Former versions still have it.

  omamori vault remove github`, `omamori vault remove NAME: 削除します。以前の版には残っています。

  omamori vault remove github`},
	{"cli.short_vault_passphrase", "change the passphrase", "パスフレーズを変える"},
	{"cli.help_vault_passphrase", `omamori vault passphrase: put the vault's key under a new passphrase. If somebody may know
the old one, take --new-key: copies of the old files would still open what is written later.

  omamori vault passphrase --new-key`, `omamori vault passphrase: 保管庫の鍵を新しいパスフレーズで封印し直します。古いものを
知られた恐れがあれば --new-key を付けてください。付けないと、古いファイルの写しで
今後の内容も開けてしまいます。

  omamori vault passphrase --new-key`},
	{"cli.short_vault_seal", "which keys open it besides", "ほかに開ける鍵"},
	{"cli.help_vault_seal", `omamori vault seal                 the keys that open it besides the passphrase
omamori vault seal KEY…            add public keys: SSH, age, plug-ins
omamori vault seal --remove KEY…   take keys away, by key or label

  omamori vault seal ~/.ssh/id_ed25519.pub --label laptop`, `omamori vault seal                 パスフレーズのほかに開ける鍵の一覧
omamori vault seal KEY…            SSH や age の公開鍵を加える（プラグインも可）
omamori vault seal --remove KEY…   鍵を取り除く（鍵または持ち主の名前）

  omamori vault seal ~/.ssh/id_ed25519.pub --label laptop`},
	{"cli.short_vault_merge", "take in another device's copy", "別の端末の保管庫と統合"},
	{"cli.help_vault_merge", `omamori vault merge FILE: take in a copy of this vault that another device has changed.
No entry is lost: where both gave one another secret, both are kept.

  omamori vault merge laptop/vault.age`, `omamori vault merge FILE: 別の端末で変更した同じ保管庫の写しを統合します。項目は失われ
ません。同じ項目のシークレットを両方で変えていたら、両方残します。

  omamori vault merge laptop/vault.age`},
	{"cli.short_vault_versions", "former states", "以前の版"},
	{"cli.help_vault_versions", `omamori vault versions: the last ten states of the vault, newest first.

  omamori vault versions`, `omamori vault versions: 過去10回分の保管庫を新しい順に表示します。

  omamori vault versions`},
	{"cli.short_phone", "a new phone", "スマートフォンの買い替え"},
	{"cli.help_phone", `omamori phone move: put every account on a new phone, and prove each before the old goes.

  omamori phone move`, `omamori phone move: 全アカウントを新しいスマートフォンに移し、古い方を消す前に一つずつ確認します。

  omamori phone move`},
	{"cli.short_phone_move", "move every account to it, proved", "全アカウントを移して確認"},
	{"cli.help_phone_move", `omamori phone move: shows each account's QR code and asks for the code that the new phone
shows. Can be stopped and taken up again; until an account is proved, its link is broken.
Exits 1 while one is left.

  omamori phone move`, `omamori phone move: アカウントごとに QR コードを表示し、新しいスマートフォンに出たコードを
入力してもらいます。中断しても続きから再開できます。確認が済むまで、そのつながりは
「切れている」と扱われます。残りがあれば 1 で終了します。

  omamori phone move`},

	{"cli.vault_passphrase", "Passphrase of the vault:", "保管庫のパスフレーズ:"},
	{"cli.vault_new_passphrase", "New passphrase:", "新しいパスフレーズ:"},
	{"cli.vault_again", "Again:", "もう一度:"},
	{"cli.vault_opening", "opening the vault", "保管庫を開いています"},
	{"cli.vault_sealing", "putting it under the passphrase", "パスフレーズで封をしています"},
	{"cli.interrupted", "stopped", "中止しました"},
	{"cli.vault_differ", "the two are not the same", "二つの入力が一致しません"},
	{"cli.vault_differ_hint", "Nothing was changed. Try again.", "何も変更していません。もう一度実行してください。"},
	{"cli.two_passphrases", "give --passphrase-fd or --passphrase-file, not both", "--passphrase-fd と --passphrase-file は同時に使えません"},
	{"cli.bad_fd", "{fd} is not an open file descriptor", "{fd} は開いているファイル記述子ではありません"},
	{"cli.long_secret", "that is longer than a secret may be", "長すぎます"},
	{"cli.no_terminal", "there is no terminal to ask at", "入力を求める端末がありません"},
	{"cli.no_terminal_hint", "Give the passphrase by --passphrase-fd or --passphrase-file, or a key by --identity", "--passphrase-fd か --passphrase-file でパスフレーズを、または --identity で鍵を渡してください"},
	{"cli.ssh_passphrase", "Passphrase of {path}:", "{path} のパスフレーズ:"},
	{"cli.bad_identity", "{path} is no private key that can open a vault", "{path} は保管庫を開ける秘密鍵ではありません"},
	{"cli.bad_identity_hint", "It takes SSH keys of the types ed25519 and RSA, and age's (AGE-SECRET-KEY-1…, AGE-PLUGIN-…)", "ed25519 か RSA の SSH 鍵、または age の鍵（AGE-SECRET-KEY-1…、AGE-PLUGIN-…）を指定してください"},
	{"cli.plugin_asks", "{name}: {prompt}:", "{name}: {prompt}:"},
	{"cli.plugin_waits", "waiting for {name}: does the key want to be touched?", "{name} を待っています。キーへのタッチが必要かもしれません"},
	{"cli.file_too_long", "{path} is too long", "{path} は大きすぎます"},
	{"cli.vault_made", "The vault is in {dir}. Next: omamori vault import, then a kit to print.", "{dir} に保管庫を作りました。次は omamori vault import で取り込み、続けてキットを印刷してください。"},
	{"cli.vault_passphrase_set", "The vault opens with the new passphrase.", "新しいパスフレーズに変えました。"},
	{"cli.vault_no_recipient", "the vault is not sealed to {key}", "{key} は封印先にありません"},
	{"cli.vault_seal_hint", "See to whom it is: omamori vault seal", "一覧を見るには: omamori vault seal"},
	{"cli.vault_sealed_to", "Besides the passphrase, {n} {n|key opens|keys open} it", "パスフレーズのほかに開ける鍵: {n} 個"},
	{"cli.vault_merged", "Merged: {added} added, {changed} changed, {removed} removed", "統合しました: 追加 {added}、変更 {changed}、削除 {removed}"},
	{"cli.vault_both_kept", "both devices gave one account another secret: the older is kept as {name}", "両方の端末でシークレットが変わっていたため、古い方を {name} として残しました"},
	{"cli.vault_twice", "an account was added on both devices; the other is called {name}", "同じアカウントが両方の端末で追加されています（もう一方の名前: {name}）"},
	{"cli.vault_no_versions", "there are no former versions yet", "以前の版はまだありません"},
	{"cli.vault_version", "{n}  {at:time}  {size:bytes}", "{n}  {at:time}  {size:bytes}"},
	{"cli.vault_versions_hint", "To go back: omamori vault versions --restore {n}", "戻すには: omamori vault versions --restore {n}"},
	{"cli.vault_restored", "Version {n} is the vault again; what it was before has become a version.", "版 {n} に戻しました。直前の内容も版として残っています。"},
	{"cli.vault_empty", "The vault is empty. To fill it: omamori vault import, or omamori vault add", "保管庫は空です。取り込むには omamori vault import、手入力は omamori vault add"},
	{"cli.vault_added", "added as {name}", "{name} として追加しました"},
	{"cli.vault_renamed", "now called {name}", "{name} に変えました"},
	{"cli.vault_removed", "{name} is removed; former versions still have it", "{name} を削除しました（以前の版には残っています）"},
	{"cli.entry_key", "a password or the like", "パスワードなど"},
	{"cli.entry_hotp", "counted, {digits} digits", "カウンター式、{digits} 桁"},
	{"cli.entry_totp", "{digits} digits, each {period:duration}, {hash}", "{digits} 桁、{period:duration}ごと、{hash}"},
	{"cli.both_factors", "this vault has both {key} and the code {code} of one account: the device is now both factors, and whoever opens the vault is let in", "同じアカウントの {key} とコード {code} の両方が入っています。この端末だけで二要素がそろうため、保管庫を開けた人はログインできてしまいます"},
	{"cli.code_left", "{left:duration} left", "残り{left:duration}"},
	{"cli.code_next", "then {code}", "次は {code}"},
	{"cli.code_copied", "the code of {title} is on the clipboard ({way})", "{title} のコードをクリップボードに入れました（{way}）"},
	{"cli.no_clipboard", "there is no clipboard here", "クリップボードがありません"},
	{"cli.no_clipboard_hint", "Without --copy the code is shown", "--copy を外すとコードを表示します"},

	{"cli.import_password", "Password of the export:", "書き出しファイルのパスワード:"},
	{"cli.import_argv", "a secret must not stand on a command line: others can read it there, and the shell keeps it", "シークレットをコマンドラインに書かないでください。他人に見え、シェルの履歴にも残ります"},
	{"cli.import_argv_hint", "Paste it instead: omamori vault import {format} -   (then clear the shell's history)", "代わりに貼り付けてください: omamori vault import {format} -   （シェルの履歴も消してください）"},
	{"cli.import_format", "{format} is no format that is known here", "{format} という形式はありません"},
	{"cli.import_incomplete", "the export is incomplete: {have} of {size} QR codes; missing: number {missing}", "書き出しが不完全です: QR コード {size} 個のうち {have} 個。足りないもの: {missing} 番目"},
	{"cli.import_incomplete_hint", "Nothing was imported. Take pictures of the missing codes too (the app shows them one after the other), and give all at once.", "何も取り込んでいません。足りない QR コード（アプリで順に表示されます）も撮影し、全部をまとめて指定してください。"},
	{"cli.import_two_exports", "these QR codes are not of one export", "一回の書き出しの QR コードではありません"},
	{"cli.import_two_exports_hint", "Nothing was imported. Give the codes of one export at a time.", "何も取り込んでいません。書き出し一回分ずつ指定してください。"},
	{"cli.import_not_this", "{path} is not an export of that app", "{path} はそのアプリの書き出しではありません"},
	{"cli.import_not_this_hint", "Is it another app's? See: omamori vault import --help", "別のアプリのものではありませんか？ omamori vault import --help"},
	{"cli.import_needs_password", "{path} is under a password", "{path} にはパスワードがかかっています"},
	{"cli.import_needs_password_hint", "Give it at the terminal, or by --password-file", "端末で入力するか、--password-file で渡してください"},
	{"cli.import_wrong_password", "{path} does not open with this password", "{path} はこのパスワードでは開けません"},
	{"cli.import_wrong_password_hint", "It is the password given when exporting. If it is right, the file is damaged: export again.", "書き出したときのパスワードを入力してください。正しいのに開けない場合はファイルが壊れています。もう一度書き出してください。"},
	{"cli.import_damaged", "{path} is damaged", "{path} が壊れています"},
	{"cli.import_damaged_hint", "Nothing was imported. Export again.", "何も取り込んでいません。もう一度書き出してください。"},
	{"cli.import_costly", "{path} would take more memory or time than it may", "{path} の処理には許容量を超えるメモリーか時間が必要です"},
	{"cli.import_costly_hint", "No app writes it so. Nothing was imported.", "アプリが書き出すものではありません。何も取り込んでいません。"},
	{"cli.import_account_bound", "only the app that wrote {path} can open it", "{path} は書き出したアプリでしか開けません"},
	{"cli.import_account_bound_hint", "Export again under a password of its own (Bitwarden: \"password protected\"), or plain", "専用のパスワードを付けて（Bitwarden では「パスワード保護」）、または平文で書き出し直してください"},
	{"cli.import_newer_format", "{path} is of a newer format than is known here", "{path} は未対応の新しい形式です"},
	{"cli.import_newer_format_hint", "Update omamori. Nothing was imported.", "omamori を更新してください。何も取り込んでいません。"},
	{"cli.import_no_code", "no QR code can be read in {path}", "{path} から QR コードを読み取れません"},
	{"cli.import_no_code_hint", "Nothing was imported. Take it again, straight and sharp, with the white border around the code.", "何も取り込んでいません。周囲の白い余白も入れて、正面からはっきり撮り直してください。"},
	{"cli.import_counts", "{in} in: {added} added, {there} there already, {refused} refused", "読み込み {in} 件: 追加 {added}、登録済み {there}、取り込めないもの {refused}"},
	{"cli.import_twin", "{title} is there already, as {name}", "{title} は {name} として登録済みです"},
	{"cli.import_refused", "{title}: {why:text}", "{title}: {why:text}"},
	{"cli.import_without", "{n} {n|entry has|entries have} no one-time code, and were not looked at", "ワンタイムパスワードのない {n} 件は対象外です"},
	{"cli.import_after", "Now delete the export: it holds the secrets readable.", "書き出しファイルは秘密を含むため、削除してください。"},
	{"cli.fault_no_secret", "has no secret", "シークレットがありません"},
	{"cli.fault_long_secret", "its secret is too long", "シークレットが長すぎます"},
	{"cli.fault_bad_secret", "its secret is not base32", "シークレットが base32 ではありません"},
	{"cli.fault_bad_digits", "its codes are not of 6 to 8 digits", "コードが 6〜8 桁ではありません"},
	{"cli.fault_bad_period", "its period is none that can be", "コードの有効時間が不正です"},
	{"cli.fault_bad_counter", "its counter is no number", "カウンターが数ではありません"},
	{"cli.fault_bad_name", "its name cannot be shown", "名前を表示できません"},
	{"cli.fault_bad_algorithm", "its algorithm is not SHA-1, SHA-256 or SHA-512", "SHA-1、SHA-256、SHA-512 以外の方式です"},
	{"cli.fault_bad_type", "is no TOTP or HOTP (Steam's codes, mOTP and the like stay in their app)", "TOTP でも HOTP でもありません（Steam や mOTP などは元のアプリに残してください）"},
	{"cli.fault_malformed", "is no account", "アカウントではありません"},
	{"cli.add_secret", "Secret, or otpauth:// URI (not shown):", "シークレットまたは otpauth:// の URI（表示されません）:"},
	{"cli.add_key", "Password or key (not shown):", "パスワードまたは鍵（表示されません）:"},
	{"cli.add_hint", "Nothing was added. It is what the service shows beside its QR code.", "何も追加していません。サービスが QR コードの横に表示する文字列を入力してください。"},

	{"cli.export_counts", "{in} asked for: {out} written, {left} left out", "対象 {in} 件: 書き出し {out}、対象外 {left}"},
	{"cli.export_left", "{name} cannot be held by this format", "{name} はこの形式で表せません"},
	{"cli.export_readable", "what was written is not sealed: delete it when it has done its work", "書き出したものは封印されていません。用が済んだら削除してください"},
	{"cli.export_png", "--png wants a folder by --out, and Aegis' format has no QR codes", "--png には --out でフォルダーが必要です。Aegis の形式に QR コードはありません"},
	{"cli.qr_narrow", "the QR code needs {need} columns, and the terminal has {have}", "QR コードの表示には {need} 桁必要ですが、端末は {have} 桁です"},
	{"cli.qr_narrow_hint", "Make the window wider or the letters smaller, or: omamori vault export otpauth --png --out DIR", "ウィンドウを広げるか文字を小さくしてください。または: omamori vault export otpauth --png --out DIR"},

	{"cli.drill_elsewhere", "its codes can be compared only where the vault is", "コードを照合できるのは、保管庫のある端末だけです"},
	{"cli.move_nothing", "the vault has no account to move", "保管庫に移すアカウントがありません"},
	{"cli.move_nothing_hint", "Take them in from the old phone first: omamori vault import", "先に古いスマートフォンから取り込んでください: omamori vault import"},
	{"cli.move_no_guard", "no guard runs here: what is left will be known to this command alone", "ガードが動いていないため、残りはこのコマンドでしか分かりません"},
	{"cli.move_begin", "{n} {n|account is|accounts are} to be moved to the new {device}. Keep the old one until all are proved.", "{n} 個のアカウントを新しい {device} に移します。全部確認できるまで古い方は消さないでください。"},
	{"cli.move_resume", "{left} of {n} {n|account is|accounts are} left to be moved to the new {device}.", "新しい {device} への移行は、{n} 個のうち {left} 個が残っています。"},
	{"cli.move_began", "This move was begun on {began:time}; {proved} proved so far. To start over, as for another phone: omamori phone move --anew", "この移行は {began:time} に始めたものです（確認済み {proved} 件）。別のスマートフォンなど、最初からやり直すには: omamori phone move --anew"},
	{"cli.move_same", "That is long ago. Is it still the same new {device}?", "始めてから時間がたっています。新しい {device} は同じものですか？"},
	{"cli.move_not_same", "the move begun on {began:time} was not taken up", "{began:time} に始めた移行は再開していません"},
	{"cli.move_not_same_hint", "Nothing was changed. To start over: omamori phone move --anew", "何も変更していません。最初からやり直すには: omamori phone move --anew"},
	{"cli.move_account", "{n} of {of}: {title}", "{of} 件中 {n} 件目: {title}"},
	{"cli.move_scan", "Scan this with the new {device}, lay the old one aside, and type the code that the new one shows. (s: later, q: stop)", "新しい {device} で読み取り、古い方は脇に置いて、新しい方に出たコードを入力してください。（s: あとで、q: 中断）"},
	{"cli.move_code", "Code:", "コード:"},
	{"cli.move_wrong", "That is no code of this account. Is it the right line on the new phone, and typed before it changed?", "このアカウントのコードではありません。新しい方の正しい行を見て、切り替わる前に入力しましたか？"},
	{"cli.move_behind", "The code is right, but {steps} steps ({apart:duration}) late: turn on automatic date and time on the new phone, and see that this machine's clock is right. Then type the next.", "コードは正しいものですが、{steps} ステップ（{apart:duration}）遅れています。新しい方の日時を自動設定にし、この端末の時計も確かめてから、次のコードを入力してください。"},
	{"cli.move_ahead", "The code is right, but {steps} steps ({apart:duration}) early: turn on automatic date and time on the new phone, and see that this machine's clock is right. Then type the next.", "コードは正しいものですが、{steps} ステップ（{apart:duration}）進んでいます。新しい方の日時を自動設定にし、この端末の時計も確かめてから、次のコードを入力してください。"},
	{"cli.move_proved", "proved on the new one", "新しい方で確認済み"},
	{"cli.move_open", "not yet", "まだです"},
	{"cli.move_broken", "not yet: the link {link} is broken until then", "まだです（つながり {link} は切れた扱いです）"},
	{"cli.move_left", "{left} of {n} left: do not wipe the old phone. Go on: omamori phone move", "{n} 個のうち {left} 個が残っています。古いスマートフォンは消さないでください。続けるには: omamori phone move"},
	{"cli.move_done", "The new {device} has shown a right code of {n|the one account|every account} ({n}): the old one may be wiped.", "新しい {device} で {n} 個すべてのコードを確認しました。古い方を消して構いません。"},
	{"cli.move_join", "The guard watches {n} {n|account|accounts} of yours by no link, so that nobody would miss {n|it|them}. They can be added to {path}, as links and a goal that is broken until the new phone has shown a code of each:", "次の {n} 件にはつながりがなく、失われても誰も気づきません。{path} に加えると、新しい方のコードを確認できるまで切れた扱いになり、余裕にも表れます:"},
	{"cli.move_join_ask", "Add them?", "加えますか？"},
	{"cli.move_goal", "the {device} shows the codes of my accounts", "{device} にアカウントのコードが出る"},
	{"cli.file_changed", "{path} has changed meanwhile: it was left alone", "{path} が途中で変わったため、手を付けていません"},
	{"cli.move_unwatched", "No link watches these yet. To have them drilled, add to omamori.yaml:", "次のアカウントはまだ見守られていません。omamori.yaml に書き加えてください:"},
	{"cli.vault_on_server", "there is a vault in {dir} on this machine, which runs services for others: a server must never hold one open", "ほかの人に向けたサービスを動かすこのマシンの {dir} に保管庫があります。サーバーで保管庫を開いてはいけません"},
	{"cli.vault_on_server_hint", "Move that folder to your own device, and open it there alone", "このフォルダーを自分の端末に移し、そこでだけ開いてください"},
}
