package words

var noticeTexts = []entry{
	{"notice.unreadable_empty", "there is no mail", "メールがありません"},
	{"notice.unreadable_header", "the mail's header is longer than any honest one", "メールのヘッダーが異常に長いため、読むのをやめました"},
	{"notice.unreadable_form", "this is no mail: it names neither a sender nor a subject", "メールとして読めません（差出人も件名もありません）"},
	{"notice.unreadable_hint", "Save the whole mail with its header (“show original”), and try: omamori due add < mail.eml", "ヘッダーを含む元のメール（「メッセージのソースを表示」など）を保存して、もう一度どうぞ: omamori due add < mail.eml"},

	{"notice.bad_says", "say in at most {most} bytes what was announced", "何が予告されたかを {most} バイト以内で書いてください（says）"},
	{"notice.open", "{from} wrote: {says}", "{from} からの予告: {says}"},
	{"notice.open_day", "{from} wrote: {says} (by {day})", "{from} からの予告: {says}（{day} まで）"},
	{"notice.open_hint", "Do what it asks for, or say until when it can wait: omamori due ack {link} --until DAY --because WHY", "対応するか、いつまで待てるかを記録してください: omamori due ack {link} --until 日付 --because 理由"},
	{"notice.unsure_hint", "Say what it is about and by when: omamori due answer {link} --about THING --on DAY (or --nothing)", "何についていつまでかを教えてください: omamori due answer {link} --about もの --on 日付（予告でなければ --nothing）"},
	{"notice.acked", "{says}: known until {until} ({because})", "{says}: {until} まで確認済み（{because}）"},
	{"notice.end", "“{says}”, announced by {from}, comes", "{from} が予告した「{says}」の期日になる"},
}
