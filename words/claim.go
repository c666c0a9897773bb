package words

var claimTexts = []entry{
	{"claim.no_question", "a claim needs a question that a person can answer with yes or no", "人が「はい」「いいえ」で答えられる質問（question）を書いてください"},
	{"claim.long_question", "the question is longer than {most} bytes", "質問が {most} バイトを超えています"},
	{"claim.bad_day", "{value} is not a day; write it as 2027-03-31", "{value} は日付ではありません。2027-03-31 のように書いてください"},

	{"claim.unknown_attr", "no thing has the attribute {attr} (nearest: {nearest})", "{attr} という属性を持つものはありません（近いもの: {nearest}）"},

	{"claim.ask", "{question}", "{question}"},
	{"claim.person", "only a person can prove this", "人にしか確認できません"},
	{"claim.person_hint", "Answer the question: omamori due drill {link}", "質問に答えてください: omamori due drill {link}"},
	{"claim.ends", "the last day of {link} is over", "{link} の期限が来ます"},
	{"claim.expired", "its last day was {until}", "期限の {until} を過ぎました"},
	{"claim.expired_hint",
		"Renew it, write the new day as until into omamori.yaml (omamori reload), then answer: omamori due drill {link}",
		"更新してから omamori.yaml の until を新しい日付にし（omamori reload）、質問に答えてください: omamori due drill {link}"},
	{"claim.changed", "it holds only with {attr} = {values}, and that is {value}", "{attr} が {values} のときだけ成り立ちますが、{value} になっています"},
	{"claim.changed_hint",
		"Set it up anew for {attr}, correct only: in omamori.yaml (omamori reload), then answer: omamori due drill {link}",
		"{attr} に合わせて設定し直し、omamori.yaml の only: を直してから（omamori reload）、質問に答えてください: omamori due drill {link}"},
}
