package words

var controlTexts = []entry{
	{"control.taken", "another guard already runs here: process {pid} answers on {path}", "すでに別のガードが動いています（プロセス {pid}、{path}）"},
	{"control.taken_hint", "omamori status asks that one; kill {pid} ends it; another --state DIR keeps two apart", "omamori status はそのガードに問い合わせます。終了させるには kill {pid}、並べて動かすには別の --state DIR を指定してください"},
}
