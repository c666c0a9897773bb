package words

var journalTexts = []entry{
	{"journal.locked", "another guard works in {dir}: process {pid}", "{dir} では別のガードが動いています（プロセス {pid}）"},
	{"journal.locked_hint", "Stop that one first (kill {pid}), or give this one a folder of its own: --state DIR", "先にそちらを止めるか（kill {pid}）、別の場所を指定してください: --state フォルダ"},
	{"journal.absent", "there is no journal in {dir}", "{dir} に記録がありません"},
	{"journal.absent_hint", "A guard writes one: omamori run. Is its state elsewhere? --state DIR", "記録はガードが書きます: omamori run。場所が違う場合は --state フォルダ"},
	{"journal.put_aside",
		"the journal was damaged ({error}); it was put aside as {path}, and a new one begun",
		"記録が壊れていたため（{error}）、{path} に退避して新しく始めました"},
	{"journal.full", "the disk is full: the journal cannot be written", "ディスクがいっぱいで、記録を書けません"},
	{"journal.read_only", "the journal may not be written: {error}", "記録を書く権限がありません: {error}"},
	{"journal.failing", "the journal cannot be written: {error}", "記録を書けません: {error}"},
	{"journal.waiting", "{trouble:text}; {n} {n|record waits|records wait} in memory", "{trouble:text}（{n} 件がメモリで待っています）"},
	{"journal.lost", "{n} {n|record was|records were} lost here, as too many waited for the disk; see the system's log", "ディスクを待つ記録が多すぎたため、ここで {n} 件が失われました。システムのログを見てください"},

	{"journal.dropped", "records {first} to {last} are missing", "記録 {first}〜{last} が欠けています"},
	{"journal.altered", "record {seq} was altered", "記録 {seq} が書き換えられています"},
	{"journal.bad_checkpoint", "the checkpoint at {seq} is not signed by this journal's key", "{seq} の区切りの署名が、この記録の鍵のものではありません"},
	{"journal.other", "record {seq} is not the one whose head was kept: the journal was rewritten", "記録 {seq} が控えと違います。記録が書き直されています"},
	{"journal.cut", "the end was cut off: the head that was kept is record {seq}, but the last one is {last}", "末尾が切り取られています。控えは {seq} ですが、最後の記録は {last} です"},
	{"journal.pruned_past", "the head that was kept, {seq}, lies before the checkpoint at {checkpoint}: it was pruned since", "控え {seq} は区切り {checkpoint} より前です。その後に整理されています"},
}
