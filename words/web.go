package words

// webTexts are what the page says.
var webTexts = []entry{
	{"web.home", "How things stand", "現在の状況"},
	{"web.failure", "That did not work", "うまくいきませんでした"},
	{"web.failed", "something went wrong: {error}", "問題が起きました: {error}"},
	{"web.not_found", "There is nothing here of that name.", "その名前のものはここにありません。"},
	{"web.forbidden", "You may not look at this.", "この画面を見る権限がありません。"},
	{"web.forbidden_hint", "Sign in by a link that this command makes on the server: omamori page", "サーバーで次のコマンドを実行し、表示されたリンクから入ってください: omamori page"},
	{"web.stopped", "The guard has stopped. It is started with: omamori run", "ガードが停止しています。起動するには: omamori run"},
}
