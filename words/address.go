package words

var addressTexts = []entry{
	{"address.no_ask", "name at least one URL that answers with the address that it sees", "見えているアドレスを返す URL を 1 つ以上書いてください"},
	{"address.bad_url", "{url} is not an http or https URL", "{url} は http / https の URL ではありません"},
	{"address.no_allowed", "name the addresses from which one may come", "許可されているアドレスを書いてください"},
	{"address.bad_address", "{value} is neither an address nor a prefix", "{value} はアドレスでもプレフィックスでもありません"},
	{"address.everybody", "{value} is everybody", "{value} では全員が含まれてしまいます"},
	{"address.holds", "we come from {address}, which is allowed", "こちらのアドレスは {address} で、許可されています"},
	{"address.changed", "we come from {address}, but allowed is {allowed}", "こちらのアドレスは {address} ですが、許可されているのは {allowed} です"},
	{"address.changed_hint",
		"Where only the old address is let in, let {address} in before it is needed; or put a door there, which follows you: sudo omamori door install",
		"古いアドレスだけを許可している所では、必要になる前に {address} を許可してください。どこからでも入れる扉を置くこともできます: sudo omamori door install"},
	{"address.not_told", "nobody tells us our address: {url}: {error}", "こちらのアドレスがわかりません: {url}: {error}"},
	{"address.not_told_hint", "See whether this machine is online, or name another URL under ask", "ネットにつながっているか確かめるか、ask に別の URL を書いてください"},
}
