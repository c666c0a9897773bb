package words

// cliTunnelTexts are those of omamori tunnel.
var cliTunnelTexts = []entry{
	{"cli.short_tunnel", "a fixed address of one's own, by WireGuard", "自分だけの固定アドレス（WireGuard）"},
	{"cli.help_tunnel", `omamori tunnel serve         be the server, on a machine with a fixed address
omamori tunnel add NAME      let a device in, and show its configuration once
omamori tunnel list          the devices, and how they stand
omamori tunnel remove NAME   shut a device out
omamori tunnel up FILE       be a device, on Linux

  omamori tunnel serve --endpoint vpn.example.net
  omamori tunnel add phone`, `omamori tunnel serve               固定アドレスのあるマシンでサーバーになる
omamori tunnel add 名前            端末を加え、設定を一度だけ表示する
omamori tunnel list                端末の一覧と状態
omamori tunnel remove 名前         端末を外す
omamori tunnel up ファイル         Linux で端末になる

  omamori tunnel serve --endpoint vpn.example.net
  omamori tunnel add phone`},
	{"cli.short_tunnel_serve", "be the server", "サーバーになる"},
	{"cli.help_tunnel_serve", `omamori tunnel serve   be the server until Ctrl-C; the first time, set it up

Started as root, it gives root's rights up for those of the user omamori-tunnel. Without
--tun it needs no rights at all. For every boot: systemctl enable --now omamori-tunnel

  omamori tunnel serve --endpoint vpn.example.net
  omamori tunnel serve --local 22`, `omamori tunnel serve   Ctrl-C までトンネルのサーバーになる（初回は設定も作る）

root で始めても、権限を捨ててユーザー omamori-tunnel で動きます。--tun がなければ権限は
まったく要りません。起動のたびに動かすには: systemctl enable --now omamori-tunnel

  omamori tunnel serve --endpoint vpn.example.net
  omamori tunnel serve --local 22`},
	{"cli.short_tunnel_add", "let a device in", "端末を加える"},
	{"cli.help_tunnel_add", `omamori tunnel add NAME   let a device in, and show its configuration, this once

On a terminal it is a QR code for WireGuard's own app. The device's private key is made
here, shown, and not kept; with --key the device makes its own and gives the public key.

  omamori tunnel add phone
  omamori tunnel add laptop --out laptop.conf
  omamori tunnel add guest --for 7d`, `omamori tunnel add 名前   端末を加え、設定を一度だけ表示する

端末では、WireGuard のアプリで読める QR コードになります。秘密鍵はここで作って表示し、
保存しません。端末で鍵を作るなら、--key でその公開鍵を渡してください。

  omamori tunnel add phone
  omamori tunnel add laptop --out laptop.conf
  omamori tunnel add guest --for 7d`},
	{"cli.short_tunnel_list", "the devices, and how they stand", "端末の一覧と状態"},
	{"cli.help_tunnel_list", `omamori tunnel list   the devices, and how they stand

  omamori tunnel list`, `omamori tunnel list   端末の一覧と状態

  omamori tunnel list`},
	{"cli.short_tunnel_remove", "shut a device out", "端末を外す"},
	{"cli.help_tunnel_remove", `omamori tunnel remove NAME   shut a device out, at once

  omamori tunnel remove phone`, `omamori tunnel remove 名前   端末をただちに締め出す

  omamori tunnel remove phone`},
	{"cli.short_tunnel_up", "be a device", "端末になる"},
	{"cli.help_tunnel_up", `omamori tunnel up FILE   be a device until Ctrl-C, by a standard configuration

As root it makes a network device, and all goes as the file says; the DNS is left as it
is. What carries the packets is a process of the user omamori-tunnel, without root. With --socks it needs no rights: programs go through it by a SOCKS proxy. It is tested
on Linux alone; elsewhere use WireGuard's own app.

  omamori tunnel up laptop.conf
  omamori tunnel up laptop.conf --socks 127.0.0.1:1080`, `omamori tunnel up ファイル   標準の設定ファイルで、Ctrl-C まで端末になる

root ではネットワークデバイスを作り、ファイルのとおりに通信します（DNS は変えません）。
パケットを運ぶのは、root でないユーザー omamori-tunnel のプロセスです。
--socks を付けると権限は不要で、SOCKS プロキシ経由で使います。試験済みなのは Linux だけ
です。ほかでは WireGuard のアプリを使ってください。

  omamori tunnel up laptop.conf
  omamori tunnel up laptop.conf --socks 127.0.0.1:1080`},
	{"cli.flag_tunnel_dir", "the tunnel's folder", "トンネルのフォルダー"},
	{"cli.flag_tunnel_endpoint", "where devices find this machine: its name or address, with a port if it is not 51820", "端末から見たこのマシンの名前かアドレス（51820 以外ならポートも）"},
	{"cli.flag_tunnel_dns", "DNS servers for the devices", "端末が使う DNS サーバー"},
	{"cli.flag_tunnel_local", "TCP ports of this machine's 127.0.0.1 that devices reach at its address in the tunnel, such as 22", "トンネル内のアドレスで端末に開く、127.0.0.1 の TCP ポート（例: 22）"},
	{"cli.flag_tunnel_tun", "a network device that omamori-tunnel prepare has made, for more speed", "omamori-tunnel prepare で作ったデバイス（より速い）"},
	{"cli.flag_tunnel_out", "write the configuration to a new file", "設定を新しいファイルに書く"},
	{"cli.flag_tunnel_key", "the public key of a device that has made its own", "端末が自分で作った鍵の公開鍵"},
	{"cli.flag_tunnel_for", "for how long, such as 30d", "有効期間（例: 30d）"},
	{"cli.flag_tunnel_split", "only what is meant for the tunnel's own addresses goes through it", "トンネル内のアドレス宛てだけを通す"},
	{"cli.flag_tunnel_only", "the only servers that it may reach, as ADDRESS:PORT, for a friend who proves your site", "接続を許す相手（アドレス:ポート）。サイトの確認を頼む友人用"},
	{"cli.flag_tunnel_socks", "be a SOCKS proxy there, which needs no rights", "この場所で SOCKS プロキシになる（権限不要）"},
	{"cli.tunnel_none", "there is no tunnel here yet", "トンネルはまだありません"},
	{"cli.tunnel_none_hint", "First: omamori tunnel serve --endpoint HOST", "先に: omamori tunnel serve --endpoint ホスト"},
	{"cli.tunnel_endpoint", "say where devices find this machine", "端末から見たこのマシンの場所を指定してください"},
	{"cli.tunnel_endpoint_hint", "omamori tunnel serve --endpoint its name or fixed address", "omamori tunnel serve --endpoint 名前か固定アドレス"},
	{"cli.tunnel_made", "The tunnel is set up: {networks}, UDP port {port}, MTU {mtu}. Let devices in with: omamori tunnel add NAME", "トンネルを設定しました（{networks}、UDP ポート {port}、MTU {mtu}）。端末を加えるには: omamori tunnel add 名前"},
	{"cli.tunnel_bad_key", "that is no public key of WireGuard", "WireGuard の公開鍵ではありません"},
	{"cli.tunnel_bad_key_hint", "44 characters of base64: the device's app shows it", "base64 で 44 文字です。端末のアプリに表示されます"},
	{"cli.tunnel_bad_value", "“{value}” cannot be taken for --{flag}", "「{value}」は --{flag} に使えません"},
	{"cli.tunnel_bad_value_hint", "See: omamori tunnel {command} --help", "使い方: omamori tunnel {command} --help"},
	{"cli.tunnel_added", "{name} may use the tunnel as {addresses}.", "{name} がトンネルを使えるようになりました（{addresses}）。"},
	{"cli.tunnel_added_until", "{name} may use the tunnel as {addresses}, until {until:date}.", "{name} がトンネルを使えるようになりました（{addresses}、{until:date} まで）。"},
	{"cli.tunnel_once", "Scan this with WireGuard's app. The key in it is shown this once, and not kept here.", "WireGuard のアプリで読み取ってください。鍵の表示は今回だけで、ここには残りません。"},
	{"cli.tunnel_wrote", "written: {path} (it holds the private key)", "書き込みました: {path}（秘密鍵が入っています）"},
	{"cli.tunnel_asleep", "It is not running; it will know at its next start: omamori tunnel serve", "トンネルは動いていません。次に始めたとき有効になります: omamori tunnel serve"},
	{"cli.tunnel_removed", "{name} is shut out.", "{name} を締め出しました。"},
	{"cli.tunnel_removed_later", "{name} is removed, but the running tunnel did not take that in: {error}", "{name} を外しましたが、動作中のトンネルに反映できませんでした: {error}"},
	{"cli.tunnel_not_added", "{name} is not added, as the running tunnel did not take it in: {error}", "動作中のトンネルに反映できなかったため、{name} を加えませんでした: {error}"},
	{"cli.tunnel_add_stuck", "the running tunnel did not take {name} in, and it cannot be taken out of the file again: {error}", "{name} を動作中のトンネルに反映できず、ファイルから外すこともできませんでした: {error}"},
	{"cli.tunnel_add_stuck_hint", "Its key is lost, so take it out: omamori tunnel remove {name}", "鍵は失われたので外してください: omamori tunnel remove {name}"},
	{"cli.tunnel_later_hint", "Restart it: systemctl restart omamori-tunnel", "再起動してください: systemctl restart omamori-tunnel"},
	{"cli.tunnel_no_devices", "no device may use the tunnel yet: omamori tunnel add NAME", "端末はまだありません: omamori tunnel add 名前"},
	{"cli.tunnel_state_on", "connected ({age:duration} ago)", "接続中（{age:duration}前）"},
	{"cli.tunnel_state_off", "last connected {age:duration} ago", "最後の接続は {age:duration}前"},
	{"cli.tunnel_state_never", "not connected yet", "未接続"},
	{"cli.tunnel_state_over", "its time is over", "期限切れ"},
	{"cli.tunnel_state_unknown", "the tunnel is not running", "トンネルは停止中"},
	{"cli.tunnel_no_program", "the program that carries the packets is not there: {path}", "パケットを運ぶプログラムがありません: {path}"},
	{"cli.tunnel_no_program_hint", "Install it beside this one: make install", "このプログラムと同じ場所に入れてください: make install"},
}
