package words

var cadenceTexts = []entry{
	{"cadence.bad_url", "“{value}” is not the address of a feed, such as https://blog.example.jp/feed/", "「{value}」はフィードのアドレスではありません（例: https://blog.example.jp/feed/）"},
	{"cadence.bad_wp_config", "“{value}”: give either url: or the absolute path of a wp-config.php", "「{value}」: url: か、wp-config.php の絶対パスのどちらか一方を書いてください"},
	{"cadence.bad_days", "{value} days: give 1 to 3650", "{value} 日は指定できません（1〜3650）"},
	{"cadence.holds", "the newest post is of {at:date}, which is not older than {days} days", "最新の記事は {at:date} で、{days} 日以内です"},
	{"cadence.silent", "the newest post is of {at:date}: nothing for {days} days", "最新の記事は {at:date} で、{days} 日以上更新がありません"},
	{"cadence.none", "there is no post at all", "記事が 1 つもありません"},
	{"cadence.ends", "the blog has been silent for {days} days", "ブログの更新が {days} 日間途絶えます"},
	{"cadence.hint", "Write something, or give yourself longer: days: in omamori.yaml, then: omamori reload", "何か書いてください。もっと間を空けてよければ omamori.yaml の days: を増やし、omamori reload を実行してください"},
	{"cadence.unread", "when the newest post was written could not be found out: {error}", "最新の記事の日付が分かりません: {error}"},
	{"cadence.unread_hint", "Correct url: in omamori.yaml (an address that leads on elsewhere is not followed), then: omamori reload", "omamori.yaml の url: を直し（転送先はたどりません）、omamori reload を実行してください"},
	{"cadence.database_hint", "If the database is down, this is looked at again once it is back. If it is not, correct wp_config: or socket: in omamori.yaml, then: omamori reload", "データベースが止まっているときは、戻りしだい確かめ直します。動いているときは omamori.yaml の wp_config: か socket: を直し、omamori reload を実行してください"},
}
