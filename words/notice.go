package words

var noticeTexts = []entry{
	{"notice.unreadable_empty", "there is no mail", "メールがありません"},
	{"notice.unreadable_header", "the mail's header is longer than any honest one", "メールのヘッダーが異常に長いため、読むのをやめました"},
	{"notice.unreadable_form", "this is no mail: it names neither a sender nor a subject", "メールとして読めません（差出人も件名もありません）"},
	{"notice.unreadable_hint", "Save the whole mail with its header (“show original”), and try: omamori due add < mail.eml", "ヘッダーを含む元のメール（「メッセージのソースを表示」など）を保存して、もう一度どうぞ: omamori due add < mail.eml"},
}
