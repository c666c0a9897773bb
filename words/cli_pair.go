package words

// cliPairTexts are those of package cli about guards that are paired.
var cliPairTexts = []entry{
	{"cli.flag_pair_name", "what the other guard is to be called here (else what it calls itself)", "相手のガードのこちらでの呼び名（省略時は相手が名乗る名前）"},
	{"cli.flag_pair_sudo", "answer there by sudo: its guard runs as another user", "相手側で sudo を使う（ガードが別のユーザーで動いている場合）"},
	{"cli.flag_pair_there", "how omamori is called there", "相手側での omamori の呼び出し方"},
	{"cli.flag_pair_ssh_config", "a configuration file for ssh, instead of your own", "ssh の設定ファイル（省略時はご自身のもの）"},
	{"cli.pair_asking", "asking the guard at {host} by SSH; compare the keys that it shows with those shown here", "{host} のガードに SSH で問い合わせます。相手側とこちらに表示される鍵を見比べてください"},
	{"cli.pair_mine", "this guard, {name}", "このガード（{name}）"},
	{"cli.pair_theirs", "the other, {name}", "相手（{name}）"},
	{"cli.pair_there", "Is the other guard to be known here, by this key? (yes/no)", "この鍵の相手を、こちら側で登録しますか？（はい/いいえ）"},
	{"cli.pair_here", "Are these the same two keys as were shown there? (yes/no)", "相手側に表示された二つの鍵と同じですか？（はい/いいえ）"},
	{"cli.pair_declined", "not confirmed: neither guard knows the other", "確認されなかったため、ペアにしませんでした"},
	{"cli.pair_declined_hint", "run omamori pair again when both keys are right", "両方の鍵が正しいことを確かめて、もう一度 omamori pair を実行してください"},
	{"cli.pair_no_answer", "the guard at {host} did not agree: see above for why", "{host} のガードの承認が得られませんでした（理由は上をご覧ください）"},
	{"cli.pair_no_answer_hint", "does omamori run there? If its guard is another user's: omamori pair --sudo {host}", "相手側で omamori は動いていますか？ 別のユーザーのガードなら: omamori pair --sudo {host}"},
	{"cli.pair_done", "paired: {name} and this guard know each other", "{name} とペアになりました"},
	{"cli.pair_by_itself", "The guard cannot call {host} by itself yet ({trouble}). Let its key in there by adding this line to ~/.ssh/authorized_keys at {host}:", "ガードだけではまだ {host} に接続できません（{trouble}）。{host} の ~/.ssh/authorized_keys に次の行を加えてください:"},
	{"cli.flag_pair_as", "buddy: the other guard is another owner's, at whose machine you have no login", "buddy: 相手は別の人のサーバーで、ログインできない場合"},
	{"cli.pair_bad_as", "“{value}” cannot be taken for --as, or not with --sudo", "--as に「{value}」は使えません（--sudo とも併用できません）"},
	{"cli.pair_bad_as_hint", "The one that there is: omamori pair --as buddy HOST", "使えるのは一つです: omamori pair --as buddy ホスト"},
	{"cli.pair_buddy_key", "Send the owner of {host} two lines, by whatever way you two talk. The first goes into ~/.ssh/authorized_keys of the account there; with it nothing can be done but hand in letters:", "次の二行を {host} の持ち主に、ふだんの連絡手段で送ってください。一行目はそのアカウントの ~/.ssh/authorized_keys に加える行で、便りを渡すことしかできません:"},
	{"cli.pair_buddy_offer", "The second is to be run there, by whom the guard is:", "二行目は、相手側でガードの持ち主が実行します:"},
	{"cli.pair_buddy_paste", "What it prints at last comes back to you. Paste it here (omamori-answer-1.…), within ten minutes:", "その最後に表示される行を送り返してもらい、10分以内にここへ貼り付けてください（omamori-answer-1.…）:"},
	{"cli.pair_buddy_same", "Ask the other owner, by voice: are these the same two keys as were shown there? (yes/no)", "相手と声で確かめてください。相手側に表示された二つの鍵と同じですか？（はい/いいえ）"},
	{"cli.pair_buddy_none", "that is no answer of a guard", "ガードの答えではありません"},
	{"cli.pair_buddy_none_hint", "Begin anew: omamori pair --as buddy {host}", "もう一度: omamori pair --as buddy {host}"},
	{"cli.pair_buddy_trouble", "{name} is known here, but cannot be called yet ({trouble}). Without a letter the pairing is forgotten after ten minutes", "{name} を登録しましたが、まだ接続できません（{trouble}）。便りがないと10分で取り消されます"},
	{"cli.pair_buddy_next", "What each is to prove for the other stands in both configurations, word for word: your site with from: {name}, the other's with from: {own}. To serve the other's tunnel: omamori tunnel add {name} --only ADDRESS:PORT", "お互いに確かめるつながりは、両方の設定に同じ文で書きます。ご自身のサイトには from: {name}、相手のサイトには from: {own} を付けてください。相手にトンネルを使わせるには: omamori tunnel add {name} --only アドレス:ポート"},
	{"cli.pair_then_call", "Then: omamori pair call {name}", "そのあと: omamori pair call {name}"},
	{"cli.pair_none", "no guard is paired with this one: omamori pair HOST", "ペアのガードはありません: omamori pair ホスト"},
	{"cli.pair_heard", "heard {at:time}", "最後の便り {at:time}"},
	{"cli.pair_unheard", "not heard yet", "まだ便りなし"},
	{"cli.pair_proves", "proves for us: {links}", "担当するつながり: {links}"},
	{"cli.pair_waiting", "{n} {n|change|changes} of verdict wait for it", "未送信の変化 {n} 件"},
	{"cli.pair_forgotten", "{name} is forgotten here (there: omamori pair forget)", "{name} とのペアを解除しました（相手側でも omamori pair forget を実行してください）"},

	{"cli.short_pair", "this guard and another one know each other", "ほかのガードとペアになる"},
	{"cli.help_pair", `omamori pair HOST: make this guard and the one at HOST known to each other, over SSH.
Both keys are shown on both sides; you confirm there, then here. From then on each
signs what it proves, and this guard calls HOST every minute to exchange that. A link
with "from: NAME" in omamori.yaml is proved by the guard of that name alone.

  omamori pair me@server.example
  omamori pair --sudo server      its guard runs as another user than you
  omamori pair --as buddy friend.example   another owner's server
  omamori pair list
  omamori pair call NAME          exchange now
  omamori pair forget NAME

What is signed, and what it protects from: doc/pair.md`, `omamori pair ホスト: このガードとホストのガードを、SSH でお互いに登録します。両方の鍵が両側に
表示されるので、相手側、こちら側の順に確認してください。以後、それぞれが確認した結果に署名し、
このガードが毎分ホストに接続して交換します。omamori.yaml で from: 名前 としたつながりは、
その名前のガードだけが確認します。

  omamori pair me@server.example
  omamori pair --sudo server      相手のガードが別のユーザーで動く場合
  omamori pair --as buddy friend.example   別の人のサーバー
  omamori pair list
  omamori pair call 名前          今すぐ交換
  omamori pair forget 名前

署名の内容と、守れること・守れないこと: doc/pair.md`},
	{"cli.short_pair_answer", "agree to be paired (omamori pair runs this over SSH)", "ペアの申し込みに答える（omamori pair が SSH で実行します）"},
	{"cli.help_pair_answer", `omamori pair answer OFFER: shows who asks to be paired, and asks whether that is right.
omamori pair runs this on the other side.`, `omamori pair answer 申し込み: 申し込んだガードを表示し、登録してよいか尋ねます。
omamori pair が相手側で実行します。`},
	{"cli.short_pair_list", "who is paired, when each was heard", "ペアの一覧と最後の便り"},
	{"cli.help_pair_list", `omamori pair list: the guards that are paired with this one, their keys, when each was
last heard, what each proves for us, and what is wrong.

  omamori pair list`, `omamori pair list: ペアのガードの鍵、最後に便りが届いた日時、担当するつながり、問題を
表示します。

  omamori pair list`},
	{"cli.short_pair_call", "exchange with a paired guard now", "ペアのガードと今すぐ交換"},
	{"cli.help_pair_call", `omamori pair call NAME: have this guard call the one of that name now, rather than at its
next minute, and say how things stand with it. Exits 1 if something is wrong.

  omamori pair call server`, `omamori pair call 名前: 次の一分を待たずに、その名前のガードと今すぐ交換し、結果を表示します。
問題があれば 1 で終了します。

  omamori pair call server`},
	{"cli.short_pair_forget", "end a pairing", "ペアを解除"},
	{"cli.help_pair_forget", `omamori pair forget NAME: nothing that it signs counts here any more. Do it at once for
a machine that was stolen.

  omamori pair forget laptop`, `omamori pair forget 名前: 以後、その署名は一切使われません。盗まれたマシンはすぐに解除して
ください。

  omamori pair forget laptop`},
	{"cli.short_exchange", "carry one letter between guards (SSH runs this)", "ガードの便りを一通運ぶ（SSH が実行します）"},
	{"cli.help_exchange", `omamori exchange: takes one signed letter from standard input to the guard here, and its
answer to standard output. It can do nothing else, so that it is fit for a forced
command in authorized_keys:

  restrict,command="omamori exchange" ssh-ed25519 AAAA… omamori-laptop`, `omamori exchange: 署名された便りを一通、標準入力からこのガードに渡し、返事を標準出力に
書きます。ほかには何もできないので、authorized_keys の強制コマンドに使えます。

  restrict,command="omamori exchange" ssh-ed25519 AAAA… omamori-laptop`},
}
