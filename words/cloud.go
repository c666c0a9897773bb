package words

var cloudTexts = []entry{
	{"cloud.flag_cloud", "a link of the configuration about a security group: do it there, at AWS", "設定にあるセキュリティグループのつながり（AWS 側で行う）"},
	{"cloud.flag_mfa", "open a session with a code of this MFA device, or of the profile's", "この MFA デバイス（省略時は profile のもの）のコードでセッションを開く"},
	{"cloud.flag_group", "a policy for this security group, without a configuration", "設定を使わず、このセキュリティグループのポリシーを作る"},
	{"cloud.no_door", "{name} is not a link about a security group that can be opened", "{name} は開閉できるセキュリティグループのつながりではありません"},
	{"cloud.no_door_hint", "Such links are: {names}", "使えるもの: {names}"},
	{"cloud.no_door_none_hint", "The configuration has none; see doc/aws.md", "設定に一つもありません。doc/aws.md をご覧ください"},
	{"cloud.no_device", "{name} is not a link about an MFA device", "{name} は MFA デバイスのつながりではありません"},
	{"cloud.no_needs", "no link of the configuration speaks to AWS", "AWS を使うつながりが設定にありません"},
	{"cloud.no_needs_hint", "For a security group without a configuration: omamori door aws-policy --group sg-…", "設定なしで作る場合: omamori door aws-policy --group sg-…"},
	{"cloud.config_bad_hint", "See every mistake: omamori config check", "すべての誤りを確かめる: omamori config check"},
	{"cloud.ask_code", "Code of {device}: ", "{device} のコード: "},
	{"cloud.ask_code_profile", "Code of the profile's MFA device: ", "profile の MFA デバイスのコード: "},
	{"cloud.ask_first", "The code that {device} shows now: ", "{device} にいま表示されているコード: "},
	{"cloud.ask_second", "Wait for the next one, and type it: ", "次のコードに変わったら入力: "},
	{"cloud.resynced", "AWS has found the clock of {device}. Prove it with the next code: omamori due drill {link}", "AWS が {device} の時計に合わせました。次のコードで確かめてください: omamori due drill {link}"},
	{"cloud.opened", "{from} may come in at {ports} until {until:time} ({group}, lease {id})", "{from} を {until:time} までポート {ports} に通します（{group}、リース {id}）"},
	{"cloud.renewed", "{from} may come in at {ports} until {until:time}, longer than before ({group}, lease {id})", "{from} をポート {ports} に通す期限を {until:time} に改めました（{group}、リース {id}）"},
	{"cloud.others", "{n} {n|rule|rules} of somebody else {n|lets|let} the same in already, and {n|is|are} left alone: {rules}", "同じ内容のルールがすでにあり（{n} 件、omamori のものではない）、触れません: {rules}"},
	{"cloud.unseen", "AWS has taken it but does not show it yet; it may be a few seconds more", "AWS は受け付けましたが、まだ反映が見えません。数秒かかることがあります"},
	{"cloud.tracked", "connections that stand go on: AWS does not cut them", "続いている接続は切れません（AWS の仕様です）"},
	{"cloud.ended", "{n} {n|rule|rules} ended in {group}", "{group} のルールを {n} 件終わらせました"},
	{"cloud.none", "no leases in {group}", "{group} にリースはありません"},
	{"cloud.lease", "{from}  {ports}  since {since:time}, until {until:time}  {who}  {id}", "{from}  {ports}  {since:time} から {until:time} まで  {who}  {id}"},
	{"cloud.over", "(over, and about to be ended)", "（期限切れ、まもなく終了）"},
	{"cloud.tag_group", "Some groups are known by an instance or a load balancer alone: give each the tag omamori=door, or the policy does not reach it.", "インスタンスやロードバランサーで指定されたグループがあります。タグ omamori=door を付けないと、このポリシーは効きません。"},

	{"cli.short_door_policy", "the permissions that AWS has to give", "AWS で必要な権限"},
	{"cli.help_door_policy", `omamori door aws-policy [LINK…]: prints an IAM policy with the permissions that these
links need at AWS, or all of the configuration's, and nothing else. Attach it to the
instance's role, or to a user.

  omamori door aws-policy
  omamori door aws-policy --group sg-0123456789abcdef0`, `omamori door aws-policy [つながり…]: 指定したつながり（省略時は設定のすべて）が AWS で必要とする
権限だけの IAM ポリシーを表示します。インスタンスのロールかユーザーに付けてください。

  omamori door aws-policy
  omamori door aws-policy --group sg-0123456789abcdef0`},
	{"cli.short_resync", "let AWS find the clock of an MFA device", "MFA デバイスの時計に AWS を合わせる"},
	{"cli.help_resync", `omamori resync LINK: when AWS accepts no code of a device because its clock is off, two
codes that follow one another let AWS find it.

  omamori resync codes`, `omamori resync つながり: 端末の時計がずれて AWS がコードを受け付けないとき、続けて表示された
二つのコードから AWS 側を合わせます。

  omamori resync codes`},
	{"cloud.program_help", "omamori-aws does one thing at AWS, which it reads as JSON from its standard input. The guard starts it; use omamori.", "omamori-aws は標準入力から読んだ JSON の指示を一つ AWS で実行するプログラムです。ガードが起動します。omamori を使ってください。"},

	{"cloud.err_not_found", "AWS knows no {name}", "AWS に {name} は存在しません"},
	{"cloud.err_not_found_hint", "Check the id, the region and the profile in omamori.yaml: things of one region are unknown in another.", "omamori.yaml の ID・region・profile を確かめてください。別のリージョンのものは見つかりません。"},
	{"cloud.err_full", "the security group {name} is full: AWS allows it no more rules", "セキュリティグループ {name} はルールの上限に達しています"},
	{"cloud.err_full_hint", "Remove rules that nobody needs, or ask AWS for a higher quota (rules per security group). Nothing was changed.", "不要なルールを消すか、AWS に上限（セキュリティグループあたりのルール数）の引き上げを申請してください。何も変更していません。"},
	{"cloud.err_throttled", "AWS is asked too often and does not answer just now", "AWS への問い合わせが多すぎるため、いまは受け付けられません"},
	{"cloud.err_throttled_hint", "Try again in a minute; if it stays so, something else uses up the account's requests.", "1分ほど待ってからやり直してください。続くなら、ほかの何かがアカウントの要求枠を使い切っています。"},
	{"cloud.err_denied", "AWS refuses it: the permission {permission} is missing", "AWS に拒否されました。権限 {permission} がありません"},
	{"cloud.err_denied_hint", "Give it to the user or role that omamori uses; the whole policy is printed by: omamori door aws-policy", "omamori が使うユーザーかロールに付けてください。ポリシー全体は次で表示できます: omamori door aws-policy"},
	{"cloud.err_denied_unnamed", "AWS refuses it and does not say which permission is missing: {text}", "AWS に拒否されました（足りない権限は示されていません）: {text}"},
	{"cloud.err_denied_unnamed_hint", "Compare the user's or role's policy with: omamori door aws-policy", "ユーザーかロールのポリシーを次と比べてください: omamori door aws-policy"},
	{"cloud.err_wrong_code", "AWS does not accept the code of {name}", "AWS が {name} のコードを受け付けません"},
	{"cloud.err_wrong_code_hint",
		"Wait for the next code and type that: each is good once. If none is accepted, the device's clock is off, or it shows the codes of another account.",
		"次のコードに変わるのを待って入力してください（同じコードは一度しか使えません）。何度でも断られるなら、端末の時計がずれているか、別のアカウントのコードです。"},
	{"cloud.err_wrong_serial", "AWS knows no MFA device {name} of this user", "このユーザーに MFA デバイス {name} は登録されていません"},
	{"cloud.err_wrong_serial_hint", "Look the serial number up: AWS console, IAM, your user, security credentials. The device must be the user's own.", "シリアル番号を確かめてください（AWS コンソール → IAM → 自分のユーザー → セキュリティ認証情報）。そのユーザー自身のデバイスである必要があります。"},
	{"cloud.err_wrong_serial_user_hint", "That is the name of a user, not of a device. It is probably {name}", "それはデバイスではなくユーザーの名前です。おそらく {name} です"},
	{"cloud.err_wants_code", "the MFA device {name} has to show a code for this", "これには MFA デバイス {name} のコードが必要です"},
	{"cloud.err_wants_code_hint", "Give it when asked, or use a profile that needs none.", "尋ねられたときに入力するか、コードの要らない profile を使ってください。"},
	{"cloud.err_no_device", "nothing says which MFA device the code is of", "どの MFA デバイスのコードかわかりません"},
	{"cloud.err_no_device_hint", "Name it: --mfa arn:aws:iam::123456789012:mfa/NAME, or mfa_serial in the profile.", "--mfa arn:aws:iam::123456789012:mfa/NAME か、profile の mfa_serial で指定してください。"},
	{"cloud.err_wrong_sms", "AWS does not accept that code: it is wrong or too old", "AWS がそのコードを受け付けません（誤りか、期限切れです）"},
	{"cloud.err_wrong_sms_hint", "Have a new one sent, and type it soon.", "新しいコードを送らせ、すぐに入力してください。"},
	{"cloud.err_number_changed", "the account's phone number was changed after the code had been sent", "コードの送信後に、アカウントの電話番号が変更されました"},
	{"cloud.err_number_changed_hint", "Check the number, then have a new code sent.", "番号を確かめてから、新しいコードを送らせてください。"},
	{"cloud.err_skew_slow", "this machine's clock is {off:duration} slow, so AWS takes no request of it", "このマシンの時計が {off:duration}遅れているため、AWS が要求を受け付けません"},
	{"cloud.err_skew_fast", "this machine's clock is {off:duration} fast, so AWS takes no request of it", "このマシンの時計が {off:duration}進んでいるため、AWS が要求を受け付けません"},
	{"cloud.err_skew_hint", "Set the clock: timedatectl set-ntp true", "時計を合わせてください: timedatectl set-ntp true"},
	{"cloud.err_no_credentials", "nothing here says who we are to AWS: {text}", "AWS に名乗るための認証情報が見つかりません: {text}"},
	{"cloud.err_no_credentials_hint", "Give the instance a role, or set a profile up: aws configure --profile NAME, and profile: NAME in omamori.yaml. The guard runs as a user of its own, who must be able to read it.", "インスタンスにロールを付けるか、profile を用意してください: aws configure --profile NAME（omamori.yaml には profile: NAME）。ガードは専用のユーザーで動くため、そのユーザーが読める必要があります。"},
	{"cloud.err_bad_credentials", "AWS does not know the access key, or its secret is wrong", "AWS がアクセスキーを認めません（キーが無効か、シークレットが違います）"},
	{"cloud.err_bad_credentials_hint", "Check which key is used, and whether it is active: aws sts get-caller-identity", "どのキーが使われ、有効かどうか確かめてください: aws sts get-caller-identity"},
	{"cloud.err_expired", "the session with AWS is over", "AWS のセッションの期限が切れています"},
	{"cloud.err_expired_hint", "Log in anew (aws sso login, or whatever gave the session).", "ログインし直してください（aws sso login など）。"},
	{"cloud.err_no_region", "nothing says in which region of AWS to look", "AWS のリージョンがわかりません"},
	{"cloud.err_no_region_hint", "Write it, such as region: ap-northeast-1, into omamori.yaml, or into the profile.", "omamori.yaml に region: ap-northeast-1 のように書くか、profile に設定してください。"},
	{"cloud.err_no_instance", "this machine does not look like an EC2 instance: its metadata do not answer", "このマシンは EC2 インスタンスではないようです（メタデータの応答がありません）"},
	{"cloud.err_no_instance_hint", "Name the instance: instance: i-0123456789abcdef0", "インスタンスを書いてください: instance: i-0123456789abcdef0"},
	{"cloud.err_several", "there are several security groups: {name}", "セキュリティグループが複数あります: {name}"},
	{"cloud.err_several_hint", "Say which one is meant: group: sg-… in omamori.yaml", "どれを使うか omamori.yaml に書いてください: group: sg-…"},
	{"cloud.err_no_group", "{name} has no security group", "{name} にはセキュリティグループがありません"},
	{"cloud.err_no_group_hint", "A network load balancer has one only if it was made with one; then the instances' own groups count: group: sg-…", "Network Load Balancer は作成時に付けたときだけグループを持ちます。その場合はインスタンスのグループを書いてください: group: sg-…"},
	{"cloud.err_too_many", "there are as many leases in {name} as may be", "{name} の許可の数が上限に達しています"},
	{"cloud.err_too_many_hint", "End one that nobody needs: omamori door list, then omamori door close", "不要な許可を終わらせてください: omamori door list、次に omamori door close"},
	{"cloud.err_too_long", "that is longer than a lease may be, which is {limit:duration}", "許可できる時間（最長 {limit:duration}）を超えています"},
	{"cloud.err_too_long_hint", "Ask for less; it can be renewed while it lasts.", "短くしてください。続いている間は延長できます。"},
	{"cloud.err_too_wide", "{name} is not the address of one owner", "{name} は一人の持ち主のアドレスとは言えません"},
	{"cloud.err_too_wide_hint", "A lease is for one IPv4 address, or an IPv6 network of /64 at most.", "許可できるのは IPv4 アドレス一つか、IPv6 の /64 までです。"},
	{"cloud.err_unreachable", "AWS cannot be reached: {text}", "AWS に接続できません: {text}"},
	{"cloud.err_unreachable_hint", "See whether this machine reaches the internet: curl -I https://sts.amazonaws.com", "このマシンからインターネットに出られるか確かめてください: curl -I https://sts.amazonaws.com"},
	{"cloud.err_slow", "AWS did not answer in time", "AWS の応答が間に合いませんでした"},
	{"cloud.err_slow_hint", "Try again; if it stays so, see whether this machine reaches the internet: curl -I https://sts.amazonaws.com", "やり直してください。続くなら、インターネットに出られるか確かめてください: curl -I https://sts.amazonaws.com"},
	{"cloud.err_bad_request", "omamori-aws does not understand what it was asked: {text}", "omamori-aws が要求を理解できません: {text}"},
	{"cloud.err_bad_request_hint", "omamori and omamori-aws are probably of two versions: install both anew.", "omamori と omamori-aws の版が違うようです。両方を入れ直してください。"},
	{"cloud.err_no_program", "there is no program {name}, which speaks to AWS", "AWS と話すプログラム {name} がありません"},
	{"cloud.err_no_program_hint", "Install omamori-aws beside omamori.", "omamori-aws を omamori と同じ場所に入れてください。"},
	{"cloud.err_refused", "AWS: {text}", "AWS: {text}"},
	{"cloud.err_refused_hint", "Try again; if it stays so, look the code up in AWS's documentation.", "やり直してください。続くなら、AWS のドキュメントでこのコードを調べてください。"},
}
