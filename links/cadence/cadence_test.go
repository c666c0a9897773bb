package cadence

import (
	"fmt"
	"io"
	"net"
	"testing"
	"testing/synctest"
	"time"

	"github.com/omamori-guard/omamori/chain"
	"github.com/omamori-guard/omamori/probe/probetest"
	"github.com/omamori-guard/omamori/site/sitetest"
)

func made(t *testing.T, s settings) chain.Prover {
	t.Helper()
	p, err := build(s, chain.Place{Link: "diary"})
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// TestBlog asks a real WordPress, by its feed and by its database.
func TestBlog(t *testing.T) {
	b := sitetest.Up(t)
	feed := made(t, settings{URL: b.Info.URL + "feed/", Days: 60})
	atom := made(t, settings{URL: b.Info.URL + "?feed=atom", Days: 60})
	posts := made(t, settings{WPConfig: b.At("web", "wp-config.php"), Days: 60})
	expect := func(v chain.Verdict, cause string) {
		t.Helper()
		for _, p := range []chain.Prover{feed, atom, posts} {
			probetest.Expect(t, probetest.Prove(p, time.Minute), v, cause)
		}
	}
	date := func(days int) {
		t.Helper()
		b.PHP(t, fmt.Sprintf(`foreach ( get_posts() as $p ) {
			$wpdb->update( $wpdb->posts, array( 'post_date' => wp_date( 'Y-m-d H:i:s', time() - %d * 86400 ), 'post_date_gmt' => gmdate( 'Y-m-d H:i:s', time() - %d * 86400 ) ), array( 'ID' => $p->ID ) );
		} wp_cache_flush();`, days, days))
	}
	date(59)
	expect(chain.Holds, "")
	p := probetest.Prove(posts, time.Minute)
	if len(p.Ends) != 1 || time.Until(p.Ends[0].At) < 12*time.Hour || time.Until(p.Ends[0].At) > 36*time.Hour || p.Figures[0].Value < 58 || p.Figures[0].Value > 59 {
		t.Errorf("%+v", p)
	}
	date(61)
	expect(chain.Broken, "silent")

	// What is not for readers is no post; a draft neither.
	b.SQL(t, "UPDATE wp_posts SET post_status = 'draft' WHERE post_type = 'post'")
	expect(chain.Broken, "silent")

	// That it cannot be asked is for others to tell.
	b.SQL(t, "RENAME TABLE wp_posts TO wp_gone")
	probetest.Expect(t, probetest.Prove(posts, time.Minute), chain.Unproven, "")
	b.SQL(t, "RENAME TABLE wp_gone TO wp_posts")
	probetest.Expect(t, probetest.Prove(made(t, settings{URL: b.Info.URL, Days: 60}), time.Minute), chain.Unproven, "") // a page
	probetest.Expect(t, probetest.Prove(made(t, settings{URL: b.Info.URL + "nothing/", Days: 60}), time.Minute), chain.Unproven, "")
}

func TestFeeds(t *testing.T) {
	now := time.Date(2026, 11, 28, 12, 0, 0, 0, time.UTC)
	for name, c := range map[string]struct {
		feed string
		want string // "" for an error
	}{
		"RSS":              {`<rss><channel><pubDate>Sat, 28 Nov 2026 10:00:00 +0000</pubDate><item><pubDate>Tue, 03 Nov 2026 10:00:00 +0900</pubDate></item><item><pubDate>Mon, 2 Nov 2026 10:00:00 GMT</pubDate></item></channel></rss>`, "2026-11-03T01:00:00Z"},
		"Atom":             {`<feed><updated>2026-11-28T00:00:00Z</updated><entry><published>2026-10-01T00:00:00+09:00</published><updated>2026-11-27T00:00:00Z</updated></entry></feed>`, "2026-09-30T15:00:00Z"},
		"Atom, updated":    {`<feed><entry><updated>2026-10-01T00:00:00Z</updated></entry></feed>`, "2026-10-01T00:00:00Z"},
		"RDF":              {`<rdf:RDF><item><dc:date>2026-10-01T09:00:00+09:00</dc:date></item></rdf:RDF>`, "2026-10-01T00:00:00Z"},
		"dated ahead":      {`<rss><item><pubDate>Thu, 01 Jan 2099 10:00:00 +0000</pubDate></item><item><pubDate>Tue, 03 Nov 2026 10:00:00 +0000</pubDate></item></rss>`, "2026-11-03T10:00:00Z"},
		"nothing in it":    {`<rss></rss>`, "0001-01-01T00:00:00Z"},
		"dates outside":    {`<rss><pubDate>Tue, 03 Nov 2026 10:00:00 +0000</pubDate></rss>`, "0001-01-01T00:00:00Z"},
		"Shift_JIS":        {"<?xml version=\"1.0\" encoding=\"Shift_JIS\"?><rss><item><title>\x93\xfa\x8bL</title><pubDate>Tue, 03 Nov 2026 10:00:00 +0000</pubDate></item></rss>", "2026-11-03T10:00:00Z"},
		"a page":           {`<html><body>2026</body></html>`, ""},
		"cut off":          {`<rss><item><pubDate>Tue, 03 Nov`, ""},
		"no XML":           {`{"items": []}`, ""},
		"nothing":          {``, ""},
		"ends that ran on": {`<rss></item></item><item><pubDate>Tue, 03 Nov 2026 10:00:00 +0000</pubDate></item></rss>`, "2026-11-03T10:00:00Z"},
	} {
		got, err := newestIn([]byte(c.feed), now)
		if said := got.UTC().Format(time.RFC3339); (err != nil) != (c.want == "") || err == nil && said != c.want {
			t.Errorf("%s: %s, %v", name, said, err)
		}
	}
}

// The end moves with the newest post, and is the moment at which the link breaks.
func TestEnd(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := &link{settings: settings{Days: 30}}
		newest := time.Now()
		end := l.judge(newest, newest).Ends[0].At
		time.Sleep(time.Until(end) - time.Second)
		probetest.Expect(t, l.judge(newest, time.Now()), chain.Holds, "")
		time.Sleep(time.Second)
		probetest.Expect(t, l.judge(newest, time.Now()), chain.Broken, "silent")
	})
}

func TestLongFeed(t *testing.T) {
	address := probetest.Serve(t, "tcp", func(c net.Conn) {
		_, _ = io.WriteString(c, "HTTP/1.1 200 OK\r\n\r\n<rss>")
		probetest.Endless("<item/>")(c)
	})
	if p := probetest.Prove(made(t, settings{URL: "http://" + address + "/", Days: 1}), 30*time.Second); p.Verdict != chain.Unproven {
		t.Errorf("%+v", p)
	}
}

func TestSettings(t *testing.T) {
	for _, s := range []settings{{Days: 3}, {URL: "blog", Days: 3}, {URL: "ftp://blog.test/", Days: 3}, {URL: "http://blog.test/", Days: 0}, {URL: "http://blog.test/", Days: 9999},
		{WPConfig: "wp-config.php", Days: 3}, {WPConfig: "/a", URL: "http://blog.test/", Days: 3}} {
		if _, err := build(s, chain.Place{}); err == nil {
			t.Errorf("%+v is taken", s)
		}
	}
}

func FuzzFeed(f *testing.F) {
	for _, s := range []string{"<rss><item><pubDate>Tue, 03 Nov 2026 10:00:00 +0900</pubDate></item></rss>", "<feed><entry><updated>2026-10-01T00:00:00Z</updated></entry></feed>", "<rss><![CDATA[", "<?xml version='1.0' encoding='x'?><rss/>"} {
		f.Add([]byte(s))
	}
	now := time.Date(2026, 11, 28, 0, 0, 0, 0, time.UTC)
	f.Fuzz(func(t *testing.T, b []byte) {
		if at, err := newestIn(b, now); err == nil && at.After(now.Add(ahead)) {
			t.Errorf("%v", at)
		}
	})
}
