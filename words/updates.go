package words

var updatesTexts = []entry{
	{"updates.bad_wp_config", "“{value}” is not an absolute path", "「{value}」は絶対パスではありません"},
	{"updates.nothing", "nothing is to be looked at: leave apt: or reboot: on, or give wp_config:", "見るものがありません。apt: か reboot: を有効にするか、wp_config: を書いてください"},
	{"updates.holds", "no update waits", "待っている更新はありません"},
	{"updates.holds_waiting", "{n} {n|update waits|updates wait}, none longer than {grace:duration}", "更新 {n} 件が待っていますが、{grace:duration}以上のものはありません"},
	{"updates.wait", "{n} {n|update has|updates have} waited for longer than {grace:duration}", "更新 {n} 件が {grace:duration}以上待っています"},
	{"updates.apt_hint", "Install them: apt-get update && apt-get upgrade --with-new-pkgs; by itself from then on: apt-get install unattended-upgrades", "更新してください: apt-get update && apt-get upgrade --with-new-pkgs。今後自動にするには: apt-get install unattended-upgrades"},
	{"updates.wp_hint", "Update WordPress, its plug-ins and themes: wp-admin/update-core.php of your site", "WordPress とプラグイン、テーマを更新してください: サイトの wp-admin/update-core.php"},
	{"updates.lists_old", "the lists of packages are more than a week old: whether updates wait is not known", "パッケージ一覧が 1 週間以上古く、更新の有無が分かりません"},
	{"updates.lists_old_hint", "Fetch them: apt-get update; each day from then on: apt-get install unattended-upgrades", "取得してください: apt-get update。今後毎日行うには: apt-get install unattended-upgrades"},
	{"updates.apt_failed", "apt could not be asked: {error}", "apt に尋ねられません: {error}"},
	{"updates.apt_failed_hint", "See what it says: apt-get -s upgrade", "確かめるには: apt-get -s upgrade"},
	{"updates.not_looked", "WordPress has not looked for updates for more than a week", "WordPress が 1 週間以上更新を確認していません"},
	{"updates.not_looked_hint", "Its cron does not run, or it reaches nobody; look at wp-admin/update-core.php of your site", "WordPress の cron が動いていないか、外部に接続できません。サイトの wp-admin/update-core.php を確かめてください"},
	{"updates.wp_failed", "WordPress's own list of updates could not be read: {error}", "WordPress の更新情報を読めません: {error}"},
	{"updates.wp_failed_hint", "If the database is down, this is looked at again once it is back. If it is not, correct wp_config: or socket: in omamori.yaml, then: omamori reload", "データベースが止まっているときは、戻りしだい確かめ直します。動いているときは omamori.yaml の wp_config: か socket: を直し、omamori reload を実行してください"},
	{"updates.reboot", "a reboot has been wanted since {since:date} ({why})", "{since:date} から再起動が必要な状態です（{why}）"},
	{"updates.reboot_hint", "Reboot at a quiet hour: systemctl reboot", "すいている時間に再起動してください: systemctl reboot"},
}
