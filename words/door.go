package words

// doorTexts are those of the door in the host's firewall.
var doorTexts = []entry{
	{"hands.bad_fingerprint",
		"door is not the fingerprint of the door's key: 64 hex digits",
		"door が扉の鍵の指紋（16進数64桁）ではありません"},
	{"hands.bad_ports",
		"ports is not a list of 1 to {max} TCP ports, ascending",
		"ports には TCP ポートを小さい順に1〜{max}個書いてください"},
	{"hands.bad_interface",
		"“{name}” is not the name of a network interface",
		"「{name}」はネットワークインターフェースの名前ではありません"},
	{"hands.bad_most",
		"most is {most}; it may be 0 to {max}",
		"most が {most} になっています。0〜{max} にしてください"},
	{"hands.bad_bits",
		"{bits} bits are not possible: {min} to {max}, or 0 for single addresses",
		"{bits} ビットは使えません。{min}〜{max}、または 0（単一アドレスのみ）にしてください"},
	{"hands.trial_on",
		"other rules are on trial at this moment; confirm them, or wait a minute until they are put back",
		"別のルールを試行中です。確定するか、元に戻るまで1分お待ちください"},
	{"hands.nothing_new",
		"these ports are closed already; nothing was changed",
		"そのポートはすでに閉じています。何も変更していません"},
	{"hands.no_ports",
		"no ports were named, or not in ascending order",
		"ポートが指定されていないか、小さい順に並んでいません"},
	{"hands.port_not_ours",
		"port {port} is not one that the door's file allows to be closed",
		"ポート {port} は、扉の設定ファイルで閉じてよいとされていません"},
	{"hands.no_trial",
		"no rules are on trial: the minute is over, and everything is as it was before",
		"試行中のルールはありません。1分が過ぎ、すべて元どおりになっています"},
	{"hands.no_session",
		"the kernel knows of no connection from {from}",
		"{from} からの接続は見つかりません"},
	{"hands.old_session",
		"the session from {from} was there before the change, so it proves nothing; open a new one",
		"{from} からのセッションは変更前からのもので、証明になりません。新しく接続してください"},
	{"hands.no_knock",
		"the session from {from} did not come through a knock since the change; knock, and connect anew",
		"{from} からのセッションは、変更後のノックを通っていません。ノックしてから接続し直してください"},
	{"hands.no_door",
		"the door is not installed: there is nothing to be let through",
		"扉はまだ設置されていません。通すものがありません"},
	{"hands.no_lease",
		"there is no lease {id}",
		"リース {id} はありません"},

	// omamori door.
	{"door.no_owner",
		"no key was found that may knock",
		"ノックに使える鍵が見つかりません"},
	{"door.no_owner_hint",
		"name a file with your public key: omamori door install --keys FILE (RSA keys of 4096 bits do not fit into a knock; ed25519 does)",
		"公開鍵のファイルを指定してください: omamori door install --keys FILE（RSA 4096 ビットの鍵はノックに入りません。ed25519 なら入ります）"},
	{"door.key_too_large",
		"this key does not fit into a knock and will not open the door: {key}; an ed25519 key does",
		"この鍵は大きすぎてノックに入らず、扉を開けられません: {key}（ed25519 の鍵なら入ります）"},
	{"door.not_running",
		"the door is not running on this machine",
		"このマシンでは扉が動いていません"},
	{"door.not_running_hint",
		"sudo omamori door install; or, without systemd, start it: omamori-hands --door",
		"sudo omamori door install を実行してください。systemd がない場合は omamori-hands --door で起動します"},
	{"door.root",
		"only root may change the door",
		"扉を変更できるのは root だけです"},
	{"door.root_hint",
		"put sudo before the command",
		"先頭に sudo を付けて実行してください"},
	{"door.no_second_way",
		"there is no second way in that is proved just now, so nothing was closed: should the door ever fail, you would be locked out (goal {goal})",
		"今この時点で確認できている別の入り口がないため、何も閉じませんでした。扉が壊れたとき、締め出されてしまいます（目標 {goal}）"},
	{"door.no_second_way_hint",
		"run it at the machine's own console; or give the goal {goal} another way (console, tunnel) in omamori.yaml, and run: omamori prove",
		"マシン本体のコンソールで実行するか、omamori.yaml の目標 {goal} に別の道（コンソール、トンネルなど）を加えて omamori prove を実行してください"},
	{"door.blocked",
		"another firewall would drop what the door lets through: {where}",
		"別のファイアウォールが、扉を通ったものまで捨ててしまいます: {where}"},
	{"door.blocked_knocks",
		"another firewall drops the knocks, so that the door would hear none: {where}",
		"別のファイアウォールがノックを捨ててしまい、扉に届きません: {where}"},
	{"door.blocked_hint",
		"let the door alone decide, and come back: {lines}",
		"扉に判断を任せるため、次を実行してからやり直してください: {lines}"},
	{"door.perhaps",
		"{where} may drop connections too, which cannot be known beforehand; your coming in will show it",
		"{where} も接続を捨てることがあります。事前には分からないため、実際に入れるかどうかで確かめます"},
	{"door.legacy",
		"there are rules of the old iptables ({tables}), which cannot be read; your coming in will show whether they are in the way",
		"旧式の iptables のルール（{tables}）があり、読み取れません。妨げになるかどうかは、実際に入れるかどうかで確かめます"},
	{"door.pass",
		"The door opens for: {owners}. Their machines need this line:",
		"扉は次の人に開きます: {owners}。その人のマシンには次の行が必要です:"},
	{"door.press_enter",
		"Press Enter when your laptop has it. Then you have one minute.",
		"手元のマシンに入れたら Enter を押してください。そこから1分です。"},
	{"door.come_in",
		"Now come in anew within {left:duration}: omamori ssh HOST. Keep this session. Unless you come in, everything is put back.",
		"{left:duration}以内に、新しく入り直してください: omamori ssh ホスト。このセッションはそのままに。入れなければ、すべて元に戻ります。"},
	{"door.come_in_plain",
		"Now come in anew within {left:duration}, by plain ssh. Unless you come in, everything is put back.",
		"{left:duration}以内に、普通の ssh で新しく入り直してください。入れなければ、すべて元に戻ります。"},
	{"door.installed",
		"You came in by a new connection, through a knock. The door is installed: {ports} is closed to everybody else, at every boot.",
		"ノックを通った新しい接続を確認しました。扉を設置しました。{ports} 番は、起動のたびに、ほかの誰にも閉じられます。"},
	{"door.uninstalled",
		"You came in by a new connection. The door is gone, and the firewall is as it was before. What you typed for another firewall is still there: see doc/door.md to take it back.",
		"新しい接続を確認しました。扉を取り除き、ファイアウォールは元どおりです。別のファイアウォールに入力したものは残っています。戻し方は doc/door.md をご覧ください。"},
	{"door.confirmed",
		"Confirmed: you came in by a new connection.",
		"新しい接続を確認し、確定しました。"},
	{"door.put_back",
		"nobody came in anew within the minute: everything is put back as it was",
		"1分以内に新しく入った人がいなかったため、すべて元に戻しました"},
	{"door.put_back_hint",
		"find out why from the laptop (omamori ssh HOST says which step failed), and try again",
		"手元のマシンで原因を確かめてから（omamori ssh ホスト がどこで失敗したか示します）、やり直してください"},
	{"door.not_ssh",
		"this is no session over SSH, so it proves nothing",
		"SSH のセッションではないため、証明になりません"},
	{"door.not_ssh_hint",
		"type it in the session by which you came in anew",
		"新しく入り直したセッションで実行してください"},
	{"door.not_installed",
		"The door is not installed: nothing is closed.",
		"扉は設置されていません。何も閉じていません。"},
	{"door.on_trial",
		"New rules are on trial for {left:duration} more.",
		"新しいルールを試行中です（残り{left:duration}）。"},
	{"door.unsound",
		"The rules are not what was confirmed; they are being loaded again.",
		"ルールが確定した内容と違います。読み込み直しています。"},
	{"door.closed_ports",
		"Closed to everybody without a lease: {ports}",
		"リースのない人には閉じています: {ports}"},
	{"door.no_leases",
		"Nobody is let in at this moment.",
		"今は誰も通していません。"},
	{"door.lease_line",
		"to {ports}  since {since:time}  until {until:time}  {key}  {id}",
		"{ports} 番へ  {since:time}から  {until:time}まで  {key}  {id}"},
	{"door.no_key",
		"(by hand)",
		"（手動）"},
	{"door.opened",
		"{from} may connect to {ports} until {until:time} (lease {id}). Whether it gets in, only a connection from there proves.",
		"{from} は {until:time} まで {ports} 番に接続できます（リース {id}）。実際に入れるかは、そこからの接続でしか確かめられません。"},
	{"door.closed",
		"{n} {n|lease|leases} ended. Sessions that stand go on; --cut ends them too.",
		"{n} 件のリースを終えました。続いているセッションはそのままです（--cut で切断できます）。"},
	{"door.closed_cut",
		"{n} {n|lease|leases} ended, {cuts} {cuts|session|sessions} cut.",
		"{n} 件のリースを終え、{cuts} 件のセッションを切断しました。"},
	{"door.bad_address",
		"“{address}” is not an address",
		"「{address}」はアドレスではありません"},
	{"door.bad_address_hint",
		"one address of somebody outside: omamori door open 203.0.113.7",
		"外部のアドレスを一つ指定してください: omamori door open 203.0.113.7"},
	{"door.bad_port",
		"{port} is not a TCP port",
		"{port} は TCP ポートではありません"},
	{"door.refused_time",
		"a lease may not be of this length; the limit is {limit:duration}",
		"この長さのリースはできません。限度は{limit:duration}です"},
	{"door.refused_address",
		"{from} cannot be let in: it is too wide, or nobody's address outside",
		"{from} は通せません。範囲が広すぎるか、外部のアドレスではありません"},
	{"door.refused_port",
		"port {port} is not one of this door",
		"ポート {port} はこの扉のものではありません"},
	{"door.refused_full",
		"there are as many leases as there may be",
		"リースの数が上限に達しています"},
	{"door.refused_full_hint",
		"omamori door list; omamori door close LEASE",
		"omamori door list で確かめ、omamori door close リース で減らしてください"},
	{"door.refused_other",
		"the door refuses: {why}",
		"扉が断りました: {why}"},

	// What the door's half has done, in the journal.
	{"door.did_lease", "{who}: {from} is let in until {until:time}", "{who}: {from} を {until:time} まで通しました"},
	{"door.did_end", "the lease of {from} was ended ({who})", "{from} のリースを終えました（{who}）"},
	{"door.did_try", "new rules of the door are on trial ({who})", "扉の新しいルールを試行しています（{who}）"},
	{"door.did_confirm", "the owner came in by the door's new rules ({who})", "持ち主が新しいルールで入れることを確認しました（{who}）"},
	{"door.did_rollback", "the door's rules were put back: {note}", "扉のルールを元に戻しました: {note}"},
	{"door.did_load", "the door's rules were loaded: {note}", "扉のルールを読み込みました: {note}"},
	{"door.did_other", "the door: {what} {note}", "扉: {what} {note}"},

	{"cli.flag_door_socket", "where the door answers", "扉のソケット"},
	{"cli.flag_door_dir", "where its files go", "ファイルの置き場所"},
	{"cli.flag_door_ports", "TCP ports to close", "閉じる TCP ポート"},
	{"cli.flag_door_keep", "interfaces where nothing is closed (that of a tunnel)", "閉じないインターフェース（トンネルなど）"},
	{"cli.flag_door_keys", "authorized_keys of those who may knock", "ノックしてよい人の authorized_keys"},
	{"cli.flag_door_goal", "the goal whose other ways are looked at", "別の道があるか確かめる目標"},
	{"cli.flag_door_for", "how long", "期間"},
	{"cli.flag_door_lease_ports", "TCP ports", "TCP ポート"},
	{"cli.flag_door_why", "what for, for the record", "理由（記録に残ります）"},
	{"cli.flag_door_cut", "end the sessions too that came by them", "そのリースで入ったセッションも切断"},
	{"cli.short_door", "SSH is closed to the world, and opens for you", "SSH を閉じておき、自分にだけ開く"},
	{"cli.help_door", `omamori door: how the door stands. SSH is closed to the world; whoever signs with a key
that it knows is let in, from the address that he happens to have, for a while.

  sudo omamori door install          close SSH, safely
  omamori ssh server                 from your laptop: knock, and come in
  sudo omamori door list             who is let in
  sudo omamori door close --cut      let nobody in, and end their sessions`, `omamori door: 扉の状況を表示します。SSH は外部に閉じておき、登録済みの鍵で署名した人だけを、
そのときのアドレスからしばらくの間だけ通します。

  sudo omamori door install          SSH を安全に閉じる
  omamori ssh server                 手元のマシンから: ノックして入る
  sudo omamori door list             今通している人
  sudo omamori door close --cut      すべて閉じ、セッションも切断`},
	{"cli.short_door_install", "close SSH to the world, safely", "SSH を外部に安全に閉じる"},
	{"cli.help_door_install", `omamori door install: closes the ports to everybody who has not knocked. It refuses
unless a second way in is proved. The rules are on trial at first: unless you come in
by a new connection, through a knock, within a minute, the kernel itself puts
everything back, whatever happens to this session or to omamori. Sessions that stand
are not cut. Run again with other --ports, it changes them in the same way.

  sudo omamori door install
  sudo omamori door install --ports 22,8443 --keep wg0`, `omamori door install: ノックしていない人にポートを閉じます。別の入り口が確認できていなければ
実行しません。最初は試行で、1分以内にノックを通った新しい接続で入らなければ、このセッションや
omamori に何が起きても、カーネル自身がすべて元に戻します。続いているセッションは切れません。
--ports を変えて実行すると、同じ手順で変更します。

  sudo omamori door install
  sudo omamori door install --ports 22,8443 --keep wg0`},
	{"cli.short_door_uninstall", "take the door away", "扉を取り除く"},
	{"cli.help_door_uninstall", `omamori door uninstall: opens the ports, and takes everything of the door's out of the
firewall once you have come in by a new connection. Keys and allowed_signers stay in
/etc/omamori.

  sudo omamori door uninstall`, `omamori door uninstall: ポートを開き、新しい接続で入れることを確かめてから、扉のルールを
ファイアウォールからすべて取り除きます。鍵と allowed_signers は /etc/omamori に残ります。

  sudo omamori door uninstall`},
	{"cli.short_door_confirm", "you have come in: keep the new rules", "入れたので新しいルールを確定"},
	{"cli.help_door_confirm", `omamori door confirm: typed in the session by which you came in anew, it makes the
rules that are on trial permanent. omamori door install does so by itself as long as it
runs; this is for when its session has died.

  sudo omamori door confirm`, `omamori door confirm: 新しく入り直したセッションで実行すると、試行中のルールを確定します。
omamori door install が動いていれば自動で行われます。そのセッションが切れたときに使います。

  sudo omamori door confirm`},
	{"cli.short_door_open", "let an address in for a while", "アドレスをしばらく通す"},
	{"cli.help_door_open", `omamori door open ADDRESS: lets an address in by hand, for an hour unless --for says
otherwise. It is recorded who did.

  sudo omamori door open 203.0.113.7 --for 2h --why "Ken, on the train"`, `omamori door open アドレス: アドレスを手動で通します。--for がなければ1時間です。誰が行ったかは
記録に残ります。

  sudo omamori door open 203.0.113.7 --for 2h --why "健さん、出張中"`},
	{"cli.short_door_close", "end leases", "リースを終える"},
	{"cli.help_door_close", `omamori door close [LEASE]: ends one lease, or all. Sessions that stand go on, unless
--cut ends them too (your own as well, if it came by one).

  sudo omamori door close
  sudo omamori door close 0f3a5c7e9b1d2468 --cut`, `omamori door close [リース]: リースを一つ、または全部終えます。続いているセッションはそのまま
です。--cut を付けると切断します（自分のセッションも含みます）。

  sudo omamori door close
  sudo omamori door close 0f3a5c7e9b1d2468 --cut`},
	{"cli.short_door_list", "who is let in", "今通している人"},
	{"cli.help_door_list", `omamori door list: who is let in, from where, since when, until when, by which key.

  sudo omamori door list`, `omamori door list: 誰を、どこから、いつから、いつまで、どの鍵で通しているかを表示します。

  sudo omamori door list`},
}
