package words

var kitlinkTexts = []entry{
	{"kitlink.bad_record", "the record of a kit needs a whole path, such as /home/me/.local/share/omamori/vault/kit.json", "キットの記録（record）は /home/me/.local/share/omamori/vault/kit.json のような絶対パスで書いてください"},
	{"kitlink.bad_kit", "a kit's name is the two words at the top of its pages", "キットの名前（kit）は、ページの上にある 2 語です"},
	{"kitlink.bad_share", "a share is a number from 1 to {most}", "何枚目か（share）は 1 から {most} の数です"},

	{"kitlink.ask", "Kit {kit}, share {share}: on the line S{share}-2, which are the words {words}?", "キット {kit} の {share} 枚目: S{share}-2 の行の {words} 語目は何ですか。"},
	{"kitlink.ask_later", "Kit {kit}: is share {share} there? (Its words can be asked for once the record can be read.)", "キット {kit} の {share} 枚目はありますか（記録が読めるようになると、語を尋ねます）。"},
	{"kitlink.person", "nobody has read words of the paper lately", "最近、紙の語が確認されていません"},
	{"kitlink.person_hint", "Fetch the paper, or have its keeper read it to you: omamori due drill {link}", "紙を手元に用意するか、預けた人に読み上げてもらってください: omamori due drill {link}"},
	{"kitlink.unread", "the record of the kit, {path}, cannot be read: {error:text}", "キットの記録 {path} を読めません: {error:text}"},
	{"kitlink.unread_hint", "It is made by omamori vault kit, and lies beside the vault. Correct record:, or make a new kit.", "omamori vault kit が金庫の隣に作るものです。record: を直すか、キットを作り直してください。"},
	{"kitlink.replaced", "the kit {kit} was replaced by {newer} on {day:date}", "キット {kit} は {day:date} に {newer} に置き換えられました"},
	{"kitlink.replaced_hint", "Hand the new shares out, have the old ones burnt, write kit: {newer} into omamori.yaml (omamori reload), then: omamori due drill {link}", "新しい紙を配って古い紙を燃やしてもらい、omamori.yaml の kit: を {newer} にして（omamori reload）、確かめてください: omamori due drill {link}"},
	{"kitlink.no_share", "the kit has {of} shares, no share {share}", "キットは {of} 枚で、{share} 枚目はありません"},
	{"kitlink.no_share_hint", "Correct share: in omamori.yaml; it can be 1 to {of}.", "omamori.yaml の share: を 1 から {of} の間に直してください。"},
	{"kitlink.stale", "the kit {kit} of {day:date} does not bring back {n} {n|account|accounts} of the vault", "キット {kit}（{day:date}）では、金庫の {n} 件が戻りません"},
	{"kitlink.stale_hint", "Print a new one and hand it out: omamori vault kit --shares {need} --of {of}", "新しく作って配ってください: omamori vault kit --shares {need} --of {of}"},
	{"kitlink.other_words", "these are not the words on share {share} of the kit {kit}", "キット {kit} の {share} 枚目の語と違います"},
	{"kitlink.other_words_hint", "Read the words once more: omamori due drill {link}. If they are as you typed them, the paper is of another kit or share: look at its top.", "もう一度読んでください: omamori due drill {link}。紙のとおりなら、別のキットか別の紙です。ページの上を確かめてください。"},
	{"kitlink.held", "words of share {share} of the kit {kit} were read from the paper", "キット {kit} の {share} 枚目の語が、紙のとおりでした"},
}
