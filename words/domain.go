package words

var domainTexts = []entry{
	{"domain.bad_name", "“{value}” is not a domain as it is registered, such as example.jp", "「{value}」は登録ドメイン名ではありません（例: example.jp）"},
	{"domain.bad_expires", "{value} is not a day; write it as 2027-03-31", "{value} は日付ではありません。2027-03-31 のように書いてください"},
	{"domain.bad_rdap", "“{value}” is not the address of an RDAP server, such as https://rdap.example/", "「{value}」は RDAP サーバーのアドレスではありません（例: https://rdap.example/）"},
	{"domain.bad_whois", "“{value}” is not host:port", "「{value}」は「ホスト:ポート」の形ではありません"},
	{"domain.bad_pays", "this is too long: {value}", "長すぎます: {value}"},
	{"domain.holds", "{name} is registered until {until:date} ({by})", "{name} は {until:date} まで登録されています（{by}）"},
	{"domain.holds_given", "{name} is paid for until {until:date}, as you wrote", "{name} は、設定の記載では {until:date} まで有効です"},
	{"domain.ends", "the registration of {name} ends", "ドメイン {name} の登録が切れます"},
	{"domain.expired", "the registration of {name} ended on {until:date}", "ドメイン {name} の登録は {until:date} に切れました"},
	{"domain.not_registered", "{by} knows no domain {name}", "{by} によると、{name} は登録されていません"},
	{"domain.hint", "Renew {name} at its registrar; then correct expires:, if you wrote it, and omamori reload", "レジストラで {name} を更新してください。expires: を書いた場合は直して omamori reload"},
	{"domain.hint_pays", "Renew {name} at its registrar ({pays}); then correct expires:, if you wrote it, and omamori reload", "レジストラで {name} を更新してください（支払い: {pays}）。expires: を書いた場合は直して omamori reload"},
	{"domain.moved", "the registry has just moved the end of {name} on to {until:date} by itself, whether that is paid for or not", "{name} の期限はレジストリが自動で {until:date} に延ばしたばかりで、更新料が払われたかは分かりません"},
	{"domain.moved_hint", "See at the registrar until when {name} is paid for, write that as expires: into omamori.yaml, then: omamori reload", "レジストラの画面で {name} の期限を確かめ、omamori.yaml に expires: として書き、omamori reload を実行してください"},
	{"domain.no_date", "{by} does not say until when {name} is registered", "{by} は {name} の期限を示していません"},
	{"domain.no_date_hint", "Write the day that the registrar shows as expires: into omamori.yaml, then: omamori reload", "レジストラが示す期限を omamori.yaml に expires: として書き、omamori reload を実行してください"},
	{"domain.unasked", "until when {name} is registered could not be found out: {error}", "{name} の期限を調べられません: {error}"},
	{"domain.unasked_hint", "Write the day that the registrar shows as expires: into omamori.yaml, then: omamori reload", "レジストラが示す期限を omamori.yaml に expires: として書き、omamori reload を実行してください"},
}
