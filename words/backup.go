package words

var backupTexts = []entry{
	{"backup.bad_files", "“{value}” is not the absolute path of dumps, such as /var/backups/blog/*.sql.gz", "「{value}」はダンプの絶対パスではありません（例: /var/backups/blog/*.sql.gz）"},
	{"backup.bad_age", "{value}: how old may the newest become? For example 2d", "{value}: 最新のものが何日前まで許されるか書いてください（例: 2d）"},
	{"backup.bad_drill", "{value}: how long does a drill count? For example 90d", "{value}: 復元の訓練が何日有効か書いてください（例: 90d）"},
	{"backup.bad_table", "“{value}” is not the name of a table", "「{value}」はテーブル名ではありません"},
	{"backup.bad_restored", "“{value}” is not an absolute path", "「{value}」は絶対パスではありません"},
	{"backup.holds", "{file} of {at:time} is whole; one was put back on {restored:date}", "{file}（{at:time}）は完全です。{restored:date} に復元できることを確かめました"},
	{"backup.none", "there is no dump at all: {files}", "ダンプが 1 つもありません: {files}"},
	{"backup.none_hint", "Make one each day, with: mariadb-dump --single-transaction; or correct files: of {link} in omamori.yaml, then: omamori reload", "mariadb-dump --single-transaction で毎日作るか、omamori.yaml の {link} の files: を直して omamori reload を実行してください"},
	{"backup.too_old", "the newest dump, {file}, is of {at:time}: older than {age:duration}", "最新のダンプ {file} は {at:time} のもので、{age:duration}を過ぎています"},
	{"backup.too_old_hint", "See why no newer one was made: systemctl list-timers; crontab -l", "新しいものが作られない理由を調べてください: systemctl list-timers; crontab -l"},
	{"backup.shrunk", "the newest dump, {file}, has {size:bytes}, where the one before has {before:bytes}", "最新のダンプ {file} は {size:bytes} しかありません（前回は {before:bytes}）"},
	{"backup.shrunk_hint", "Keep the older ones, and see what is missing in it: omamori due restore {link}", "古いものを消さず、何が欠けたか調べてください: omamori due restore {link}"},
	{"backup.not_whole", "{file} is not whole: its last line is not that of a complete dump", "{file} は途中で切れています（完了を示す最終行がありません）"},
	{"backup.not_whole_hint", "See whether the disk was full or the dump was interrupted: df -h. A dump of another sort: whole: false for {link} in omamori.yaml, then: omamori reload", "ディスクの空きと、中断がなかったかを調べてください: df -h。別の形式のダンプなら omamori.yaml の {link} に whole: false と書き、omamori reload を実行してください"},
	{"backup.unreadable", "{file} cannot be unpacked: {error}", "{file} を展開できません: {error}"},
	{"backup.unreadable_hint", "Make a new one, and keep the older ones; then see: omamori due restore {link}", "古いものを残したまま作り直し、確かめてください: omamori due restore {link}"},
	{"backup.denied", "the guard may not read {files}", "ガードは {files} を読めません"},
	{"backup.denied_hint", "Let it, for example: setfacl -R -m u:omamori:rX -m d:u:omamori:rX {dir}", "読めるようにしてください。例: setfacl -R -m u:omamori:rX -m d:u:omamori:rX {dir}"},
	{"backup.unread", "{files} could not be read: {error}", "{files} を読めません: {error}"},
	{"backup.never", "it was never tried whether a dump can be put back", "ダンプから復元できるか、まだ一度も確かめられていません"},
	{"backup.no_note", "{file} is no note of a drill", "{file} は復元の記録として読めません"},
	{"backup.long_ago", "that a dump can be put back was last seen on {at:date}", "復元できることを最後に確かめたのは {at:date} です"},
	{"backup.drill_ends", "the last drill of putting {link} back counts no more", "{link} の復元の訓練が期限切れになります"},
	{"backup.drill_hint", "Try it, into a throw-away database: omamori due restore {link}", "使い捨てのデータベースで試してください: omamori due restore {link}"},
	{"backup.drilled", "{file} of {at:time} was put back: {tables} tables, {rows} rows of what matters, in {took:duration}", "{file}（{at:time}）を復元できました: テーブル {tables} 個、記事など {rows} 件、所要時間 {took:duration}"},
	{"backup.failed_load", "{file} could not be put back on {at:date}: {said}", "{file} は {at:date} に復元できませんでした: {said}"},
	{"backup.failed_empty", "{file} was put back on {at:date}, but what matters is not in it (tables: {said})", "{file} は {at:date} に復元しましたが、肝心のデータがありません（テーブル {said} 個）"},
	{"backup.failed_too_large", "{file} took more of the disk than it may, on {at:date} ({said})", "{file} の復元は {at:date} にディスクの上限を超えました（{said}）"},
	{"backup.failed_too_long", "{file} took longer than {said}, on {at:date}", "{file} の復元は {at:date} に {said} 以内に終わりませんでした"},
	{"backup.failed_unpack", "{file} could not be unpacked to its end on {at:date}: {said}", "{file} は {at:date} に最後まで展開できませんでした: {said}"},
	{"backup.not_restorable_hint", "Make a new dump, keep the older ones, and try again: omamori due restore {link}", "古いダンプを残したまま作り直し、もう一度試してください: omamori due restore {link}"},

	{"cli.short_restore", "try whether a backup can be put back", "バックアップから復元できるか試す"},
	{"cli.help_restore", `omamori due restore [LINK]

Puts the newest dump of a link of the kind backup into a throw-away MariaDB, reads the
posts, and notes what came of it, which the link tells from then on. Your own database is
not touched. The dump can do nothing else: it runs as nobody, without network, and after
everybody else on this machine. With --wanted it does so once half of the time is over for
which a drill counts; the package has a timer for that, which tries it each day:

  sudo omamori due restore
  sudo systemctl enable --now omamori-restore.timer`, `omamori due restore [つながり]

種類 backup のつながりの最新のダンプを、使い捨ての MariaDB に復元して記事を読み、結果を記録します。
以後、つながりはその結果を示します。本番のデータベースには触れません。ダンプの中身は、ネットワーク
なしの nobody として、ほかの処理より低い優先度で実行されます。--wanted を付けると、訓練の有効期間の
半分が過ぎたときだけ行います。パッケージには、これを毎日試すタイマーがあります。

  sudo omamori due restore
  sudo systemctl enable --now omamori-restore.timer`},
	{"cli.flag_restore_wanted", "do nothing unless it is time", "必要な時期でなければ何もしない"},
	{"cli.restore_none", "no backup wants to be tried now", "いま試す必要のあるバックアップはありません"},
	{"cli.flag_restore_tmp", "the folder in which it is done", "作業用のフォルダー"},
	{"cli.flag_restore_user", "as whom, if started as root", "root で始めたときに使うユーザー"},
	{"cli.flag_restore_most", "how many GiB of disk it may take", "使ってよいディスク容量（GiB）"},
	{"cli.flag_restore_longest", "how long it may take", "かけてよい時間"},
	{"cli.restoring", "putting {file} of {at:time} back, into a throw-away database…", "{file}（{at:time}）を使い捨てのデータベースに復元しています…"},
	{"cli.no_dump", "there is no dump to put back", "復元するダンプがありません"},
	{"cli.no_dump_hint", "See files: of the link: omamori config check", "つながりの files: を確かめてください: omamori config check"},
	{"cli.which_backup", "{n} links of the kind backup could be meant", "種類 backup のつながりを 1 つに決められません（{n} 件）"},
	{"cli.which_backup_hint", "Name one of those in omamori.yaml: omamori due restore LINK", "omamori.yaml にある名前で指定してください: omamori due restore つながり"},
}
