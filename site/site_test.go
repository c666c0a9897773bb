package site

import (
	"context"
	"os"
	"testing"

	"github.com/omamori-guard/omamori/chain"
	"github.com/omamori-guard/omamori/words"
)

func TestTry(t *testing.T) {
	o := Options{Dir: os.Getenv("TRYDIR"), Address: "127.0.0.1:18080", Lang: "ja", Sample: true, GuardUser: "nobody", HandsBinary: "/tmp/sitebin/omamori-hands",
		Progress: func(x chain.Text) { t.Log(words.English.Say(x)) }}
	i, err := Up(context.Background(), o)
	if err != nil {
		if p, ok := err.(*Problem); ok {
			_, h := p.Said()
			t.Log(words.English.Say(h))
		}
		t.Fatal(err)
	}
	t.Logf("%+v", i)
}
