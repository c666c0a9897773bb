package words

// certificateTexts are of the page's certificate that is got by itself.
var certificateTexts = []entry{
	{"cli.short_certificate", "get the page's certificate, or renew it", "ページの証明書を取得・更新"},
	{"cli.help_certificate", `omamori page certificate: get the page's certificate, or renew it when it is time (in the last
third of its life), by a record in the DNS: ports 80 and 443 are not needed. How, stands in
omamori.yaml, page: tls: acme. What is there stays, unless all went well. By hand, and for
every day:

  omamori page certificate
  sudo systemctl enable --now omamori-certificate.timer`, `omamori page certificate: ページの証明書を取得し、期限が近づくと（有効期間の残りが 3 分の 1 を切ると）
更新します。DNS のレコードで確認するため、80 番と 443 番のポートは不要です。設定は omamori.yaml の
page: tls: acme にあります。失敗しても今の証明書はそのまま残ります。毎日自動で行うには、下のタイマーを有効にします:

  omamori page certificate
  sudo systemctl enable --now omamori-certificate.timer`},
	{"certificate.program_help", "omamori-certificate gets one certificate, as omamori page certificate asks it to; people do not call it", "omamori-certificate は omamori page certificate から呼び出されて証明書を取得します。人が直接使うものではありません"},

	{"certificate.no_dns", "how the record gets into the DNS is missing: server: HOST with key and secret, or program: FILE", "DNS にレコードを置く方法がありません。server: ホスト と key、secret、または program: ファイル を指定してください"},
	{"certificate.two_dns", "server and program: one of the two is wanted", "server と program は、どちらか一方だけを指定してください"},
	{"certificate.no_key", "updates are signed: key (its name) and secret (where it is) are wanted; tsig-keygen makes one", "更新には署名が必要です。key（鍵の名前）と secret（鍵の場所）を指定してください。鍵は tsig-keygen で作成できます"},
	{"certificate.twice", "certificate and key are files of your own, acme gets one by itself: one of the two is wanted", "certificate と key は自分で用意したファイル、acme は自動取得です。どちらか一方だけを指定してください"},
	{"certificate.disagrees", "who issues it wants its terms agreed to: read them (Let's Encrypt: https://letsencrypt.org/repository/), then agree: yes", "発行元の利用規約への同意が必要です。規約を確認のうえ（Let's Encrypt: https://letsencrypt.org/repository/）、agree: yes を指定してください"},
	{"certificate.bad_directory", "{value} is no https address of an ACME directory", "{value} は ACME ディレクトリーの https アドレスではありません"},
	{"certificate.bad_file", "{value}: the whole path is wanted, from / on", "{value}: / から始まる絶対パスで指定してください"},
	{"certificate.bad_email", "{value} is no mail address", "{value} はメールアドレスではありません"},
	{"certificate.bad_resolver", "{value} is no IP address of a name server, with or without a port", "{value} はネームサーバーの IP アドレス（ポートは省略可）ではありません"},
	{"certificate.no_names", "a certificate is for names: at least one host name is wanted in hosts", "証明書には名前が必要です。hosts にホスト名を一つ以上指定してください"},
	{"certificate.many_names", "one certificate is for at most {max} names", "一枚の証明書に入れられる名前は {max} 個までです"},

	{"certificate.none_wanted", "omamori.yaml does not say how the page's certificate is got", "omamori.yaml に、ページの証明書の取得方法がありません"},
	{"certificate.none_wanted_hint", "page: tls: acme: says it; see omamori man omamori.yaml", "page: tls: acme: で指定します。omamori man omamori.yaml を参照してください"},
	{"certificate.renewed", "a new certificate is in {file}, good until {until}; the page takes it by itself", "新しい証明書を {file} に保存しました（{until} まで有効）。ページには自動で反映されます"},
	{"certificate.good", "the certificate in {file} is good until {until}; it is not yet time", "{file} の証明書は {until} まで有効です。まだ更新の時期ではありません"},
	{"certificate.old_stays", "The certificate that is there stays; it is good until {until}.", "今の証明書はそのまま残っています（{until} まで有効）。"},
	{"certificate.link", "So that its end is foreseen whatever happens, add below links: in omamori.yaml:", "更新が止まっても期限切れに気づけるように、omamori.yaml の links: に次の行を追加してください:"},
	{"certificate.waits", "the page waits for its certificate: systemctl start omamori-certificate.service", "ページは証明書を待っています: systemctl start omamori-certificate.service"},

	{"certificate.failed_folder", "no certificate: its folder cannot be used: {detail}", "証明書を取得できません。保存先のフォルダーを使えません: {detail}"},
	{"certificate.failed_folder_hint", "systemctl start omamori-certificate.service makes the folder and runs there as the right user", "systemctl start omamori-certificate.service なら、フォルダーが作られ、正しいユーザーで実行されます"},
	{"certificate.failed_disk", "no certificate: it cannot be written: {detail}", "証明書を保存できません: {detail}"},
	{"certificate.failed_disk_hint", "look at {file} and the room on its disk: df -h {file}", "{file} と、ディスクの空きを確認してください: df -h {file}"},
	{"certificate.failed_ca", "no certificate: the file of ca cannot be used: {detail}", "証明書を取得できません。ca のファイルを使えません: {detail}"},
	{"certificate.failed_ca_hint", "page: tls: acme: ca: names a file of certificates as PEM; leave it out for Let's Encrypt", "page: tls: acme: ca: には PEM 形式の証明書ファイルを指定します。Let's Encrypt なら不要です"},
	{"certificate.failed_secret", "no certificate: the secret of the DNS key cannot be read: {detail}", "証明書を取得できません。DNS の鍵を読み取れません: {detail}"},
	{"certificate.failed_secret_hint", "it is read by the user omamori-certificate: chown omamori-certificate FILE && chmod 0400 FILE", "ユーザー omamori-certificate が読み取ります: chown omamori-certificate ファイル && chmod 0400 ファイル"},
	{"certificate.failed_refused", "no certificate: the name server refuses the record: {detail}", "証明書を取得できません。ネームサーバーがレコードを拒否しました: {detail}"},
	{"certificate.failed_refused_hint", "compare name, algorithm and secret of the key with the name server's, and whether that key may change _acme-challenge there (update-policy); NOTAUTH with BADTIME: one of the two clocks is wrong", "鍵の名前・アルゴリズム・秘密の値がネームサーバー側と同じか、その鍵に _acme-challenge の変更が許されているか（update-policy）を確認してください。BADTIME なら、どちらかの時計がずれています"},
	{"certificate.failed_silent", "no certificate: the name server does not answer: {detail}", "証明書を取得できません。ネームサーバーから応答がありません: {detail}"},
	{"certificate.failed_silent_hint", "updates go by TCP to {server}: is that its address, and does its firewall let this machine in?", "更新は TCP で {server} に送られます。アドレスと、ファイアウォールでこのサーバーが許可されているかを確認してください"},
	{"certificate.failed_program", "no certificate: your program failed: {detail}", "証明書を取得できません。指定のプログラムが失敗しました: {detail}"},
	{"certificate.failed_program_hint", "try it: sudo -u omamori-certificate {program} add _acme-challenge.NAME test, then remove", "手動で試せます: sudo -u omamori-certificate {program} add _acme-challenge.名前 test（その後 remove）"},
	{"certificate.failed_zone", "no certificate: it was not to be found out in which zone the name is: {detail}", "証明書を取得できません。名前のゾーンが分かりません: {detail}"},
	{"certificate.failed_zone_hint", "do the name servers of this machine answer (dig SOA NAME)? Others are given as page: tls: acme: dns: resolvers", "このサーバーのネームサーバーが応答するか確認してください（dig SOA 名前）。別のものは page: tls: acme: dns: resolvers で指定できます"},
	{"certificate.failed_unseen", "no certificate: the record was made, but is not to be seen: {detail}", "証明書を取得できません。レコードを作成しましたが、DNS に現れません: {detail}"},
	{"certificate.failed_unseen_hint", "did it get into the zone that the world sees, and do all of its name servers have it (dig TXT _acme-challenge.NAME)? Behind other resolvers: page: tls: acme: dns: resolvers", "公開されているゾーンに入り、すべてのネームサーバーに反映されているか確認してください（dig TXT _acme-challenge.名前）。別のリゾルバーは page: tls: acme: dns: resolvers で指定できます"},
	{"certificate.failed_issuer", "no certificate: who issues it refuses: {detail}", "証明書を取得できません。発行元に拒否されました: {detail}"},
	{"certificate.failed_issuer_hint", "its own words stand above; is the record _acme-challenge to be seen from elsewhere, and do CAA records allow this issuer?", "理由は上のとおりです。_acme-challenge のレコードが外部から見えるか、CAA レコードがこの発行元を許可しているかを確認してください"},
	{"certificate.failed_often", "no certificate: it was asked for too often: {detail}", "証明書を取得できません。要求の回数が多すぎます: {detail}"},
	{"certificate.failed_often_hint", "wait, as it says; the timer tries again tomorrow", "しばらくお待ちください。タイマーが明日もう一度試します"},
	{"certificate.failed_answer", "no certificate: the issuer's answer cannot be one: {detail}", "証明書を取得できません。発行元の応答が正しくありません: {detail}"},
	{"certificate.failed_answer_hint", "is page: tls: acme: directory right? Nothing of that answer was kept", "page: tls: acme: directory を確認してください。応答の内容は保存していません"},
	{"certificate.failed_unreached", "no certificate: it went wrong on the way: {detail}", "証明書を取得できません。途中で失敗しました: {detail}"},
	{"certificate.failed_unreached_hint", "does this machine reach the issuer, and do its name servers answer? The timer tries again tomorrow", "このサーバーから発行元に接続できるか、ネームサーバーが応答するかを確認してください。タイマーが明日もう一度試します"},
}
