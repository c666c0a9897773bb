package words

// tuneTexts are of the command omamori site tune, in packages cli and site.
var tuneTexts = []entry{
	{"cli.short_site_tune", "make a blog fit its memory", "ブログをメモリーに収める"},
	{"cli.help_site_tune", `omamori site tune [DIR]: measure what MariaDB, PHP-FPM and everything else take, reckon what
they may take at their worst, and show the lines that make it fit. Asked for your consent,
it writes them, restarts what they are about and proves the site; if it does not hold as
before, or nobody is left to prove it, everything is put back by itself. Without DIR it is
about what /etc/omamori/hands.json names.

  sudo omamori site tune --dry-run    show, and change nothing
  sudo omamori site tune`, `omamori site tune [DIR]: MariaDB、PHP-FPM、その他が使うメモリーを測り、最大でどれだけ使いうるかを
計算し、収まるようにする設定の行を示します。同意すると書き込み、関係するサービスを再起動して
サイトを確かめます。以前のとおりに動かないとき、または確かめる者がいなくなったときは、
自動で元に戻ります。DIR がなければ /etc/omamori/hands.json のサービスが対象です。

  sudo omamori site tune --dry-run    表示だけで、何も変えない
  sudo omamori site tune`},
	{"tune.flag_dry", "show the plan, change nothing", "計画を表示するだけで、何も変えない"},
	{"tune.flag_yes", "do it without asking", "確認せずに実行する"},
	{"tune.measuring", "measuring memory", "メモリーを測っています"},
	{"tune.trying", "writing, restarting, and proving the site", "設定を書き、再起動し、サイトを確かめています"},
	{"tune.ask", "Write these files, restart, and prove the site? [y/N]", "これらのファイルを書き、再起動してサイトを確かめますか？ [y/N]"},
	{"tune.nothing_done", "nothing was changed", "何も変更していません"},
	{"tune.nothing_done_hint", "--yes does it without asking", "確認なしで実行するには --yes を付けます"},
	{"tune.undone", "everything was put back: {why}", "すべて元に戻しました: {why}"},
	{"tune.undone_hint", "omamori journal says what happened", "経過は omamori journal で確認できます"},
	{"tune.kept", "The site is proved with the new settings, and they stay.", "新しい設定でサイトの動作を確認し、確定しました。"},
	{"tune.take_back", "To take them back, delete the files and restart the services:", "元に戻すには、次のファイルを消してサービスを再起動します:"},
	{"tune.last_kill", "When memory ran out last", "最後にメモリーが尽きたとき"},
	{"tune.killed", "the kernel killed {name}, which held {held:bytes}", "カーネルが {name}（使用中 {held:bytes}）を終了させました"},
	{"tune.killed_limit", "the kernel killed {name}, which held {held:bytes}, by the limit of {group}", "{group} の上限のため、カーネルが {name}（使用中 {held:bytes}）を終了させました"},
	{"tune.worst", "At the worst", "最大使用量"},
	{"tune.now", "now", "現在"},
	{"tune.planned", "planned", "変更後"},
	{"tune.row_others", "everything else, as measured", "その他（実測）"},
	{"tune.row_reserve", "kept free", "空けておく分"},
	{"tune.row_buffers", "MariaDB's buffer pool and caches", "MariaDB バッファープールとキャッシュ"},
	{"tune.row_connections", "MariaDB, {was} → {is} connections of {each:bytes} → {then:bytes}", "MariaDB 接続 {was} → {is} 本（各 {each:bytes} → {then:bytes}）"},
	{"tune.row_children", "PHP “{pool}”, {was} → {is} children of {each:bytes}", "PHP「{pool}」 子プロセス {was} → {is} 個（各 {each:bytes}）"},
	{"tune.row_children_same", "PHP “{pool}”, {is} children of {each:bytes}", "PHP「{pool}」 子プロセス {is} 個（各 {each:bytes}）"},
	{"tune.row_children_guessed", "PHP “{pool}”, {was} → {is} children of {each:bytes} (a guess: none ran)", "PHP「{pool}」 子プロセス {was} → {is} 個（各 {each:bytes} と仮定。実測できず）"},
	{"tune.fits_now", "It fits as it is.", "いまのままで収まります。"},
	{"tune.fits", "With these lines it fits.", "次の設定で収まります。"},
	{"tune.fits_swapped", "With these lines it fits only together with the swap space, and is slow when it is needed. More memory would be better.", "次の設定でもスワップを使ってようやく収まり、そのときは遅くなります。メモリーを増やすほうが確実です。"},
	{"tune.lacks", "Nothing makes it fit: {lacks:bytes} of memory or swap are missing.", "どの設定でも収まりません。メモリーまたはスワップが {lacks:bytes} 足りません。"},
	{"tune.was", "was {was}", "現在 {was}"},
	{"tune.swap", "Swap", "スワップ"},
	{"tune.swap_why", "Swap space catches what nobody foresaw. {size:bytes} of it, by hand:", "スワップは予想外の増加を受け止めます。{size:bytes} を手動で追加するには:"},
	{"tune.next", "To do it: omamori site tune", "実行するには: omamori site tune"},
	{"site.tune_not_root", "what other users' programs take is seen by root alone", "他のユーザーのプログラムの使用量は root にしか見えません"},
	{"site.tune_not_root_hint", "sudo omamori site tune --dry-run", "sudo omamori site tune --dry-run"},
	{"site.tune_no_file", "there is no {path}, which says what may be tuned", "調整の対象を書いた {path} がありません"},
	{"site.tune_no_file_hint", "omamori init, or omamori site tune DIR for a site of omamori's own", "omamori init を実行するか、omamori のサイトなら omamori site tune DIR とします"},
	{"site.tune_no_tunes", "{path} names no file by which a service may be tuned", "{path} に、調整用のファイルが書かれていません"},
	{"site.tune_no_tunes_hint", "add to the service, for instance: \"tunes\": [{\"form\": \"mariadb\", \"file\": \"/etc/mysql/mariadb.conf.d/zz-omamori.cnf\"}]; see man omamori-hands",
		"サービスに書き加えてください。例: \"tunes\": [{\"form\": \"mariadb\", \"file\": \"/etc/mysql/mariadb.conf.d/zz-omamori.cnf\"}]（man omamori-hands を参照）"},
	{"site.tune_unread", "{program} does not say how it is configured: {error}", "{program} から設定を読み取れません: {error}"},
	{"site.tune_foreign", "{service} runs {program}, which others than root may change: root does not ask it for its settings",
		"{service} が実行している {program} は root 以外も変更できるため、root では設定を問い合わせません"},
	{"site.tune_no_pool", "{program} has no pool {pool} with a limit of children", "{program} に、子プロセス数の上限を持つプール {pool} がありません"},
}
