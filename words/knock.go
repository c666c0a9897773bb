package words

var knockTexts = []entry{
	{"knock.help",
		`omamori-knock hears knocks on a UDP port, and has those let in who may come.

Usage: omamori-knock [-key FILE] [-signers FILE] [-door SOCKET] [-listen ADDRESS]

  -key FILE        the door's key, made by: omamori door install
                   (/etc/omamori/door.key)
  -signers FILE    who may knock, in the format of ssh-keygen's allowed_signers
                   (/etc/omamori/allowed_signers)
  -door SOCKET     where the door's half of omamori-hands listens
                   (/run/omamori/door.sock)
  -listen ADDRESS  where to listen (:4649)
  -version         say which version this is

It needs no privileges. Packets of strangers get no answer, and no line in the log of
their own: sums are told every ten minutes.`,
		`omamori-knock は UDP ポートでノックを待ち、許された人だけを通してもらいます。

使い方: omamori-knock [-key FILE] [-signers FILE] [-door SOCKET] [-listen ADDRESS]

  -key FILE        ドアの鍵（omamori door install で作ります）
                   (/etc/omamori/door.key)
  -signers FILE    ノックできる人（ssh-keygen の allowed_signers 形式）
                   (/etc/omamori/allowed_signers)
  -door SOCKET     omamori-hands のドア側が待ち受ける場所
                   (/run/omamori/door.sock)
  -listen ADDRESS  待ち受けるアドレス (:4649)
  -version         バージョンを表示します

特権は要りません。知らない相手のパケットには応答せず、1 つずつ記録することもしません。
合計だけを 10 分ごとに記録します。`},
}
