package waystest

import (
	"fmt"
	"math/rand/v2"
	"time"

	"github.com/omamori-guard/omamori/chain"
)

// Hosting is the chain of a hosting company: for each site nineteen links, three
// things shared at random between sites, and two goals: that it is seen, and that its
// owner gets in. Twenty sites share a host, which has twenty links.
//
// The same number of sites gives the same chain.
func Hosting(sites int) chain.Model {
	h := hosting{r: rand.New(rand.NewPCG(20170802, uint64(sites)))}
	for range sites {
		h.thing("phone")
		h.thing("mailbox")
		h.thing([...]string{"laptop", "registrar", "dns", "cdn", "store"}[len(h.m.Things)/3%5])
	}
	for i := range sites {
		if i%20 == 0 {
			h.host(i / 20)
		}
		h.site(i, i/20)
	}
	return h.m
}

type hosting struct {
	m     chain.Model
	r     *rand.Rand
	pools map[string][]string
}

func (h *hosting) thing(sort string) {
	if h.pools == nil {
		h.pools = map[string][]string{}
	}
	name := fmt.Sprintf("%s-%d", sort, len(h.pools[sort]))
	h.pools[sort] = append(h.pools[sort], name)
	h.m.Things = append(h.m.Things, chain.Thing{Name: name})
}

// any picks a thing of a sort. Where there is none, as with a handful of sites, it is
// made.
func (h *hosting) any(sort string) string {
	if len(h.pools[sort]) == 0 {
		h.thing(sort)
	}
	return h.pools[sort][h.r.IntN(len(h.pools[sort]))]
}

func (h *hosting) link(name string, needs ...string) {
	h.m.Links = append(h.m.Links, chain.Link{Name: name, Needs: needs, Fresh: time.Minute})
}

func (h *hosting) mend(what string, takes time.Duration, by chain.Hand, needs ...string) {
	h.m.Mends = append(h.m.Mends, chain.Mend{
		Name: fmt.Sprintf("mend %s %d", what, len(h.m.Mends)), For: what, Takes: takes, By: by, Needs: needs,
	})
}

func (h *hosting) goal(name string, ways ...[]string) {
	g := chain.Goal{Name: name, Within: 24 * time.Hour}
	for _, w := range ways {
		g.Ways = append(g.Ways, chain.Way{Links: w})
	}
	h.m.Goals = append(h.m.Goals, g)
}

// host adds the twenty links of a host.
func (h *hosting) host(i int) {
	on := func(name string) string { return fmt.Sprintf("%s@host-%d", name, i) }
	h.link(on("uplink"))
	h.link(on("disk"))
	h.link(on("memory"))
	for _, service := range []string{"nginx", "mysqld", "php"} {
		h.link(on(service), on("disk"), on("memory"), on("uplink"))
		h.mend(on(service), time.Minute, chain.Machine, on("disk"), on("memory"), on("uplink"))
	}
	h.link(on("code"), h.any("phone"))
	h.link(on("console"), on("code"))
	h.link(on("spare-code"), h.any("phone"))
	h.link(on("vpn"), h.any("laptop"))
	h.link(on("firewall"), on("vpn"), on("uplink"))
	h.link(on("sshd"), on("firewall"))
	h.link(on("shell"), on("sshd"), h.any("laptop"))
	h.link(on("backup"), h.any("store"))
	h.link(on("spare-uplink"))
	for k := range 5 {
		h.link(on(fmt.Sprintf("load-%d", k)), on("uplink"))
	}
	h.mend(on("uplink"), 2*time.Hour, chain.Person, on("spare-uplink"), on("console"))
	h.mend(on("firewall"), 30*time.Minute, chain.Person, on("console"))
	h.mend(on("sshd"), 10*time.Minute, chain.Person, on("console"))
	h.mend(on("code"), 7*24*time.Hour, chain.Person, h.any("mailbox"), h.any("phone"))
	h.mend(on("console"), 5*time.Minute, chain.Person, on("spare-code"))
	h.mend(on("disk"), 4*time.Hour, chain.Person, on("backup"), on("shell"))
	h.mend(on("memory"), time.Minute, chain.Person, on("shell"))
}

// site adds the nineteen links of a site.
func (h *hosting) site(i, host int) {
	s := func(name string) string { return fmt.Sprintf("%s.site-%d", name, i) }
	on := func(name string) string { return fmt.Sprintf("%s@host-%d", name, host) }
	h.link(s("mail"), h.any("mailbox"))
	h.link(s("registrar"), h.any("registrar"), s("mail"))
	h.link(s("zone"), h.any("dns"), s("registrar"))
	h.link(s("spare-zone"), h.any("dns"), s("registrar"))
	h.link(s("certificate"), s("zone"))
	h.link(s("cdn"), h.any("cdn"))
	h.link(s("vhost"), on("nginx"))
	h.link(s("pool"), on("php"))
	h.link(s("database"), on("mysqld"))
	h.link(s("files"), on("disk"))
	h.link(s("front"), s("vhost"), s("pool"), s("database"), s("files"))
	h.link(s("cached"), s("cdn"), s("spare-zone"))
	h.link(s("backup"), h.any("store"))
	h.link(s("password"), h.any("laptop"))
	h.link(s("code"), h.any("phone"))
	h.link(s("login"), s("password"), s("code"), s("front"))
	h.link(s("key"), h.any("laptop"))
	h.link(s("sftp"), s("key"), on("sshd"))
	h.link(s("post"), s("mail"))
	h.goal("seen: site-"+fmt.Sprint(i), []string{s("zone"), s("certificate"), s("front")}, []string{s("cached")})
	h.goal("in: site-"+fmt.Sprint(i), []string{s("login")}, []string{s("sftp")})
	h.mend(s("database"), 2*time.Hour, chain.Person, s("backup"), on("shell"))
	h.mend(s("files"), 2*time.Hour, chain.Person, s("backup"), on("shell"))
	h.mend(s("certificate"), 10*time.Minute, chain.Machine, s("zone"))
	h.mend(s("code"), 48*time.Hour, chain.Person, s("mail"))
	h.mend(s("password"), 5*time.Minute, chain.Person, s("mail"))
	h.mend(s("zone"), time.Hour, chain.Person, s("registrar"), h.any("dns"))
}
