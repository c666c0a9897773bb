package words

var channelTexts = []entry{
	{"channel.no_name", "which channel of notify?", "notify のどの通知先かを書いてください（channel）"},
	{"channel.bad_time", "{value} is no moment; write it as 2027-03-31T08:00:00Z", "{value} は日時ではありません。2027-03-31T08:00:00Z のように書いてください"},
	{"channel.confirmed", "somebody read a message there on {confirmed:date}", "{confirmed:date} に、届いたことが確認されています"},
	{"channel.waiting", "nobody has given a code back from there yet", "まだ確認コードの返事がありません"},
	{"channel.never", "a code was sent to {channel} on {asked:date}, and nobody has given it back", "{asked:date} に {channel} へ確認コードを送りましたが、返事がありません"},
	{"channel.late", "nobody has given back a code from {channel} since {confirmed:date}", "{confirmed:date} を最後に、{channel} から確認コードの返事がありません"},
	{"channel.hint", "Look for the message with the code at {channel}; answer it, press its button, or type: omamori due ack CODE. If none has come: omamori notify test", "{channel} に届いたメッセージに返信するか、ページのボタンを押すか、コードを入力してください: omamori due ack コード。届いていなければ: omamori notify test"},
}

var presenceTexts = []entry{
	{"presence.bad_within", "within must be an hour at least", "within は1時間以上にしてください"},
	{"presence.unknown", "nobody has given a sign of life yet", "まだ持ち主の操作がありません"},
	{"presence.seen", "a person was here {age:duration} ago", "{age:duration}前に持ち主の操作がありました"},
	{"presence.silent", "nobody has signed in, drilled or acknowledged anything for {age:duration}", "{age:duration}の間、サインインも訓練も確認もありません"},
	{"presence.hint", "Give a sign of life: omamori due here", "お元気なら、こう入力してください: omamori due here"},
}
