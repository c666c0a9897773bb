package words

var eolTexts = []entry{
	{"eol.bad_wordpress", "“{value}” is not an absolute path", "「{value}」は絶対パスではありません"},
	{"eol.bad_table", "“{value}” is not an absolute path", "「{value}」は絶対パスではありません"},
	{"eol.bad_have", "“{value}”: write a product and its release, such as php: 8.4", "「{value}」: 製品とバージョンを php: 8.4 のように書いてください"},
	{"eol.bad_until", "“{value}”: write a product with its release, and its last day, such as debian-11: 2031-06-30", "「{value}」: 製品・バージョンと最終日を debian-11: 2031-06-30 のように書いてください"},
	{"eol.bad_only", "“{value}” is not a product, such as os, php or mariadb", "「{value}」は製品名ではありません（例: os、php、mariadb）"},
	{"eol.holds", "these still get security fixes, by the table of {updated:date}: {names}", "どれもセキュリティ修正が提供されています（{updated:date} の表による）: {names}"},
	{"eol.over", "{name} has had no security fixes since {until:date}", "{name} のセキュリティ修正は {until:date} で終わりました"},
	{"eol.ends", "security fixes for {name} end", "{name} のセキュリティ修正が終わります"},
	{"eol.hint", "Move to a newer release (the newest known: {newest}); where this is said: {source}", "新しいバージョンに移ってください（表で最新: {newest}）。出典: {source}"},
	{"eol.hint_own", "Move to a newer release, or correct {of} under until: in omamori.yaml, then: omamori reload", "新しいバージョンに移るか、omamori.yaml の until: の {of} を直して omamori reload を実行してください"},
	{"eol.unknown", "until when these get fixes is not in the table of {updated:date}: {names}", "{updated:date} の表に期限が載っていません: {names}"},
	{"eol.unknown_hint", "Fetch a newer table: omamori due refresh; or name what is to be looked at as only: in omamori.yaml", "新しい表を取り込んでください: omamori due refresh。または omamori.yaml の only: で対象を絞ってください"},
	{"eol.nothing", "nothing of what is to be looked at is installed here", "対象の製品はこのマシンにありません"},
	{"eol.unread", "what is installed here could not be found out: {error}", "インストールされているものを調べられません: {error}"},
	{"eol.unread_hint", "Write down what you have, such as have: with php: 8.4 below it, in omamori.yaml, then: omamori reload", "omamori.yaml に have: の下に php: 8.4 のように書き、omamori reload を実行してください"},
	{"eol.bad_line", "line {number} is no line of a table: {line}", "{number} 行目は表の行ではありません: {line}"},
	{"eol.bad_line_hint", "Each line has a product, a release, its last day and where that is said: php 8.4 2028-12-31 https://www.php.net/supported-versions.php", "各行には製品、バージョン、最終日、出典を書きます: php 8.4 2028-12-31 https://www.php.net/supported-versions.php"},
	{"eol.not_refreshed", "no newer table from {from}: {error}; the old one is kept", "{from} から新しい表を取り込めません（{error}）。これまでの表を使います"},
	{"eol.not_refreshed_hint", "Try again later, or elsewhere: omamori due refresh --from https://…", "後でもう一度試すか、別の場所を指定してください: omamori due refresh --from https://…"},
}
