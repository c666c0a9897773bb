package words

// waysTexts are what guard and the command line say of ways, margins, what-if and
// drills.
var waysTexts = []entry{
	// A margin that has fallen.
	{"guard.margin_zero", "You are one loss away from being locked out of: {goal}. That loss: {singles:text}. It has come to this because {because:text}.", "あと一つ失うと「{goal}」に手が届かなくなります。失うと困るもの: {singles:text}。現状の原因: {because:text}。"},
	{"guard.margin_low", "{goal}: {n} more {n|loss is|losses are} survived, fewer than if nothing were amiss, because {because:text}.", "「{goal}」の余裕が減り、あと {n} つまでしか失えません。原因: {because:text}。"},
	{"guard.margin_out", "You are locked out of: {goal}, because {because:text}. The way back takes about {takes:duration}: {steps:text}.", "「{goal}」に手が届きません。原因: {because:text}。取り戻すには約 {takes:duration}かかります: {steps:text}。"},
	{"guard.margin_no_way", "You are locked out of: {goal}, because {because:text}. Nothing that is written down brings it back.", "「{goal}」に手が届きません。原因: {because:text}。設定にある手段では取り戻せません。"},
	{"guard.margin_no_way_brief", "{goal}: locked out, and nothing that is written down brings it back", "{goal}: 手が届きません。設定にある手段では取り戻せません"},
	{"guard.margin_out_brief", "{goal}: locked out; the way back takes about {takes:duration}: {steps:text}", "{goal}: 手が届きません。取り戻すには約 {takes:duration}かかります: {steps:text}"},
	{"guard.margin_zero_brief", "{goal}: one loss away from being locked out: {singles:text}", "{goal}: あと一つ失うと手が届かなくなります: {singles:text}"},
	{"guard.margin_low_brief", "{goal}: {n} more {n|loss is|losses are} survived", "{goal}: あと {n} つまで失えます"},
	{"guard.margins_because", "It has come to this because {because:text}:", "現状の原因: {because:text}。"},
	{"guard.margins_more", "and {n} more {n|goal|goals}: omamori status", "ほか {n} 件: omamori status"},
	{"guard.margin_back", "the margin is back: {goal} (after {took:duration})", "余裕が戻りました: {goal}（{took:duration}ぶり）"},
	{"guard.margin_next", "To get the margin back: {step:text}.", "余裕を取り戻すには: {step:text}。"},
	{"guard.margin_next_out", "The way back, step by step: omamori rescue {goal}", "復旧の手順をたどるには: omamori rescue {goal}"},
	{"guard.step_prove", "prove what is overdue (omamori due drill)", "期限の過ぎた確認に答える（omamori due drill）"},
	{"guard.step_mend", "{mend} ({takes:duration})", "{mend}（{takes:duration}）"},
	{"guard.step_find", "get this back, or replace it: {name:text}", "{name:text} を取り戻すか、代わりを用意する"},
	{"guard.step_repair", "put this right: {name:text}", "{name:text} を直す"},
	{"guard.because_thing_lost", "this is lost: {name:text}", "{name:text} を失った"},
	{"guard.because_link_broken", "this is broken: {name:text}", "{name:text} が切れている"},
	{"guard.because_drill_overdue", "nobody has proved this for too long: {name:text}", "{name:text} が長いあいだ確認されていない"},
	{"guard.name", "{name}", "{name}"},
	{"guard.called", "{title} ({name})", "{title}（{name}）"},
	{"guard.called_link", "“{title}” ({name})", "「{title}」（{name}）"},
	{"guard.list", "{first:text}; {rest:text}", "{first:text}、{rest:text}"},
	{"guard.list_more", "{first:text}; and {n} more", "{first:text}、ほか {n} 件"},
	{"guard.event_margin_begin", "a margin has fallen", "余裕の低下"},
	{"guard.event_margin_cause", "a margin has changed", "余裕の変化"},
	{"guard.event_margin_end", "a margin is back", "余裕の回復"},
	{"guard.title_margin_begin", "{goal}: nearer to being locked out", "{goal}: 余裕が減りました"},
	{"guard.title_margin_cause", "{goal}: the margin has changed", "{goal}: 余裕が変わりました"},
	{"guard.title_margins_begin", "{n} goals: nearer to being locked out", "{n} 件の目標: 余裕が減りました"},
	{"guard.title_margins_cause", "{n} goals: the margin has changed", "{n} 件の目標: 余裕が変わりました"},
	{"guard.title_margins_end", "{n} goals: the margin is back", "{n} 件の目標: 余裕が戻りました"},
	{"guard.told_margins", "told: {event:text}: {goals:text}", "通知: {event:text}（{goals:text}）"},
	{"guard.title_margin_end", "{goal}: the margin is back", "{goal}: 余裕が戻りました"},
	{"guard.supposed_lost", "supposed to be lost", "失ったと仮定"},
	{"guard.supposed_due", "to be proved again from {due:date} on", "{due:date} 以降は再確認が必要"},

	// omamori ways, what-if.
	{"cli.ways_way", "Way {way}", "経路 {way}"},
	{"cli.ways_rests", "rests on", "を支えるもの"},
	{"cli.ways_note", "  ({note})", "（{note}）"},
	{"cli.ways_given", "never counted as lost", "失わないものとする"},
	{"cli.ways_lost", "lost", "失われています"},
	{"cli.ways_called", "{title} ({name})", "{title}（{name}）"},
	{"cli.ways_called_link", "“{title}” ({name})", "「{title}」（{name}）"},
	{"cli.ways_margin", "Margin", "余裕"},
	{"cli.ways_margin_unknown", "not known: the chain is too large to reckon it", "不明（規模が大きく、計算しきれません）"},
	{"cli.ways_margin_none", "no loss that the configuration knows of takes it away", "設定にあるどれを失っても困りません"},
	{"cli.ways_margin_out", "you are locked out: nothing brings it back within {within:duration}", "手が届きません。{within:duration}以内に取り戻す手段がありません"},
	{"cli.ways_margin_zero", "one loss away from being locked out", "あと一つ失うと手が届かなくなります"},
	{"cli.ways_margin_one", "any one loss can be made good within {within:duration}", "どれか一つを失っても、{within:duration}以内に取り戻せます"},
	{"cli.ways_margin_n", "any {n} losses together can be made good within {within:duration}", "どれを {n} つ失っても、{within:duration}以内に取り戻せます"},
	{"cli.ways_margin_unproven", "at best {n}: nobody has proved these: {names}", "最大で {n}（未確認: {names}）"},
	{"cli.ways_margin_to", "{from} → {said}", "{from} → {said}"},
	{"cli.ways_margin_moved", "{from} → {to}: {said}", "{from} → {to}: {said}"},
	{"cli.ways_margin_same", "{to}, as before: {said}", "{to}（変わりません）: {said}"},
	{"cli.ways_singles", "One loss that locks you out", "一つ失うだけで手が届かなくなるもの"},
	{"cli.ways_pairs", "Two losses that lock you out together", "両方失うと手が届かなくなる組"},
	{"cli.ways_triples", "Three losses that lock you out together", "三つとも失うと手が届かなくなる組"},
	{"cli.ways_and", " and ", "と"},
	{"cli.ways_more", "… and {n} more (--json has all)", "…ほか {n} 件（--json ですべて表示）"},
	{"cli.ways_more_names", "{names}, … and {n} more", "{names}、ほか {n} 件"},
	{"cli.ways_comma", ", ", "、"},
	{"cli.ways_stops", "What only stops it for a while", "失っても一時的に止まるだけのもの"},
	{"cli.ways_stop", "{name}: back in {takes:duration}", "{name}: {takes:duration}で復旧"},
	{"cli.ways_back", "Way back", "取り戻す手順"},
	{"cli.ways_back_none", "none: nothing that is written down brings it back", "ありません。設定にある手段では取り戻せません"},
	{"cli.ways_back_in", "in about {takes:duration}:", "約{takes:duration}:"},
	{"cli.ways_step_person", "{n}. you: {mend} ({takes:duration})", "{n}. あなた: {mend}（{takes:duration}）"},
	{"cli.ways_step_machine", "{n}. omamori: {mend} ({takes:duration})", "{n}. omamori: {mend}（{takes:duration}）"},
	{"cli.ways_step_needs", "with: {names}", "必要なもの: {names}"},
	{"cli.ways_step_way", "{n}. then by way {way}: {names}", "{n}. その後は経路 {way}: {names}"},
	{"cli.ways_weights", "Most hangs on", "特に大切なもの"},
	{"cli.ways_ahead", "If nobody renews what ends:", "期限が来るものをそのままにすると:"},
	{"cli.ways_next", "Best next step", "次の一手"},
	{"cli.ways_next_prove", "prove what is not proved (omamori due drill, omamori prove); the margin is {to} if all holds", "未確認のものを確認する（omamori due drill、omamori prove）。すべて正常なら余裕は {to}"},
	{"cli.ways_next_mend", "{mend} ({takes:duration}): margin {from} → {to}", "{mend}（{takes:duration}）: 余裕 {from} → {to}"},
	{"cli.ways_next_find", "get this back, or replace it: {name}: margin {from} → {to}", "{name} を取り戻すか、代わりを用意する: 余裕 {from} → {to}"},
	{"cli.ways_next_repair", "put this right: {name}: margin {from} → {to}", "{name} を直す: 余裕 {from} → {to}"},
	{"cli.ways_next_other", "a second way that does without {name}", "{name} に頼らない別の経路を用意する"},
	{"cli.ways_unbounded", "no limit", "限りなし"},
	{"cli.what_if", "Suppose", "もし"},
	{"cli.what_if_lost", "this is lost: {name}", "{name} を失ったら"},
	{"cli.what_if_changed", "{attr} becomes {value}", "{attr} が {value} になったら"},
	{"cli.what_if_on", "it is {day:date}, and nobody has answered or renewed anything", "{day:date} になるまで、誰も確認や更新をしなかったら"},
	{"cli.what_if_falls", "Then these are gone", "使えなくなるもの"},
	{"cli.what_if_needs", "without {names}", "{names} がないため"},
	{"cli.what_if_why", " ({why})", "（{why}）"},
	{"cli.what_if_nothing", "nothing falls that was there before", "新たに使えなくなるものはありません"},
	{"cli.no_goals_named", "the configuration names no goals", "設定に目標（goals）がありません"},
	{"cli.flag_lose", "a thing or link that is supposed to be lost; may be repeated", "失ったと仮定する持ち物やつながり（繰り返し可）"},
	{"cli.flag_change", "a thing's attribute that is supposed to be another, as laptop.os=macos-10.12; may be repeated", "変わったと仮定する属性。例: laptop.os=macos-10.12（繰り返し可）"},
	{"cli.flag_on", "the day that it is supposed to be, as 2027-03-31", "仮定する日付。例: 2027-03-31"},
	{"cli.flag_dot", "print the whole chain for Graphviz: omamori ways --dot | dot -Tsvg > ways.svg", "全体を Graphviz 形式で出力: omamori ways --dot | dot -Tsvg > ways.svg"},
	{"cli.lose_what", "what is to be supposed?", "何を仮定するか指定してください"},
	{"cli.lose_what_hint", "omamori what-if --lose THING, --change THING.ATTR=VALUE or --on DATE", "omamori what-if --lose 持ち物、--change 持ち物.属性=値、--on 日付 のいずれか"},
	{"cli.lose_goal", "{name} is a goal, which is not lost by itself", "{name} は目標です。目標そのものを失うことはできません"},
	{"cli.lose_goal_hint", "suppose that something is lost on which it rests: omamori ways {name}", "それを支えるものを指定してください: omamori ways {name}"},
	{"cli.bad_change", "{change} is not THING.ATTR=VALUE", "{change} は「持ち物.属性=値」の形ではありません"},
	{"cli.bad_change_hint", "for example: --change laptop.os=macos-10.12", "例: --change laptop.os=macos-10.12"},
	{"cli.bad_day", "{day} is not a day", "{day} は日付として読めません"},
	{"cli.past_day", "{day} is over", "{day} は過去の日付です"},
	{"cli.bad_day_hint", "a day from today on, such as {example:date}", "今日以降の日付を指定してください。例: {example:date}"},
	{"cli.ways_no_dot", "--dot draws all goals: name none", "--dot は全体を描きます。目標は指定できません"},

	{"cli.dot_mend", "{mend} ({takes:duration})", "{mend}（{takes:duration}）"},

	{"cli.incident_margin", "margin of: {goal}", "余裕の低下: {goal}"},

	// lost, have.
	{"cli.thing_lost", "noted: {thing} is lost", "{thing} を失ったと記録しました"},
	{"cli.lost_next", "The way back, step by step: omamori rescue {goal}", "復旧の手順をたどるには: omamori rescue {goal}"},
	{"cli.thing_had", "noted: {thing} is there", "{thing} はあると記録しました"},

	// due.
	{"cli.due_on", "due on {day:date}", "期限 {day:date}"},
	{"cli.due_said", "{because} ({age:duration} ago)", "{because}（{age:duration}前）"},
	{"cli.due_hint", "To answer: omamori due drill", "答えるには: omamori due drill"},
	{"cli.drill_none", "nothing is due (omamori due lists all; omamori due drill LINK asks one anyway)", "期限の来た確認はありません（一覧は omamori due、個別に答えるには omamori due drill つながり）"},
	{"cli.not_a_persons", "{name} is proved by machine: no answer is wanted", "{name} は自動で確認されます。回答は不要です"},
	{"cli.not_a_persons_hint", "omamori prove {name}", "omamori prove {name}"},
	{"cli.ask_typed", "(type it; no if it is not there; enter to skip)", "（打ち込んでください。手元になければ「いいえ」、空欄でとばす）"},
	{"cli.ask", "{question} (yes/no, enter to skip)", "{question}（はい/いいえ、空欄でとばす）"},
	{"cli.skipped", "skipped", "とばしました"},

	{"cli.short_drill", "answer what only a person can prove", "手動の確認に答える"},
	{"cli.help_drill", `omamori due drill [LINK]: asks each question that is due; your answer is the proof,
with your name and the time. A link that is named is asked though it is not due.

  omamori due drill`, `omamori due drill [LINK]: 期限の来た質問を順に表示します。答えは、名前と時刻とともに
そのまま確認の記録になります。つながりを指定すると、期限前でも質問します。

  omamori due drill`},
	{"cli.short_ways", "how each goal can be reached, and what would take it", "目標への経路と、失うと困るもの"},
	{"cli.help_ways", `omamori ways [GOAL]

For each goal: its ways and what they rest on, how many further losses it survives
(the margin), which losses alone or together would lock you out, the fastest way back
from where things stand, and the one step that raises the margin most.

  margin 1   any one thing may be lost
  margin 0   the next loss may be the one that locks you out
  margin −1  you are locked out now

  omamori ways shell
  omamori ways --dot | dot -Tsvg > ways.svg`, `omamori ways [目標]

目標ごとに、経路とそれを支えるもの、あといくつ失っても大丈夫か（余裕）、どれを失うと
手が届かなくなるか、いちばん早く取り戻す手順、余裕を最も増やす一手を表示します。

  余裕 1   どれか一つを失っても大丈夫
  余裕 0   次に失うものによっては手が届かなくなる
  余裕 −1  いま手が届かない

  omamori ways shell
  omamori ways --dot | dot -Tsvg > ways.svg`},
	{"cli.short_what_if", "the same, if something were lost, changed, or overdue", "失う・変わる・日が経つとどうなるか"},
	{"cli.help_what_if", `omamori what-if [GOAL] --lose NAME | --change THING.ATTR=VALUE | --on DATE

What would fall, and what "omamori ways" would say then. Nothing changes. The options
may be repeated and combined.

  omamori what-if --lose phone --lose vpn-company
  omamori what-if shell --change laptop.os=macos-10.12
  omamori what-if --on 2027-03-31`, `omamori what-if [目標] --lose 名前 | --change 持ち物.属性=値 | --on 日付

何が使えなくなり、そのとき「omamori ways」がどうなるかを表示します。実際には何も
変わりません。オプションは繰り返しや組み合わせができます。

  omamori what-if --lose phone --lose vpn-company
  omamori what-if shell --change laptop.os=macos-10.12
  omamori what-if --on 2027-03-31`},
	{"cli.short_lost", "say that a thing is lost", "持ち物を失ったことを知らせる"},
	{"cli.help_lost", `omamori lost THING: the phone is gone, the company has closed. Margins are reckoned anew.
omamori have THING takes it back.

  omamori lost phone`, `omamori lost 持ち物: 電話をなくした、契約先がなくなった、などを記録し、余裕を計算し直します。
取り戻したら omamori have 持ち物。

  omamori lost phone`},
	{"cli.short_have", "say that a thing is there (again)", "持ち物が手元にあることを知らせる"},
	{"cli.help_have", `omamori have THING: it is there again, replaced, or, if it was absent: yes, newly got.

  omamori have phone`, `omamori have 持ち物: 戻った、買い替えた、または新しく用意した（absent: yes のもの）ことを記録します。

  omamori have phone`},
}
