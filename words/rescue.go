package words

var rescueTexts = []entry{
	{"cli.short_rescue", "walk back to a goal, step by step", "目標までの復旧を一歩ずつ進める"},
	{"cli.help_rescue", `omamori rescue [GOAL] [--dry-run] [--yes]

Walks you back to a goal from where things stand now; without GOAL, to every goal that
does not hold. Before each step it says what and why. Steps of omamori are done once you
say yes (or all of them with --yes), by the same rules as ever: nothing is restarted that
is well, nor for a wrong password or a full disk. Steps of yours are shown exactly, and
proved when you say that they are done. At the end the goal is proved from the visitor's
side.

A step of yours may have run: in your omamori.yaml (doc/ways.md). Then omamori does it once
you say yes: one yes covers those of the plan that is shown. It does nothing that does not
stand in that file.

Stop it anywhere, with s or Ctrl-C. The same command goes on from there.

  omamori rescue blog --dry-run     the plan, and nothing is done
  omamori rescue blog
  omamori rescue blog --retry       take back what you said is not possible
  omamori rescue console            codes are lost (omamori lost phone): what
                                    may still let you in, even if not configured

Exits 1 if there is no way back, or if a person is needed where nobody is asked.`, `omamori rescue [目標] [--dry-run] [--yes]

今の状態から目標まで、一歩ずつ復旧を進めます。目標を省略すると、満たされていない目標を
順に扱います。各手順の前に、何をなぜ行うかを示します。omamori が行う手順は「はい」と答えて
から（--yes なら確認なしで）いつもの決まりどおりに行います。正常なサービスは再起動せず、
パスワードの誤りやディスクの満杯を再起動で片づけることもしません。あなたの手順は具体的に
示し、済んだらその場で確認します。最後に、訪問者の側から目標を確認します。

あなたの手順でも、omamori.yaml に run: があれば（doc/ways.ja.md）、「はい」と答えると
omamori が代わりに行います。一度の「はい」は、示した手順のすべてに及びます。このファイルに
ないことは行いません。

s または Ctrl-C でいつでも中断できます。同じコマンドで続きから再開します。

  omamori rescue blog --dry-run     手順を見るだけで、何もしない
  omamori rescue blog
  omamori rescue blog --retry       「できない」と答えた手順を候補に戻す
  omamori rescue console            コードを失くしたとき（omamori lost phone）。
                                    設定がなくても、残る入り方を案内する

戻る方法がないとき、また人の手が必要なのに端末がないときは 1 で終了します。`},
	{"rescue.flag_dry", "show the plan, do nothing", "手順を表示するだけで、何もしない"},
	{"rescue.flag_yes", "do the steps of omamori without asking", "omamori の手順を確認なしで行う"},
	{"rescue.flag_retry", "consider again what you said is not possible", "「できない」とした手順を候補に戻す"},

	{"rescue.proving", "proving anew …", "確認し直しています…"},
	{"rescue.all_hold", "all goals hold: there is nothing to rescue", "目標はすべて満たされています。復旧するものはありません"},
	{"rescue.nothing", "nothing to do: it is within reach", "することはありません。手が届いています"},
	{"rescue.holds", "\"{goal}\" holds: there was nothing to do", "「{goal}」は満たされています。することはありませんでした"},
	{"rescue.way", "The way back, about {takes:duration}", "復旧の手順（約 {takes:duration}）"},
	{"rescue.way_changed", "Things are not as planned. The way from here, about {takes:duration}", "状況が変わりました。ここからの手順（約 {takes:duration}）"},
	{"rescue.step_person", "you: {step} (about {takes:duration})", "あなた: {step}（約 {takes:duration}）"},
	{"rescue.step_machine", "omamori: {step} (about {takes:duration})", "omamori: {step}（約 {takes:duration}）"},
	{"rescue.step_start", "start {service} if that is what {link} needs", "{link} のため、必要なら {service} を起動"},
	{"rescue.step_by_hand", "put this right by hand: {link}", "手動で直す: {link}"},
	{"rescue.step_find_out", "find out why this cannot be proved: {link}", "確認できない理由を調べる: {link}"},
	{"rescue.puts_back", "so that this holds again: {name}", "これで戻るもの: {name}"},
	{"rescue.assumed", "Not known yet; you will be asked first", "まだ分からないこと（先にお尋ねします）"},
	{"rescue.aside", "Left out, because you said so", "あなたの答えにより除いたもの"},
	{"rescue.aside_retry", "to take that back: omamori rescue {goal} --retry", "候補に戻すには: omamori rescue {goal} --retry"},
	{"rescue.now_mend", "omamori: {step}", "omamori の手順: {step}"},
	{"rescue.now_step", "Now you: {step}", "あなたの手順: {step}"},
	{"rescue.label_for", "for", "目的"},
	{"rescue.label_how", "do", "方法"},
	{"rescue.ask_mend", "Do it?  [y] yes  [n] leave it out  [s] stop here:", "実行しますか？ [y] はい [n] 除く [s] 中断:"},
	{"rescue.ask_step", "[d] done  [n] not possible  [s] stop here:", "[d] 済んだ [n] できない [s] 中断:"},
	{"rescue.step_run", "omamori, with your yes: {step} (about {takes:duration})", "omamori（許可を得て）: {step}（約 {takes:duration}）"},
	{"rescue.run_as", "omamori rescue in a terminal does this for you; by yourself: {command}", "端末の omamori rescue が代わりに行います。自分で行うなら: {command}"},
	{"rescue.ask_run", "Do it?  [y] yes  [d] you did it yourself  [n] not possible  [s] stop here:", "実行しますか？ [y] はい [d] 自分で済ませた [n] できない [s] 中断:"},
	{"rescue.ask_runs", "Do it, and {n} more that the plan has for omamori?  [y] yes  [d] you did it yourself  [n] not possible  [s] stop here:", "これと、手順にある omamori の処置あと {n} 件を実行しますか？ [y] はい [d] 自分で済ませた [n] できない [s] 中断:"},
	{"rescue.run_failed", "That did not do it: {why}", "できませんでした: {why}"},
	{"rescue.run_opening", "asking AWS …", "AWS に依頼しています…"},
	{"rescue.run_terminal", "a shell needs a terminal", "シェルを開くには端末が必要です"},
	{"rescue.run_no_code", "\"{entry}\" in the vault makes no codes", "保管庫の「{entry}」はコードを作りません"},
	{"rescue.run_no_ssh", "ssh did not get to {host}", "ssh で {host} に届きませんでした"},
	{"rescue.run_no_ssh_hint", "omamori ssh {host} shows where it fails.", "omamori ssh {host} で、どこで失敗するかわかります。"},
	{"rescue.run_not_there", "omamori on {host} has not brought it back; what it says stands above", "{host} の omamori では復旧しませんでした。上の表示をご覧ください"},
	{"rescue.run_too_long", "{host} has not come to an end for {after:duration}", "{host} の処置が {after:duration} たっても終わりません"},
	{"rescue.run_go_there", "To go on there: omamori ssh {host}, then omamori rescue {goal}", "続けるには omamori ssh {host} で入り、omamori rescue {goal} を実行してください。"},
	{"rescue.ask_claim", "[y] yes  [n] no  [?] cannot tell  [s] stop here:", "[y] はい [n] いいえ [?] 分からない [s] 中断:"},
	{"rescue.link", "{link}: {verdict} ({because})", "{link}: {verdict}（{because}）"},
	{"rescue.phase", "{link}: {phase}", "{link}: {phase}"},
	{"rescue.proved", "Proved from the visitor's side", "訪問者の側からの確認"},
	{"rescue.back", "\"{goal}\": back, {took:duration} after you began", "「{goal}」: 復旧しました（開始から {took:duration}）"},
	{"rescue.still_lost", "Still noted as lost: {name}. Once it is there or replaced: omamori have {thing}", "{name} は失ったままの扱いです。戻ったら、または代わりを用意したら: omamori have {thing}"},
	{"rescue.no_way", "From here there is no way back to \"{goal}\".", "「{goal}」に戻る方法が、今はありません。"},
	{"rescue.lost", "{name}: {why}", "{name}: {why}"},
	{"rescue.why_lost", "lost", "失われています"},
	{"rescue.why_not_known", "you cannot tell", "分からないとのお答えです"},
	{"rescue.why_below", "it rests on what is not there: {names}", "支えになるものがありません: {names}"},
	{"rescue.why_unproven", "nobody has proved it", "確認されていません"},
	{"rescue.any_of", "There is a way once one of these is back", "このどれか一つが戻れば、道が開きます"},
	{"rescue.all_of", "There is a way once all of these are back", "次のすべてが戻る必要があります"},
	{"rescue.retry_opens", "With one of these there would be a way.", "このどれかを使えば道があります。"},
	{"rescue.have", "When it is there again: omamori have {thing}, then the same command.", "戻ったら omamori have {thing} を実行し、もう一度同じコマンドを実行してください。"},
	{"rescue.drill", "Once it is so again: omamori due drill {link}, then the same command.", "直ったら omamori due drill {link} で答え、もう一度同じコマンドを実行してください。"},
	{"rescue.ask_typed", "Type it [n = not there, ? = cannot say, s = stop here]", "打ち込んでください [n = 手元にない、? = わからない、s = 中断]"},
	{"rescue.needs_yes", "omamori does this step once somebody says yes: omamori rescue {goal} --yes", "この手順には許可が必要です: omamori rescue {goal} --yes"},
	{"rescue.needs_person", "This needs you. In a terminal, run: omamori rescue {goal}", "ここからはあなたの操作が必要です。端末で実行してください: omamori rescue {goal}"},
	{"rescue.stopped", "Stopped. What omamori has begun it brings to its end. To go on from here: omamori rescue {goal}", "中断しました。omamori が始めた処置は最後まで行います。続きから再開するには: omamori rescue {goal}"},
	{"rescue.too_long", "{link} has not come up for a long time", "{link} が長い間戻りません"},
	{"rescue.too_long_hint", "omamori status, omamori journal", "omamori status、omamori journal で状況を確認してください"},

	{"rescue.did_begin", "{who} walks back to {goal}", "{who} さんが {goal} の復旧を始めました"},
	{"rescue.did_mend", "{who} wants this done now: {step:text}", "{who} さんが実行を指示しました: {step:text}"},
	{"rescue.did_run", "{who} has omamori do this: {step:text}", "{who} さんが omamori に実行させます: {step:text}"},
	{"rescue.did_done", "{who} says that this is done: {step:text}", "{who} さんが済んだと報告しました: {step:text}"},
	{"rescue.did_aside", "{who} leaves this out: {step:text}", "{who} さんが候補から除きました: {step:text}"},
	{"rescue.did_again", "{who} takes back what was left out for {goal}", "{who} さんが {goal} で除いた手順を候補に戻しました"},
	{"rescue.did_end", "{goal} is back", "{goal} が復旧しました"},
}
