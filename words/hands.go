package words

var handsTexts = []entry{
	// Tuning.
	{"hands.bad_form", "“{form}” is no form of a file: mariadb, php-fpm or unit", "「{form}」という形式はありません（mariadb、php-fpm、unit）"},
	{"hands.bad_ending", "{path} does not end in {ending}: nobody would read it", "{path} の末尾が {ending} ではないため、読み込まれません"},
	{"hands.unit_without_systemd", "{service} is not run by systemd, and has no unit", "{service} は systemd が動かしていないため、ユニットがありません"},
	{"hands.bad_pool", "“{pool}” is not a pool: php-fpm has one, the others have none", "「{pool}」はプールではありません（php-fpm だけに書きます）"},
	{"hands.bad_setting", "{name} is not a setting that a file of the form {form} may have", "{form} のファイルに {name} は設定できません"},
	{"hands.bad_value", "{name} may not be “{value}”", "{name} を「{value}」にはできません"},
	{"hands.disagree", "{name} ({value}) may not be larger than {other} ({than})", "{name}（{value}）を {other}（{than}）より大きくはできません"},
	{"hands.tune_stopped", "{service} does not run: whether it starts with these settings cannot be told", "{service} が停止しているため、この設定で起動するか確かめられません"},
	{"hands.no_values", "there is nothing to be written to {path}", "{path} に書くものがありません"},
	{"hands.unknown_tune", "{path} is not a file by which {service} may be tuned", "{path} は {service} の調整に使えるファイルではありません"},
	{"hands.bad_within", "a tuning may wait from {min} to {max} to be kept", "調整の確定を待てる時間は {min} から {max} です"},
	{"hands.tuning_pending", "another tuning is under way", "別の調整を行っています"},
	{"hands.tuning_left", "{path} says what an earlier tuning is to be undone to, and could not be read: look at the services' files, then delete it",
		"{path} には以前の調整を元に戻すための控えがありますが、読み取れません。各サービスの設定を確かめてから削除してください"},
	{"hands.no_tuning", "there is no tuning to be kept or undone; it may have been undone already", "確定または取り消しを待つ調整はありません（すでに元に戻された可能性があります）"},

	// Mistakes in hands' file.
	{"hands.too_big",
		"the file is larger than {max:bytes}",
		"ファイルが {max:bytes} を超えています"},
	{"hands.bad_json",
		"this is not JSON: {error}",
		"JSON として読めません: {error}"},
	{"hands.more_after_end",
		"something follows after the end of the object",
		"オブジェクトの終わりの後に余分な内容があります"},
	{"hands.null",
		"null is not allowed here; leave the field out",
		"null は使えません。項目ごと省いてください"},
	{"hands.field_twice",
		"{field} stands twice",
		"{field} が二度書かれています"},
	{"hands.unknown_field",
		"there is no field {field} here; there are: {known}",
		"{field} という項目はありません。使えるのは次のとおりです: {known}"},
	{"hands.unknown_field_near",
		"there is no field {field} here; did you mean {nearest}?",
		"{field} という項目はありません。{nearest} のことですか"},
	{"hands.wrong_type",
		"a {is} stands where {want} is wanted",
		"{want} が必要なところに {is} が書かれています"},
	{"hands.too_many",
		"more than {max} entries",
		"項目が {max} 個を超えています"},
	{"hands.bad_name",
		"“{name}” is no name for a service: 1 to 32 of a-z, 0-9 and -",
		"「{name}」はサービス名に使えません（a-z、0-9、- で1〜32文字）"},
	{"hands.name_twice",
		"the name {name} is used twice",
		"{name} という名前が二度使われています"},
	{"hands.one_manager",
		"the service {service} needs exactly one of systemd, sysv and child",
		"サービス {service} には systemd、sysv、child のどれか一つだけを書いてください"},
	{"hands.bad_path",
		"“{path}” is not an absolute path in its shortest form",
		"「{path}」は簡潔な形の絶対パスではありません"},
	{"hands.bad_unit",
		"“{unit}” is not the name of a systemd service (mariadb.service)",
		"「{unit}」は systemd サービスの名前ではありません（例: mariadb.service）"},
	{"hands.bad_script",
		"“{script}” is not the name of a script in /etc/init.d",
		"「{script}」は /etc/init.d のスクリプト名ではありません"},
	{"hands.no_pid_file",
		"the service {service} needs a pid_file, or its process cannot be found",
		"サービス {service} には pid_file が必要です（ないとプロセスを特定できません）"},
	{"hands.no_argv",
		"argv is missing: the command, its first word an absolute path",
		"argv がありません。絶対パスで始まるコマンドを書いてください"},
	{"hands.bad_word",
		"this word is too long, or has a byte in it that no argument may have",
		"長すぎるか、引数に使えないバイトが含まれています"},
	{"hands.bad_env",
		"“{entry}…” is not NAME=value",
		"「{entry}…」が NAME=value の形になっていません"},
	{"hands.bad_user",
		"“{user}” is not the name of a user",
		"「{user}」はユーザー名ではありません"},
	{"hands.bad_signal",
		"stop_signal is {signal}; it may be TERM, QUIT or INT",
		"stop_signal が {signal} になっています。TERM、QUIT、INT のどれかにしてください"},
	{"hands.bad_time",
		"stop_timeout is {time}; it may be at most {max:duration}, written like 20s",
		"stop_timeout が {time} になっています。20s のような形で、{max:duration}以内にしてください"},
	{"hands.bad_deeds",
		"deeds is {deeds}; it is a number from 1 to {max}",
		"deeds が {deeds} になっています。1〜{max} の数にしてください"},
	{"hands.file_refused",
		"omamori-hands refuses {path}",
		"omamori-hands が {path} を受け付けません"},
	{"hands.file_problem",
		"omamori-hands refuses {path}: {problem:text}",
		"omamori-hands が {path} を受け付けません: {problem:text}"},
	{"hands.file_problem_at",
		"omamori-hands refuses {path}, line {line}, {at}: {problem:text}",
		"omamori-hands が {path} を受け付けません（{line} 行目 {at}）: {problem:text}"},
	{"hands.file_hint",
		"omamori-hands --check --file {path} lists every mistake",
		"omamori-hands --check --file {path} ですべての誤りを確認できます"},
	{"hands.not_regular",
		"{path} is not a regular file",
		"{path} は通常のファイルではありません"},
	{"hands.not_owned",
		"{path} belongs to user {uid}, not to root: whoever writes it commands hands (chown root {path})",
		"{path} の所有者が root ではなくユーザー {uid} です。これを書ける人は omamori-hands を操れてしまいます（chown root {path}）"},
	{"hands.writable",
		"others than root may write {path} (chmod go-w {path})",
		"root 以外も {path} に書き込めます（chmod go-w {path}）"},

	// What hands refuses.
	{"hands.unknown_service",
		"hands' file names no service {service}",
		"omamori-hands のファイルにサービス {service} がありません"},
	{"hands.unknown_file",
		"hands' file does not list {path} under files",
		"omamori-hands のファイルの files に {path} がありません"},
	{"hands.unknown_socket",
		"hands' file does not list {path} under sockets",
		"omamori-hands のファイルの sockets に {path} がありません"},
	{"hands.unknown_verb",
		"hands does not know how to {verb} a service",
		"omamori-hands は {verb} という処置を知りません"},
	{"hands.unknown_request",
		"hands does not know this request",
		"omamori-hands はこの要求を知りません"},
	{"hands.busy",
		"another deed for {service} is under way",
		"{service} への別の処置が進行中です"},
	{"hands.too_often",
		"too many deeds for {service}; the next may be asked in {wait:duration}",
		"{service} への処置が多すぎます。{wait:duration}後にもう一度どうぞ"},
	{"hands.closing",
		"hands is about to end, and does nothing more",
		"omamori-hands は終了するところで、もう処置を行いません"},
	{"hands.stranger",
		"user {uid} may not ask hands; its file names who may, under guard",
		"ユーザー {uid} は omamori-hands に依頼できません。依頼できるユーザーはファイルの guard に書かれています"},
	{"hands.root_only",
		"only root may ask this of hands",
		"omamori-hands にこれを依頼できるのは root だけです"},
	{"hands.version",
		"hands speaks version {ours} of its protocol, the guard {theirs}: install both from one release",
		"omamori-hands のプロトコルは {ours}、ガード側は {theirs} です。同じ版の二つを入れてください"},
	{"hands.crowded",
		"hands serves {max} connections already",
		"omamori-hands への接続がすでに {max} 本あります"},

	// The program itself.
	{"hands.help",
		`usage: omamori-hands [options]

omamori-hands starts, restarts, stops and kills the services that its own file
names, and reads the evidence of why one ended. It does so only when the guard asks.

  --file FILE      what it may touch (/etc/omamori/hands.json); root alone may write it
  --listen SOCKET  where the guard asks (/run/omamori-hands/hands.sock); a socket from
                   systemd comes first
  --fd N           serve the connection N that it was started with, and end with it
  --door           be the door's half instead: let owners through the firewall, as
                   FILE (/etc/omamori/door.json) allows, asked at /run/omamori-door/door.sock
  --load           with --door: put the rules that were confirmed in place, and end
  --check          say what is wrong with FILE, and end
  --version        say the version, and end

When it ends, the services go on, and the next omamori-hands takes them over.`,
		`使い方: omamori-hands [オプション]

omamori-hands は、専用のファイルに書かれたサービスだけを起動・再起動・停止・強制終了し、
終了した理由の根拠を読み取ります。ガードに依頼されたときにだけ動きます。

  --file FILE      触れてよいもの（/etc/omamori/hands.json）。書けるのは root だけにします
  --listen SOCKET  ガードの依頼を受けるソケット（/run/omamori-hands/hands.sock）。
                   systemd から渡されたソケットがあれば、そちらを使います
  --fd N           渡された接続 N だけに応え、それが切れたら終了します
  --door           扉を受け持ちます。FILE（/etc/omamori/door.json）の範囲で持ち主を
                   ファイアウォールに通します。依頼は /run/omamori-door/door.sock で受けます
  --load           --door と併せて使い、確定済みのルールを適用して終了します
  --check          FILE の誤りを表示して終了します
  --version        版を表示して終了します

終了してもサービスは動き続け、次の omamori-hands が引き継ぎます。`},
}
