package words

var cliDueTexts = []entry{
	{"cli.nothing_due", "nothing wants an answer", "返事を待っていることはありません"},
	{"cli.due_later", "not due yet:", "まだ先のもの:"},
	{"cli.due_silent", "silent until {day:date}", "{day:date} まで休止"},
	{"cli.due_acked", "{who}: {because}", "{who}: {because}"},
	{"cli.add_reading", "paste the mail with its header, then Ctrl-D", "ヘッダーを含むメールを貼り付け、Ctrl-D を押してください"},
	{"cli.answer_what", "say what the notice is about", "何についての予告かを教えてください"},
	{"cli.short_due", "what wants an answer: notices, drills, deadlines", "返事を待っていること（予告・確認・期限）"},
	{"cli.help_due", `omamori due                 what wants an answer, the most pressing first
omamori due drill [LINK]    prove now what only a person can prove
omamori due ack ID          I know: silent until a day, for a reason
omamori due add < mail.eml  take in a mail in which somebody announces an end
omamori due answer ID       say what omamori is not sure of
omamori due here            a sign of life
omamori due week            the weekly letter
omamori due --all [--ics]   everything that will end, also as a calendar

  omamori due`, `omamori due                 返事を待っていること（急ぐものから）
omamori due drill [LINK]    手動の確認に今答える
omamori due ack ID          確認した: 理由を添えて、その日まで休止
omamori due add < mail.eml  終了などを予告するメールを渡す
omamori due answer ID       omamori が迷っていることを教える
omamori due here            元気だと知らせる
omamori due week            週に一度のお便り
omamori due --all [--ics]   期限のあるものすべて（カレンダー形式でも）

  omamori due`},
	{"cli.short_ack", "I know: silent until a day, for a reason", "確認した: 理由を添えて、その日まで休止"},
	{"cli.help_ack", `omamori due ack ID --until DAY --because WHY

It is told of no more until that day, and then anew. Nothing is silent for ever, nor for
more than a year. With the code that omamori has sent by a channel in the place of ID,
it says that messages arrive there.

  omamori due ack notice-1a2b3c4d --until 2027-03-01 --because "we move then"`, `omamori due ack ID --until 日付 --because 理由

その日まで通知を止め、その日になるとあらためて知らせます。期限なしや1年を超える休止は
できません。ID のかわりに通知先に届いた確認コードを入れると、届いたことを記録します。

  omamori due ack notice-1a2b3c4d --until 2027-03-01 --because "2月に移行"`},
	{"cli.flag_ack_until", "the day until which it is silent, such as 2027-03-01", "休止する日付（例: 2027-03-01）"},
	{"cli.flag_ack_because", "why it can wait", "待てる理由"},
	{"cli.short_answer", "say what omamori is not sure of", "omamori が迷っていることを教える"},
	{"cli.help_answer", `omamori due answer ID [--about THING] [--on DAY | --no-day | --nothing]

Of a mail that announces something, omamori asks rather than guesses: which of your
things it is about, by which day, or whether it announces anything at all.

  omamori due answer notice-1a2b3c4d --about vpn-company --on 2027-03-31`, `omamori due answer ID [--about もの] [--on 日付 | --no-day | --nothing]

予告らしいメールについて、何のことか、いつまでか、そもそも予告なのかが分からないとき、
omamori は決めつけずにおたずねします。

  omamori due answer notice-1a2b3c4d --about vpn-company --on 2027-03-31`},
	{"cli.flag_answer_about", "the thing that it is about", "何についての予告か"},
	{"cli.flag_answer_on", "the day by which it comes, such as 2027-03-31", "期日（例: 2027-03-31）"},
	{"cli.flag_answer_no_day", "no day is named", "期日はない"},
	{"cli.flag_answer_nothing", "it announces nothing", "予告ではない"},
	{"cli.short_add", "take in a mail in which somebody announces an end", "終了などを予告するメールを渡す"},
	{"cli.help_add", `omamori due add < mail.eml

Reads a mail from standard input: who wrote, what ends, by which day (in English or
Japanese, 令和 too). It becomes a broken link on the thing it is about until you
acknowledge it, or the thing is another. Nothing that the mail links to is fetched.

  omamori due add < mail.eml`, `omamori due add < mail.eml

標準入力からメールを読み、差出人・終わるもの・期日（英語、日本語、令和も可）を
見つけます。確認するか、対応が済むまで、そのものの切れたつながりとして扱います。
メールのリンク先は開きません。

  omamori due add < mail.eml`},
	{"cli.short_here", "give a sign of life", "元気だと知らせる"},
	{"cli.help_here", `omamori due here: a sign of life. If others were told that you cannot be reached, they
are told that you are back. Any answer, drill or acknowledgement does the same.

  omamori due here`, `omamori due here: 元気だと知らせます。連絡が取れないとほかの方に知らせていた場合は、
戻ったことも知らせます。回答・訓練・確認でも同じ効果があります。

  omamori due here`},
	{"cli.short_week", "the weekly letter, as of now", "週に一度のお便り（現時点）"},
	{"cli.help_week", `omamori due week [--html]: the letter that goes out once a week, also when all is well:
how the goals stand, what happened, what is due, and the one best next step.

  omamori due week --html > week.html`, `omamori due week [--html]: 毎週届くお便りを、今の状態で表示します。目標の状態、できごと、
返事待ち、いちばん効く次の一手が一枚にまとまっています。

  omamori due week --html > week.html`},
	{"cli.flag_week_html", "as HTML", "HTML で表示"},
}
