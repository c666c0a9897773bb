package words

var knockTexts = []entry{
	{"knock.help",
		`omamori-knock hears knocks on a UDP port, and has those let in who may come.

Usage: omamori-knock [-key FILE] [-signers FILE] [-door SOCKET] [-listen ADDRESS]

  -key FILE        the door's key, made by: omamori door install
                   (/etc/omamori/door.key)
  -signers FILE    who may knock, in the format of ssh-keygen's allowed_signers
                   (/etc/omamori/allowed_signers)
  -door SOCKET     where the door's half of omamori-hands listens
                   (/run/omamori-door/door.sock)
  -listen ADDRESS  where to listen (:4649)
  -version         say which version this is

It needs no privileges. Packets of strangers get no answer, and no line in the log of
their own: sums are told every ten minutes.`,
		`omamori-knock は UDP ポートでノックを待ち、許された人だけを通してもらいます。

使い方: omamori-knock [-key FILE] [-signers FILE] [-door SOCKET] [-listen ADDRESS]

  -key FILE        扉の鍵（omamori door install で作ります）
                   (/etc/omamori/door.key)
  -signers FILE    ノックできる人（ssh-keygen の allowed_signers 形式）
                   (/etc/omamori/allowed_signers)
  -door SOCKET     omamori-hands の扉側が待ち受ける場所
                   (/run/omamori-door/door.sock)
  -listen ADDRESS  待ち受けるアドレス (:4649)
  -version         バージョンを表示します

特権は要りません。知らない相手のパケットには応答せず、1 つずつ記録することもしません。
合計だけを 10 分ごとに記録します。`},

	{"knock.no_key", "there is no SSH key to knock with", "ノックに使う SSH 鍵がありません"},
	{"knock.no_key_hint", "Give one to the agent (ssh-add), or make one: ssh-keygen -t ed25519; the server must know it: sudo omamori door install", "エージェントに登録する（ssh-add）か、作成してください: ssh-keygen -t ed25519。サーバーにも登録が必要です: sudo omamori door install"},
	{"knock.key_too_large", "the signature of the key {key} does not fit into one packet (RSA keys of more than 3072 bits do not)", "鍵 {key} の署名は 1 パケットに収まりません（3072 ビットを超える RSA 鍵は使えません）"},
	{"knock.key_too_large_hint", "Use another key: ssh-keygen -t ed25519", "別の鍵を使ってください: ssh-keygen -t ed25519"},
	{"knock.key_locked", "the key {key} has a passphrase, and the agent does not hold it", "鍵 {key} にはパスフレーズがあり、エージェントにも登録されていません"},
	{"knock.key_locked_hint", "Give it to the agent: ssh-add {key}", "エージェントに登録してください: ssh-add {key}"},
	{"knock.key_unread", "the key {key} cannot be used: {error}", "鍵 {key} を使えません: {error}"},

	{"knock.link_name", "the link that failed is the name: no address was found for {host} ({error})", "「名前」の段階で失敗しました: {host} のアドレスが見つかりません（{error}）"},
	{"knock.link_name_hint", "See whether this machine is online, and who answers for the name: getent hosts {host}", "この機器がネットにつながっているか、名前を引けるか確かめてください: getent hosts {host}"},
	{"knock.link_port", "the link that failed is the port: the door has let us in, but {where} does not answer", "「ポート」の段階で失敗しました: 扉は開きましたが、{where} から応答がありません"},
	{"knock.link_port_hint", "Another firewall drops it: one on the host beside the door's table (ufw status; nft list ruleset), or that of the cloud (its security group)", "別のファイアウォールが遮断しています。ホスト上のもの（ufw status; nft list ruleset）か、クラウドのセキュリティグループを確かめてください"},
	{"knock.link_port_refused", "the link that failed is the service: the door has let us in, but nobody listens at {where}", "「サービス」の段階で失敗しました: 扉は開きましたが、{where} で待ち受けているものがありません"},
	{"knock.link_port_refused_hint", "At the console of the server: systemctl status ssh", "サーバーのコンソールで確かめてください: systemctl status ssh"},
	{"knock.link_other", "the link that failed is {link} ({where}): {error}", "{link}（{where}）の段階で失敗しました: {error}"},

	{"knock.silent", "the link that failed is the door: {where} does not answer our knock", "「扉」の段階で失敗しました: {where} がノックに応答しません"},
	{"knock.silent_hint",
		"Doors answer nobody whom they do not know. Either UDP does not get through from here, the machine is down, your key is not in its allowed_signers, or the door has been installed anew (then its line is another one: sudo omamori door install shows it).",
		"扉は知らない相手には応答しません。ここから UDP が通らない、サーバーが止まっている、鍵が allowed_signers にない、扉が作り直された（その場合は omamori-door1: で始まる行を取り直してください）、のいずれかです。"},
	{"knock.nobody", "the link that failed is the door: the machine answers, but nobody hears knocks at {where}", "「扉」の段階で失敗しました: 機器は応答しますが、{where} でノックを待つものがありません"},
	{"knock.nobody_hint", "At the console of the server: systemctl status omamori-knock", "サーバーのコンソールで確かめてください: systemctl status omamori-knock"},

	{"knock.refused_expired", "the door knows this key, but its time there has not come, or is over", "扉はこの鍵を知っていますが、有効期間外です"},
	{"knock.refused_expired_hint", "See valid-after and valid-before in /etc/omamori/allowed_signers on the server", "サーバーの /etc/omamori/allowed_signers の valid-after と valid-before を確かめてください"},
	{"knock.refused_clock", "the door's clock and ours are {apart:duration} apart", "扉とこの機器の時計が {apart:duration}ずれています"},
	{"knock.refused_clock_hint", "Set the one that is wrong: timedatectl", "ずれている方を直してください: timedatectl"},
	{"knock.refused_address", "the door leases nothing to {from}: that is nobody's address outside", "{from} は外部のアドレスではないため、扉は開きません"},
	{"knock.refused_wide", "the door leases nothing to as many addresses as {from}", "{from} は範囲が広すぎるため、扉は開きません"},
	{"knock.refused_port", "the door does not lease port {port}", "この扉はポート {port} を開けません"},
	{"knock.refused_port_hint", "See which it does, on the server: omamori door list; more: omamori door install --ports 22,{port}", "開けられるポートはサーバーで確かめられます: omamori door list。増やすには: omamori door install --ports 22,{port}"},
	{"knock.refused_short", "the door leases nothing for less than {limit:duration}", "扉を開ける時間は {limit:duration}以上にしてください"},
	{"knock.refused_long", "the door leases nothing for more than {limit:duration}", "扉を開ける時間は {limit:duration}以下にしてください"},
	{"knock.refused_long_hint", "Write into omamori.yaml, at the door: for: {limit}", "omamori.yaml の扉の for を直してください: for: {limit}"},
	{"knock.refused_full", "the door has as many leases as it may have", "扉のリースの件数が上限に達しています"},
	{"knock.refused_full_hint", "On the server: omamori door list; end one: omamori door close LEASE", "サーバーで確かめ（omamori door list）、不要なものを閉じてください: omamori door close LEASE"},
	{"knock.refused_firewall", "the door knows us, but could not change its firewall", "扉は本人と認めましたが、ファイアウォールを変更できませんでした"},
	{"knock.refused_firewall_hint", "At the console of the server: journalctl -u omamori-door -u omamori-knock -n 30", "サーバーのコンソールで確かめてください: journalctl -u omamori-door -u omamori-knock -n 30"},
	{"knock.refused_other", "the door refuses: {code}", "扉に断られました: {code}"},
	{"knock.clock_note", "you are in, but the door's clock and ours are {apart:duration} apart: set the one that is wrong", "扉は開きましたが、時計が {apart:duration}ずれています。ずれている方を直してください"},
	{"knock.renew_failed", "the lease could not be renewed; this session goes on. {why}", "リースを更新できませんでした（この接続は続きます）。{why}"},

	{"knock.no_pass", "say where the door's line is, such as file:/home/mika/.config/omamori/server.door", "扉の行（omamori-door1:…）の場所を書いてください（例: file:/home/mika/.config/omamori/server.door）"},
	{"knock.bad_for", "a lease lasts at least {min:duration}", "for は {min:duration}以上にしてください"},
	{"knock.pass_unread", "the line of the door {door} cannot be had from {where}: {error}", "扉 {door} の行を {where} から読めません: {error}"},
	{"knock.pass_unread_hint", "It begins with omamori-door1: and is shown on the server by: sudo omamori door install", "omamori-door1: で始まる行で、サーバーで sudo omamori door install とすると表示されます"},
	{"knock.no_door", "the configuration has no door for {host}", "設定に {host} の扉がありません"},
	{"knock.plain_ssh", "no door is known for {host}: plain ssh", "{host} の扉は登録されていません。普通の ssh でつなぎます"},
	{"knock.no_door_hint", "Put the line that the server's door install printed (omamori-door1:…) into ~/.config/omamori/doors/{host}, or say in the section doors of omamori.yaml where it is; without a door: ssh {host}", "サーバーの door install が表示した行（omamori-door1:…）を ~/.config/omamori/doors/{host} に置くか、その場所を omamori.yaml の doors に書いてください。扉なしでつなぐには: ssh {host}"},
	{"knock.bad_host", "{host} is not the name of a machine", "{host} は機器の名前ではありません"},
	{"knock.bad_port", "{port} is not a port", "{port} はポート番号ではありません"},

	{"knock.bad_lease", "the lease of a trial lasts whole seconds, from {min:duration} to {max:duration}", "lease は秒単位で {min:duration}から {max:duration}までにしてください"},
	{"knock.holds", "a knock opens {where}, it greets, and closes again", "ノックすると {where} が開き、応答があり、時間が来ると閉じます"},
	{"knock.holds_login", "a knock opens {where}, {user} logs in there, and it closes again", "ノックすると {where} が開き、{user} としてログインでき、時間が来ると閉じます"},
	{"knock.no_user", "say who logs in there by SSH (user), or what another service says first (greets)", "SSH でログインするユーザー（user）か、別のサービスなら最初の応答（greets）を書いてください"},
	{"knock.greets_and_user", "where user logs in, greets has no meaning", "user でログインする場合、greets は不要です"},
	{"knock.bad_host_key", "this is not a line of a .pub file (ssh-ed25519 AAAA…)", ".pub ファイルの行（ssh-ed25519 AAAA…）ではありません"},
	{"knock.host_key", "the door opens, but the server at {where} shows another key than it should", "扉は開きますが、{where} のサーバーが記録と違う鍵を示しています"},
	{"knock.host_key_hint", "Compare it at the server's console: ssh-keygen -lf /etc/ssh/ssh_host_ed25519_key.pub; if you changed it yourself, correct host_key", "サーバーのコンソールで確かめてください: ssh-keygen -lf /etc/ssh/ssh_host_ed25519_key.pub。自分で替えたのなら host_key を直してください"},
	{"knock.login_failed", "the door opens, but the login of {user} at {where} fails", "扉は開きますが、{where} に {user} としてログインできません"},
	{"knock.in_use", "{where} has stayed open to us: somebody on this machine is connected to it, by a lease of his own", "{where} は開いたままです。このマシンの別の誰かが、自分のリースで接続しています"},
	{"knock.in_use_hint", "The door is tried again by itself once he has left.", "その接続が終わると、自動でもう一度試します。"},
	{"knock.open_before", "{where} is open to us without a knock, so that the door cannot be tried", "{where} はノックしなくても開いているため、扉を試せません"},
	{"knock.open_before_hint", "A lease for this address may be running: on the server, omamori door list. Or the door is not installed: sudo omamori door install", "このアドレスのリースが有効中かもしれません（サーバーで omamori door list）。扉が未設置の場合は: sudo omamori door install"},
	{"knock.wrong_greeting", "the door opens, but what answers at {where} does not greet as it should", "扉は開きますが、{where} の応答が期待と違います"},
	{"knock.wrong_greeting_hint", "See who listens there: ss -ltnp", "何が待ち受けているか確かめてください: ss -ltnp"},
	{"knock.no_time", "the trial was over before its lease of {lease:duration} was", "{lease:duration}のリースが終わる前に、確認の時間が切れました"},
	{"knock.no_time_hint", "Give the link a longer timeout, or a shorter lease", "このつながりの timeout を長くするか、lease を短くしてください"},
	{"knock.lease_stays", "the lease {lease} is over, and {where} is still open", "リース {lease} の期限を過ぎても {where} が開いたままです"},
	{"knock.lease_answers", "the lease {lease} is over, and {where} still answers: it refuses, where a closed door is silent", "リース {lease} の期限を過ぎても {where} が応答します（閉じた扉は何も返さないはずが、接続を拒否しました）"},
	{"knock.lease_stays_hint", "On the server: omamori door list; close it: omamori door close; then see who else opens it: nft list ruleset", "サーバーで確かめて（omamori door list）閉じ（omamori door close）、ほかに開けているものがないか調べてください: nft list ruleset"},
}
