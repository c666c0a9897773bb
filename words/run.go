package words

var runTexts = []entry{
	{"run.guarding", "guarding {links} {links|link|links} by {path}; Ctrl-C ends it", "{path} に従って {links} 件のつながりを見守っています（Ctrl-C で終了）"},
	{"run.hands_no_root", "Start omamori as root: sudo omamori run", "omamori を root で起動してください: sudo omamori run"},
	{"run.hands_no_file", "The configuration has no section hands, and {path}, which says what may be restarted, does not exist. To have it drafted: sudo omamori init -c /etc/omamori/draft.yaml", "設定に hands がなく、再起動してよいサービスを示す {path} もありません。下書きを作成するには: sudo omamori init -c /etc/omamori/draft.yaml"},
	{"run.hands_gone", "omamori-hands cannot be reached, so nothing can be mended: {error:text}", "omamori-hands に接続できないため修復できません: {error:text}"},
	{"run.config_bad", "{path}:{line}: {first:text} ({n} {n|mistake|mistakes} in all)", "{path}:{line}: {first:text}（誤りは全部で {n} か所）"},
	{"run.config_bad_hint", "omamori config check -c {path}", "omamori config check -c {path}"},
	{"run.no_user", "there is no user {user} to become", "切り替え先のユーザー {user} がありません"},
	{"run.no_user_hint", "useradd --system --no-create-home --shell /usr/sbin/nologin {user}   (or omamori run --user NAME)", "useradd --system --no-create-home --shell /usr/sbin/nologin {user}   （または omamori run --user 名前）"},
	{"run.gallery", "the page with made-up data: {url} (its states: {url}scene)", "見本データの画面: {url}（状態の一覧: {url}scene）"},
	{"cli.flag_gallery", "serve the page with made-up data, for working on it", "見本データで画面を表示（画面の開発用）"},
}
