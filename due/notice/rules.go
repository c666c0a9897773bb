package notice

import "strings"

// company is one that writes notices to many owners of servers.
type company struct {
	title string
	from  []string
	// words are what owners call a thing of it.
	words []string
}

// companies are known by the domains that they write from. What an owner names himself (the
// attribute mail of a thing) goes before.
var companies = []company{
	{"Amazon Web Services", []string{"aws.amazon.com", "amazonaws.com", "aws.com", "amazon.com", "amazonses.com"}, []string{"aws", "amazon"}},
	{"お名前.com", []string{"onamae.com", "gmo.jp"}, []string{"onamae", "お名前", "registrar", "レジストラ", "ドメイン"}},
	{"ムームードメイン", []string{"muumuu-domain.com"}, []string{"muumuu", "ムームー", "registrar", "レジストラ", "ドメイン"}},
	{"バリュードメイン", []string{"value-domain.com"}, []string{"value-domain", "バリュードメイン", "registrar", "レジストラ", "ドメイン"}},
	{"さくらインターネット", []string{"sakura.ad.jp", "sakura.ne.jp"}, []string{"sakura", "さくら"}},
	{"JPRS", []string{"jprs.jp", "jprs.co.jp"}, []string{"jprs", "registrar", "レジストラ"}},
	{"Gandi", []string{"gandi.net"}, []string{"gandi", "registrar"}},
	{"Namecheap", []string{"namecheap.com"}, []string{"namecheap", "registrar"}},
	{"GoDaddy", []string{"godaddy.com"}, []string{"godaddy", "registrar"}},
	{"Cloudflare", []string{"cloudflare.com"}, []string{"cloudflare"}},
	{"Let's Encrypt", []string{"letsencrypt.org"}, []string{"letsencrypt", "let's encrypt", "certificate", "証明書"}},
	{"DigiCert", []string{"digicert.com"}, []string{"digicert", "certificate", "証明書"}},
	{"Sectigo", []string{"sectigo.com"}, []string{"sectigo", "certificate", "証明書"}},
	{"GlobalSign", []string{"globalsign.com"}, []string{"globalsign", "certificate", "証明書"}},
	{"サイバートラスト", []string{"cybertrust.co.jp"}, []string{"cybertrust", "certificate", "証明書"}},
	{"Google", []string{"google.com"}, []string{"google"}},
	{"Apple", []string{"apple.com"}, []string{"apple"}},
	{"GitHub", []string{"github.com"}, []string{"github"}},
	{"ConoHa", []string{"conoha.jp"}, []string{"conoha"}},
	{"Linode", []string{"linode.com", "akamai.com"}, []string{"linode", "akamai"}},
	{"DigitalOcean", []string{"digitalocean.com"}, []string{"digitalocean"}},
	{"Hetzner", []string{"hetzner.com"}, []string{"hetzner"}},
}

// Words of a folded text. They are stems: a Japanese verb and an English one change at
// their ends.
var (
	ends = []string{
		"discontinu", "end of support", "end of life", "end-of-life", "end of service", "no longer support", "no longer be", "no longer work",
		"no longer accept", "no longer avail", "will stop", "stops working", "shut down", "shutting down", "shutdown", "sunset", "retire", "retiring", "deprecat", "terminat",
		"will end", "is ended", "phase out", "phased out", "phasing out", "drops support", "drop support", "removes support", "will be removed", "removed from", "decommission",
		"終了", "廃止", "停止", "打ち切", "打切", "閉鎖", "使えなくな", "使えません", "利用できなくな", "ご利用いただけなくな", "接続できなくな", "接続いただけなくな", "非対応", "対応しなくな", "受け付けなくな", "無効にな", "削除されます", "削除いたします",
	}
	expires = []string{"expir", "renewal", "renew your", "renew by", "valid until", "有効期限", "期限切れ", "失効", "更新期限", "満了", "有効期間", "更新手続", "更新のお", "ご更新"}
	pay     = []string{"payment fail", "payment method", "past due", "unpaid", "could not charge", "card on file", "billing problem", "支払", "決済", "引き落とし", "引落", "未納", "クレジットカード"}
	changes = []string{
		"action required", "action needed", "migrat", "must update", "need to update", "will change", "is changing", "maintenance", "scheduled for", "upgrade by", "suspend", "rotate", "reboot",
		"移行", "変更", "切り替え", "切替", "メンテナンス", "対応が必要", "ご対応", "お手続き", "手続きが必要", "重要なお知らせ", "再起動",
	}
	done = []string{"has been renewed", "was renewed", "successfully renewed", "renewal complete", "payment received", "thank you for your payment", "更新が完了", "更新を完了", "更新されました", "お支払いを確認", "手続きが完了", "ご入金を確認"}

	endWords = append(append(append([]string{}, ends...), expires...), "suspend", "deadline", "due date", "last day", "期限", "締切", "締め切")
	byWords  = []string{
		"by ", "until ", "before ", "on or after", "starting ", "effective ", "as of ", "no later than", "scheduled for",
		"まで", "をもって", "をもちまして", "以降", "より前", "付で", "付け", "までに", "実施", "予定",
	}
	// written are lines that say when something was written.
	written = []string{"sent:", "date:", "送信日時", "発行日", "配信日", "wrote:", "のメール:", "copyright", "(c)", "©", "registered on", "登録日", "created on", "issued on"}

	sales    = []string{"% off", "discount", "coupon", "sale ends", "special offer", "black friday", "キャンペーン", "セール", "割引", "クーポン", "お得", "プレゼント"}
	services = []string{"pptp", "l2tp", "tls", "ssl", "ssh", "api", "protocol", "certificate", "domain", "instance", "server", "account", "service", "access key", "support for", "サービス", "サポート", "プロトコル", "証明書", "ドメイン名", "サーバ", "アカウント", "インスタンス", "接続"}
)

// topicOf says what a folded text announces, "" for nothing and "done" for what is over;
// strong says that it is an end.
func topicOf(text string) (topic string, strong bool) {
	if anyOf(text, done) {
		return "done", false
	}
	subject, _, _ := strings.Cut(text, "\n")
	for _, s := range []string{subject, text} { // the subject says most of what it is about
		switch {
		case anyOf(s, ends):
			return "ends", true
		case anyOf(s, expires):
			return "expires", true
		case anyOf(s, pay):
			return "pay", false
		}
	}
	if anyOf(text, changes) {
		return "changes", false
	}
	return "", false
}
