package words

var caseTexts = []entry{
	{"cli.short_case", "what is open at a support desk", "サポート窓口に出している問い合わせ"},
	{"cli.help_case", `omamori due case [DESK] [--number N] [--promised WHEN] [--missed | --solved]

Keeps what you have asked of a support desk, and when they promised to call. It is shown
by omamori due, and asked after until it is solved; shortly before a promised call you are
told. The desks stand in omamori.yaml, under support.

    omamori due case aws --number 12345678 --promised "2026-11-26 02:00"`, `omamori due case [DESK] [--number N] [--promised WHEN] [--missed | --solved]

サポート窓口に何を問い合わせ、いつ電話をもらう約束かを覚えておきます。omamori due に表示され、
解決するまで尋ねます。約束の電話の少し前にも知らせます。窓口は omamori.yaml の support に書きます。

    omamori due case aws --number 12345678 --promised "2026-11-26 02:00"`},
	{"cli.flag_case_number", "the number of the case", "ケース番号"},
	{"cli.flag_case_promised", "when they promised to call, in your time: 2026-11-26 02:00", "電話の約束の日時（自分の時間）: 2026-11-26 02:00"},
	{"cli.flag_case_theirs", "the same, in the time of the desk", "同じく、窓口の時間で"},
	{"cli.flag_case_missed", "the promised call did not come", "約束の電話が来なかった"},
	{"cli.flag_case_solved", "the case is solved", "解決した"},
	{"cli.short_letter", "the request to a support desk, and the script for the telephone", "サポート窓口への依頼文と電話の台本"},
	{"cli.help_letter", `omamori due letter [DESK] [--out DIR]

Writes what is to be sent to a support desk in English, with the Japanese beside it, the
list of what they will ask, and one page to speak from on the telephone. With --out, as
text and as PDF to print.

Example: omamori due letter aws --out .`, `omamori due letter [DESK] [--out DIR]

サポート窓口に送る英文を、日本語と並べて書き出します。尋ねられることの一覧と、電話で読み上げる
1 ページの台本も付きます。--out を付けると、テキストと印刷用の PDF を作ります。

例: omamori due letter aws --out .`},
	{"cli.flag_letter_out", "the folder for the files", "ファイルを置くフォルダー"},
	{"cli.no_desk", "the configuration has no support desk", "設定にサポート窓口がありません"},
	{"cli.no_desk_hint", "Name one under support: desks: in omamori.yaml, with account, holder, email and phone (omamori config schema).", "omamori.yaml の support: desks: に、account、holder、email、phone を書いてください（omamori config schema）。"},
	{"cli.which_desk", "which desk: {names}", "窓口を選んでください: {names}"},
	{"cli.no_case", "no case is open at {desk}", "{desk} に出している問い合わせはありません"},
	{"cli.no_case_hint", "omamori due case {desk} --number N", "omamori due case {desk} --number N"},
	{"cli.cases", "Open at support desks", "サポート窓口への問い合わせ"},
	{"cli.case_line", "{desk}, case {number}: {said}", "{desk} ケース {number}: {said}"},
	{"cli.case_open", "sent {age:duration} ago, no call promised", "{age:duration}前に送信、電話の約束なし"},
	{"cli.case_promised", "they promised to call at {promised}, in {left:duration}", "約束の電話は {promised}（あと {left:duration}）"},
	{"cli.case_over", "the call was promised for {promised}: has it come?", "約束の電話は {promised} でした。来ましたか"},
	{"cli.case_missed", "{n} promised {n|call|calls} did not come", "来なかった約束の電話: {n} 回"},
	{"cli.case_hint", "omamori due case {desk} --promised WHEN, --missed or --solved", "omamori due case {desk} --promised 日時、--missed、--solved"},
	{"rescue.desk_form", "Send the English text here: {form}", "左の英文をここから送ってください: {form}"},
	{"rescue.desk_script", "For the telephone, and to print: omamori due letter {desk} --out .", "電話の台本と印刷用の PDF: omamori due letter {desk} --out ."},
	{"rescue.ask_number", "The number of the case (enter if it is not sent yet):", "ケース番号（まだ送っていなければ空欄）:"},
	{"rescue.ask_promised", "When did they promise to call, in the time of {zone}? (2026-11-26 02:00, or enter for no promise)", "電話の約束はいつですか（{zone} の時間、例 2026-11-26 02:00。約束がなければ空欄）"},
	{"rescue.desk_wait", "omamori due asks after it. Once it is solved, go on with: omamori rescue {goal}", "omamori due で確認します。解決したら、続けてください: omamori rescue {goal}"},
}
