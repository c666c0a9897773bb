package words

var guardTexts = []entry{
	{"guard.started", "omamori {version} guards {links} {links|link|links}", "omamori {version} が {links} 件のつながりの見守りを始めました"},
	{"guard.stopped", "the guard has stopped", "ガードが停止しました"},
	{"guard.prover_panic", "the check itself failed: {what}", "確認そのものが失敗しました: {what}"},
	{"guard.report_bug", "this is a mistake in omamori: please report it with the evidence", "omamori の不具合です。根拠を添えてご報告ください"},

	{"guard.holds", "{link} holds: {because:text}", "{link} は正常です: {because:text}"},
	{"guard.broken", "{link} is broken: {because:text}", "{link} が切れました: {because:text}"},
	{"guard.unproven", "{link} is unproven: {because:text}", "{link} は未確認です: {because:text}"},
	{"guard.too_old", "the last proof is too old ({because:text})", "最後の確認が古くなりました（{because:text}）"},

	{"guard.incident_opened", "an incident began: {link} is broken", "障害が発生しました: {link} が切れています"},
	{"guard.incident_moved", "the incident is now about {link}, which is to blame", "障害の原因は {link} にあります"},
	{"guard.incident_merged", "this is part of incident {into}", "障害 {into} の一部でした"},
	{"guard.incident_ended", "the incident on {link} is over after {took:duration}", "{link} の障害は {took:duration}で終わりました"},

	{"guard.plan", "cause: {cause} ({why:text}); to do: {deed:text}", "原因: {cause}（{why:text}）。処置: {deed:text}"},
	{"guard.plan_none", "cause: {cause} ({why:text}); nothing is done by itself. {next:text}", "原因: {cause}（{why:text}）。自動の処置はしません。{next:text}"},
	{"guard.deed_start", "start {service}", "{service} を起動"},
	{"guard.deed_restart", "restart {service}", "{service} を再起動"},
	{"guard.deed_stop", "stop {service}", "{service} を停止"},
	{"guard.deed_kill", "kill the hung {service}", "応答しない {service} を強制終了"},
	{"guard.deed_then", "{first:text}, then {then:text}", "{first:text}、続いて{then:text}"},
	{"guard.deed_done", "done: {deed:text} ({took:duration})", "実施: {deed:text}（{took:duration}）"},
	{"guard.deed_failed", "failed: {deed:text}: {error}", "失敗: {deed:text}: {error}"},
	{"guard.blind", "omamori-hands does not answer, so the evidence cannot be read, and without it nothing is done by itself; to do by hand: {deed:text}", "omamori-hands が応答せず証拠を読めないため、自動では何もしません。手動でする場合: {deed:text}"},
	{"guard.no_hands", "omamori runs without hands, so it could not: {deed:text}. Please do it yourself. {why:text}", "omamori-hands がないため実施できません: {deed:text}。手動で行ってください。{why:text}"},
	{"guard.mend_off", "mending is switched off for {link}, so this was not done: {deed:text}", "{link} の自動修復は無効のため、実施していません: {deed:text}"},
	{"guard.gave_up", "{tries} tries did not put {link} back. omamori waits until the evidence changes; please look at it yourself: omamori status, omamori journal --link {link}", "{tries} 回試しましたが {link} は直りませんでした。状況が変わるまで待ちます。ご自身で確認してください: omamori status、omamori journal --link {link}"},

	{"guard.told", "told: {event:text}, {link}", "通知: {event:text}（{link}）"},
	{"guard.event_begin", "an incident has begun", "障害の発生"},
	{"guard.event_cause", "the cause is known", "原因の判明"},
	{"guard.event_end", "the incident is over", "障害の終了"},
	{"guard.event_gave_up", "a person is needed", "手動対応のお願い"},
	{"guard.title_begin", "{link}: broken", "{link}: 障害が発生しました"},
	{"guard.letter_cause", "Cause: {cause}. {why:text}", "原因: {cause}。{why:text}"},
	{"guard.title_cause", "{link}: the cause is known", "{link}: 原因が分かりました"},
	{"guard.title_end", "{link}: all is well again", "{link}: 復旧しました"},
	{"guard.title_gave_up", "{link}: please help, omamori cannot mend it", "{link}: 自動では直せません。対応をお願いします"},
	{"guard.letter_began", "Began: {began:time}", "発生: {began:time}"},
	{"guard.letter_over", "Began: {began:time}, over after {took:duration}", "発生: {began:time}、{took:duration}で復旧"},
	{"guard.letter_without", "{goal}: out of reach for {took:duration}", "{goal}: {took:duration}のあいだ使えませんでした"},
	{"guard.letter_still_without", "{goal}: out of reach for {took:duration} so far", "{goal}: {took:duration}前から使えません"},
	{"guard.letter_next", "What to do: {next:text}", "次にすること: {next:text}"},

	{"guard.person_yes", "{who} says that it is so", "{who} さんが確認しました"},
	{"guard.person_no", "{who} says that it is not so", "{who} さんが「いいえ」と答えました"},
	{"guard.person_no_hint", "put it right, then answer again: omamori due drill {link}", "直してから、もう一度答えてください: omamori due drill {link}"},

	{"guard.elsewhere", "{link} is proved from {vantage} alone", "{link} は {vantage} だけが確認します"},
	{"guard.elsewhere_hint", "on {vantage}: omamori due drill {link}", "{vantage} で: omamori due drill {link}"},

	{"guard.thing_lost", "{who} says that this is lost: {thing:text}", "{who} さんが {thing:text} を失ったと報告しました"},
	{"guard.thing_had", "{who} says that this is there: {thing:text}", "{who} さんが {thing:text} は手元にあると報告しました"},

	{"guard.config_loaded", "the configuration {path} is in force", "設定 {path} を読み込みました"},
	{"guard.config_refused", "the new configuration was refused, the old one stays in force: {error:text}", "新しい設定は使えないため、前の設定のまま動いています: {error:text}"},
	{"guard.trouble_no_hands", "running without hands: everything is proved, nothing can be mended. {why:text}", "omamori-hands がありません。確認だけを行い、修復はできません。{why:text}"},
}
