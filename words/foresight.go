package words

// foresightTexts are what guard says of what will end. What is a clause of a kind's: "the
// certificate of example.jp ends", 「example.jp の証明書が切れます」.
var foresightTexts = []entry{
	{"guard.end", "in {in:duration}, {what:text}", "あと{in:duration}で、{what:text}"},
	{"guard.end_past", "{at:date} is over, when {what:text}", "{at:date}を過ぎました: {what:text}"},
	{"guard.end_stops", "in {in:duration}, when {what:text}, {n|goal|goals} {goals} {n|stops|stop}", "あと{in:duration}で{what:text}。目標 {n} 件（{goals}）が止まります"},
	{"guard.end_margin", "in {in:duration}, when {what:text}, the margin of goal {goal} falls to {to:text}", "あと{in:duration}で{what:text}。目標 {goal} の余裕が {to:text} に減ります"},
	{"guard.end_falls", "in {in:duration}, when {what:text}, these fall: {names}", "あと{in:duration}で{what:text}。使えなくなるもの: {names}"},
	{"guard.brief", "{what:text}", "{what:text}"},
	{"guard.brief_past", "{what:text} (its last day: {at:date})", "{what:text}（最終日 {at:date}）"},
	{"guard.brief_stops", "{what:text}, and {n|goal|goals} {goals} {n|stops|stop}", "{what:text}。目標 {n} 件（{goals}）が止まります"},
	{"guard.brief_margin", "{what:text}, and the margin of goal {goal} falls to {to:text}", "{what:text}。目標 {goal} の余裕が {to:text} に減ります"},
	{"guard.brief_falls", "{what:text}, and these fall: {names}", "{what:text}。使えなくなるもの: {names}"},
	{"guard.margin_figure", "{n}", "{n}"},
	{"guard.margin_minus", "−1", "−1"},
	{"guard.ahead_margin", "from {at:date}, margin {to:text}: {what:text}", "{at:date}から余裕 {to:text}: {what:text}"},
	{"guard.ahead_stops", "from {at:date}, it stops, margin {to:text}: {what:text}", "{at:date}に止まり、余裕 {to:text}: {what:text}"},
	{"guard.ahead_only_stops", "from {at:date}, it stops until it is mended: {what:text}", "{at:date}に止まります（直せば戻ります）: {what:text}"},
	{"guard.supposed_end", "{what:text}, on {at:date}", "{at:date}に{what:text}"},
}
