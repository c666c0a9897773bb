package words

var phpfpmTexts = []entry{
	{"phpfpm.where", "give the pool's socket, or its address", "socket か address を指定してください"},
	{"phpfpm.both", "give socket or address, not both", "socket と address はどちらか一方だけにしてください"},
	{"phpfpm.bad_address", "{value} is not host:port", "{value} は「ホスト:ポート」の形ではありません"},
	{"phpfpm.not_absolute", "{value} is no absolute path", "{value} は絶対パスではありません"},
	{"phpfpm.no_path", "give ping_path or status_path, as the pool's own file has them (ping.path, pm.status_path)", "ping_path か status_path を、プールの設定（ping.path、pm.status_path）のとおりに指定してください"},
	{"phpfpm.bad_path", "{value} is no path such as /ping", "{value} は /ping のようなパスではありません"},
	{"phpfpm.holds", "PHP-FPM at {address} answers", "{address} の PHP-FPM が応答しています"},
	{"phpfpm.silent", "PHP-FPM at {address} takes connections but does not answer: its workers are all busy, or it hangs", "{address} の PHP-FPM は接続を受け付けますが応答しません（すべてのワーカーが使用中か、固まっています）"},
	{"phpfpm.stopped", "PHP-FPM at {address} does not answer: its process {pid} is stopped by a signal", "{address} の PHP-FPM が応答しません（プロセス {pid} がシグナルで一時停止しています）"},
	{"phpfpm.stopped_hint", "Let it go on: kill -CONT {pid} (ps axo pid,stat,args shows the others in state T)", "再開させるには: kill -CONT {pid}（ほかに止まっているもの（状態 T）は ps axo pid,stat,args で分かります）"},
	{"phpfpm.hung", "PHP-FPM at {address} has not answered for {after:duration}: no worker has become free", "{address} の PHP-FPM が{after:duration}応答していません（空いたワーカーがありません）"},
	{"phpfpm.pool_full", "PHP-FPM at {address} has no free worker: all that the pool may have are busy, and visitors wait", "{address} の PHP-FPM に空きワーカーがありません（上限まで使用中で、訪問者が待たされています）"},
	{"phpfpm.pool_full_hint", "See what the workers wait for (often the database, or another site). If they are only many visitors, raise pm.max_children as far as memory allows.", "ワーカーが何を待っているか（データベースやほかのサイトが多い）を確かめてください。訪問者が多いだけなら、メモリーの許す範囲で pm.max_children を増やします。"},
	{"phpfpm.no_hands", "the guard may not connect to {address}, and hands could not for it: {error}", "ガードには {address} に接続する権限がなく、hands も接続できませんでした: {error}"},
	{"phpfpm.no_hands_hint", "Name {address} under \"sockets\" in hands' own file, and see whether omamori-hands runs.", "hands の設定ファイルの「sockets」に {address} を書き、omamori-hands が動いているか確かめてください。"},
	{"phpfpm.silent_hint", "See what the workers wait for: ps axo pid,stat,wchan,etime,args | grep php-fpm", "ワーカーが何を待っているか確かめてください: ps axo pid,stat,wchan,etime,args | grep php-fpm"},
	{"phpfpm.odd", "PHP-FPM answers {path} with status {status}", "PHP-FPM が {path} にステータス {status} を返しました"},
	{"phpfpm.odd_hint", "Set ping.path (or pm.status_path) = {path} in the pool's file, then reload PHP-FPM.", "プールの設定に ping.path（または pm.status_path）= {path} と書き、PHP-FPM を再読み込みしてください。"},
	{"phpfpm.not_fastcgi", "what answers at {address} is not PHP-FPM", "{address} で応答しているのは PHP-FPM ではありません"},
	{"phpfpm.not_fastcgi_hint", "Compare socket or address with listen = in the pool's file.", "socket または address を、プールの設定の listen = と比べてください。"},
}
