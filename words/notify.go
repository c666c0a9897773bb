package words

var notifyTexts = []entry{
	{"notify.no_name", "a channel needs a name", "通知先に名前（name）が必要です"},
	{"notify.twice", "two channels are called {name}", "{name} という通知先が二つあります"},
	{"notify.one_of", "give either url or webhook", "url か webhook のどちらか一方を指定してください"},
	{"notify.bad_url", "this is no shoutrrr URL (such as telegram://… or smtp://…), nor file:PATH", "shoutrrr の URL（telegram://… や smtp://… など）でも file:パス でもありません"},
	{"notify.bad_webhook", "this is no http or https URL, nor file:PATH", "http・https の URL でも file:パス でもありません"},
	{"notify.dropped", "({n} earlier {n|message was|messages were} lost: this channel did not answer)", "（この通知先に届かなかったため、以前の {n} 件は失われました）"},
	{"notify.test_title", "omamori: a test", "omamori: 通知のテスト"},
	{"notify.test_body", "This channel works ({at:time}). omamori will write here when something is wrong.", "この通知先は使えます（{at:time}）。異常があればここにお知らせします。"},
}
