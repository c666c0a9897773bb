package words

var tcpTexts = []entry{
	{"tcp.where", "give an address, or a socket", "address か socket を指定してください"},
	{"tcp.both", "give address or socket, not both", "address と socket はどちらか一方だけにしてください"},
	{"tcp.not_absolute", "{value} is no absolute path", "{value} は絶対パスではありません"},
	{"tcp.bad_address", "{value} is not host:port", "{value} は「ホスト:ポート」の形ではありません"},
	{"tcp.bad_pattern", "{value} is no regular expression", "{value} は正規表現として読めません"},
	{"tcp.accepts", "{address} accepts connections", "{address} は接続を受け付けています"},
	{"tcp.greets", "{address} greets as expected", "{address} は期待どおりに応答しました"},
	{"tcp.wrong_greeting", "{address} does not greet with {want}", "{address} の応答が {want} に合いません"},
	{"tcp.wrong_greeting_hint", "Something else listens there, or the server is not well: nc {address}", "別のものが待ち受けているか、サーバーに異常があります: nc {address}"},
	{"tcp.silent", "{address} accepts connections but says nothing", "{address} は接続を受け付けますが、何も言いません"},
	{"tcp.silent_hint", "What listens there hangs or is stopped: ss -ltnp", "待ち受けている側が固まっているか、止められています: ss -ltnp"},
}
