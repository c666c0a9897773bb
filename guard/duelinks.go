package guard

import (
	"reflect"
	"slices"
	"strings"
	"time"

	"github.com/omamori-guard/omamori/chain"
	"github.com/omamori-guard/omamori/config"
	"github.com/omamori-guard/omamori/links/channel"
	"github.com/omamori-guard/omamori/links/notice"
	"github.com/omamori-guard/omamori/notify"
)

// Links that the guard makes itself, of notices and of channels, are links of the chain like
// those of the configuration: written as records, shown, and supposed.
const (
	noticePrefix  = "notice-"
	channelPrefix = "channel-"
	madeBeat      = time.Hour
	madeTimeout   = 5 * time.Second
)

// linksOfDue brings the links that the guard makes itself up to date.
func (g *Guard) linksOfDue() {
	file, made := g.withMade(g.plain)
	if sameLinks(file.Links, g.file.Links) {
		return
	}
	old := g.made
	g.made = made
	if err := g.useLinks(file); err != nil {
		g.made = old
		g.o.Log.Error("make the links of notices", "error", err)
	}
}

func sameLinks(a, b []config.Link) bool {
	return slices.EqualFunc(a, b, func(a, b config.Link) bool {
		return a.Name == b.Name && same(a, b) && reflect.DeepEqual(a.Settings, b.Settings)
	})
}

// withMade is a configuration with the links that the guard makes itself.
func (g *Guard) withMade(file *config.File) (*config.File, map[string]bool) {
	made := map[string]bool{}
	m := file.Chain.Model()
	m.Links = slices.Clone(m.Links)
	whole := *file
	whole.Links = slices.Clone(file.Links)
	add := func(name, title string, k chain.Kind, settings any, needs []string) {
		if file.Chain.Has(name) { // the owner has a link of that name
			return
		}
		made[name] = true
		l := config.Link{Name: name, Kind: k, Settings: settings, Every: madeBeat, Timeout: madeTimeout, Fresh: 3 * madeBeat}
		whole.Links = append(whole.Links, l)
		m.Links = append(m.Links, chain.Link{Name: name, Title: title, Kind: k.Name, Needs: needs, Fresh: l.Fresh})
	}
	zone := dueOf(file).Zone
	for _, id := range sorted(g.book.Notices) {
		n := g.book.Notices[id]
		s := &notice.Settings{Says: n.Subject, From: n.From, Day: n.Day, Unsure: len(n.Unsure) > 0, Zone: zone}
		if s.Says == "" {
			s.Says = n.From
		}
		if a, ok := g.book.Acks[id]; ok {
			s.Until, s.Because = a.Until.In(dueOf(file).Hours().Zone).Format(time.DateOnly), a.Because
		}
		var needs []string
		if _, ok := file.Chain.Thing(n.About); ok {
			needs = []string{n.About}
		}
		add(id, n.Subject, notice.Kind(), s, needs)
	}
	for _, c := range channelsOf(file) {
		s := &channel.Settings{Channel: c.Name}
		if known := g.book.Channels[c.Name]; known != nil {
			s.Confirmed, s.Asked = moment(known.Confirmed), moment(known.AskedFirst)
		}
		if chain.ValidName(channelPrefix + c.Name) {
			add(channelPrefix+c.Name, "", channel.Kind(), s, nil)
		}
	}
	if len(made) == 0 {
		return file, made
	}
	c, bad := chain.New(m)
	if len(bad) > 0 { // cannot be: names are new, and needs are things
		g.o.Log.Error("make the links of notices", "error", bad[0])
		return file, map[string]bool{}
	}
	whole.Chain = c
	return &whole, made
}

func moment(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.UTC().Format(time.RFC3339)
}

// channelsOf are the channels of a configuration.
func channelsOf(file *config.File) []notify.Channel {
	if s, ok := file.Sections["notify"].(*notify.Settings); ok {
		return s.Channels
	}
	return nil
}

// quiet reports whether a break of the link is not told by its incident: a notice is told by
// what is due.
func (g *Guard) quietLink(link string) bool {
	return strings.HasPrefix(link, noticePrefix) && g.made[link]
}
