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
	{"phpfpm.silent_hint", "See what the workers wait for: ps axo pid,stat,wchan,etime,args | grep php-fpm", "ワーカーが何を待っているか確かめてください: ps axo pid,stat,wchan,etime,args | grep php-fpm"},
	{"phpfpm.odd", "PHP-FPM answers {path} with status {status}", "PHP-FPM が {path} にステータス {status} を返しました"},
	{"phpfpm.odd_hint", "Set ping.path (or pm.status_path) = {path} in the pool's file, then reload PHP-FPM.", "プールの設定に ping.path（または pm.status_path）= {path} と書き、PHP-FPM を再読み込みしてください。"},
	{"phpfpm.not_fastcgi", "what answers at {address} is not PHP-FPM", "{address} で応答しているのは PHP-FPM ではありません"},
	{"phpfpm.not_fastcgi_hint", "Compare socket or address with listen = in the pool's file.", "socket または address を、プールの設定の listen = と比べてください。"},
}
