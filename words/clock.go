package words

var clockTexts = []entry{
	{"clock.no_address", "which time server? Such as ntp.nict.jp:123", "時刻サーバーを指定してください（例: ntp.nict.jp:123）"},
	{"clock.bad_within", "a time between 0 and {most:duration}: beyond that no code is right", "0 から {most:duration}までの時間を書いてください。それ以上ずれるとコードが合いません"},
	{"clock.right", "the clock is right enough for codes: {apart:duration} off by {address}", "時計はコードに十分な精度です（{address} との差は{apart:duration}）"},
	{"clock.ahead", "the clock is {apart:duration} ahead, {steps} {steps|step|steps} of the usual code, by {address}", "時計が{apart:duration}進んでいます。通常のコードで {steps} ステップ分です（{address} との比較）"},
	{"clock.behind", "the clock is {apart:duration} behind, {steps} {steps|step|steps} of the usual code, by {address}", "時計が{apart:duration}遅れています。通常のコードで {steps} ステップ分です（{address} との比較）"},
	{"clock.hint", "Let the system keep it: sudo timedatectl set-ntp true (in a container: on its host)", "自動で合わせてください: sudo timedatectl set-ntp true（コンテナーではホスト側で）"},
	{"clock.unsure", "the answer of {address} took too long to tell whether the clock is within {within:duration}", "{address} の応答が遅く、時計のずれが {within:duration}以内か判断できません"},
	{"clock.other_server", "Is UDP port 123 open to outside? Or name another server, such as one near by", "外向きの UDP 123 番が通るか確かめるか、近くの別のサーバーを指定してください"},
	{"clock.fault_refuses", "{address} does not want to be asked", "{address} に問い合わせを断られました"},
	{"clock.fault_not_synchronised", "{address} does not know the time itself", "{address} 自身の時刻が合っていません"},
}
