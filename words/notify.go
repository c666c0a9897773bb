package words

var notifyTexts = []entry{
	{"notify.no_name", "a channel needs a name", "通知先に名前（name）が必要です"},
	{"notify.twice", "two channels are called {name}", "{name} という通知先が二つあります"},
	{"notify.one_of", "give either url or webhook", "url か webhook のどちらか一方を指定してください"},
	{"notify.bad_url", "this is no shoutrrr URL (such as telegram://… or smtp://…), nor file:PATH", "shoutrrr の URL（telegram://… や smtp://… など）でも file:パス でもありません"},
	{"notify.bad_webhook", "this is no http or https URL, nor file:PATH", "http・https の URL でも file:パス でもありません"},
	{"notify.no_answer", "no answer within {limit:duration}", "{limit:duration}以内に応答がありませんでした"},
	{"notify.unreadable_url", "the channel's URL cannot be read", "通知先の URL を読み取れません"},
	{"notify.refused", "the webhook answered {status}: {said}", "webhook の応答は {status} です: {said}"},
	{"notify.redirected", "the channel sends us elsewhere; the message was not passed on", "通知先が別の場所へ転送しようとしたため、送信を中止しました"},
	{"notify.hidden", "the channel refused the message; why is not shown, as the answer holds the secret URL", "通知先に断られました。応答に秘密の URL が含まれるため、理由は表示しません"},
	{"notify.bad_job", "the message cannot be read: {error}", "メッセージを読み取れません: {error}"},
	{"notify.send_help", "omamori-send delivers one message, which it reads as JSON from its standard input. The guard runs it.", "omamori-send は標準入力から JSON で受け取ったメッセージを一件送信します（omamori が実行します）。"},
	{"notify.dropped", "({n} earlier {n|message was|messages were} lost: this channel did not answer)", "（この通知先に届かなかったため、以前の {n} 件は失われました）"},
	{"notify.bad_line", "write LINE's channel as line://TOKEN@USER", "LINE は line://トークン@ユーザーID のように書いてください"},
	{"notify.line_quota", "the last messages of LINE's month are kept for what is urgent", "LINE の今月の残り通数が少ないため、緊急の通知用に残しています"},
	{"notify.line_full", "LINE takes no more messages this month, or just now", "LINE の送信上限に達しました"},
	{"notify.test_title", "omamori: a test", "omamori: 通知のテスト"},
	{"notify.test_body", "This channel works ({at:time}). omamori will write here when something is wrong.", "この通知先は使えます（{at:time}）。異常があればここにお知らせします。"},
}
