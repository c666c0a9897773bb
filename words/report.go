package words

// reportTexts are those of a post-mortem's draft.
var reportTexts = []entry{
	{"report.title", "Incident: {about}, {day}", "障害報告: {about}（{day}）"},
	{"report.draft", "This draft was made by omamori from its evidence. Please complete and check it before you publish it.", "この下書きは omamori が記録をもとに作成しました。公開する前に内容を確認し、補ってください。"},
	{"report.summary", "Summary", "概要"},
	{"report.began", "It began at {at}.", "発生日時は {at} です。"},
	{"report.lasts", "It is not over yet.", "現在も続いています。"},
	{"report.took", "It was over after {took:duration}.", "{took:duration}で復旧しました。"},
	{"report.fell", "What fell with it: {names}", "あわせて影響を受けたもの: {names}"},
	{"report.cause", "Cause", "原因"},
	{"report.unknown", "The evidence does not tell.", "記録からは分かりませんでした。"},
	{"report.evidence", "Evidence", "根拠"},
	{"report.cut", "The last lines; {n} earlier ones are left out.", "末尾の部分です（それ以前の {n} 行は省略）。"},
	{"report.timeline", "Timeline", "経過"},
	{"report.after", "What follows", "今後について"},
	{"report.after_why", "Why could this happen? (to be written)", "なぜ起きたのか（要記入）"},
	{"report.after_change", "What is changed so that it does not happen again? (to be written)", "再発を防ぐために何を変えるか（要記入）"},
	{"report.bad_url", "the blog's address must begin with https:// (http:// only for this machine)", "ブログのアドレスは https:// で始めてください（http:// はこのマシン自身にのみ使えます）"},
	{"report.no_user", "a user is missing", "ユーザー名がありません"},
	{"report.no_password", "the full path of a file with an application password is missing", "アプリケーションパスワードを書いたファイルの絶対パスを指定してください"},
	{"report.refused", "the blog refused the draft ({status}): {said}", "ブログが下書きを受け付けませんでした（{status}）: {said}"},
	{"report.refused_hint", "Look at the user, and make a new application password in wp-admin; WordPress takes one only over https, unless WP_ENVIRONMENT_TYPE is local.", "ユーザー名を確かめ、wp-admin でアプリケーションパスワードを作り直してください。WordPress は https でのみ受け付けます（WP_ENVIRONMENT_TYPE が local の場合を除く）。"},
}
