package words

var tlsTexts = []entry{
	{"tls.bad_address", "“{value}” is not host:port", "「{value}」は「ホスト:ポート」の形ではありません"},
	{"tls.bad_days", "{value} days: give 0 to 3650", "{value} 日は指定できません（0〜3650）"},
	{"tls.bad_ca", "no certificates there: {value}", "証明書を読めません: {value}"},
	{"tls.holds", "{name}'s certificate is good until {until:date}", "{name} の証明書は {until:date} まで有効です"},
	{"tls.no_tls", "no TLS with {address}: {error}", "{address} と TLS で通信できません: {error}"},
	{"tls.no_tls_hint", "See whether TLS is spoken there: openssl s_client -connect {address}", "TLS が使われているか確かめてください: openssl s_client -connect {address}"},
	{"tls.cert_expired", "the certificate of {name} ended on {until:date}", "{name} の証明書は {until:date} に切れました"},
	{"tls.cert_expired_hint", "Renew it, then reload the server; with certbot: certbot renew && systemctl reload nginx", "更新してサーバーを再読み込みしてください。certbot なら: certbot renew && systemctl reload nginx"},
	{"tls.cert_not_yet", "the certificate of {name} begins only on {from:date}", "{name} の証明書は {from:date} からのものです"},
	{"tls.cert_not_yet_hint", "Look at the clock of this machine: timedatectl", "このマシンの時計を確かめてください: timedatectl"},
	{"tls.cert_name", "the certificate at {address} is for {names}, not for {name}", "{address} の証明書は {names} のもので、{name} のものではありません"},
	{"tls.cert_name_hint", "See ssl_certificate of the server block for {name}, or have the certificate made for that name too.", "{name} の server 設定の ssl_certificate を確かめるか、その名前でも証明書を取ってください。"},
	{"tls.cert_chain", "{address} does not send the certificate in between, of {issuer}: some visitors are turned away", "{address} が中間証明書（{issuer}）を送っていません。一部の訪問者が拒否されます"},
	{"tls.cert_chain_hint", "Give nginx the full chain: ssl_certificate …/fullchain.pem", "nginx に中間証明書入りのファイルを指定してください: ssl_certificate …/fullchain.pem"},
	{"tls.cert_untrusted", "nobody trusts who issued the certificate of {name}: {issuer}", "{name} の証明書の発行者 {issuer} は信頼されていません"},
	{"tls.cert_untrusted_hint", "Use a certificate of a public authority, or name yours: ca: /path/to/ca.pem", "公開の認証局の証明書にするか、自前の認証局を指定してください: ca: /path/to/ca.pem"},
	{"tls.cert_invalid", "the certificate of {name} is not valid: {error}", "{name} の証明書は無効です: {error}"},
	{"tls.cert_invalid_hint", "Look at it: openssl s_client -connect {address} -showcerts", "確かめるには: openssl s_client -connect {address} -showcerts"},
	{"tls.cert_ends", "a certificate of {name} ({subject}) ends on {until:date}, in {left:duration}", "{name} の証明書（{subject}）が {until:date} に切れます（あと {left:duration}）"},
	{"tls.cert_ends_hint", "Renew it before visitors are turned away; with certbot: certbot renew && systemctl reload nginx", "訪問者が拒否される前に更新してください。certbot なら: certbot renew && systemctl reload nginx"},
}
