package ways_test

import (
	"fmt"
	"time"

	"github.com/omamori-guard/omamori/chain"
	"github.com/omamori-guard/omamori/ways"
)

func Example() {
	g := ways.New(chain.Model{
		Things: []chain.Thing{{Name: "phone"}, {Name: "VPN company"}, {Name: "phone number"}},
		Links: []chain.Link{
			{Name: "firewall", Needs: []string{"VPN company"}},
			{Name: "codes", Needs: []string{"phone"}},
		},
		Goals: []chain.Goal{{Name: "shell", Within: 24 * time.Hour, Ways: []chain.Way{{Links: []string{"firewall"}}}}},
		Mends: []chain.Mend{
			{Name: "name my new address", For: "firewall", Needs: []string{"codes"}, Takes: time.Hour},
			{Name: "call support", For: "codes", Needs: []string{"phone number"}, Takes: 7 * 24 * time.Hour},
		},
	})
	fmt.Println("margin:", g.Margins("shell", ways.State{}).Now.Survives)

	lost := ways.State{Lost: []string{"phone", "VPN company"}}
	fmt.Println("margin:", g.Margins("shell", lost).Now.Survives)
	for _, step := range g.Back("shell", lost).Steps {
		fmt.Println(step.To, step.Mend.Name)
	}
	fmt.Println(g.Cuts("shell", ways.State{}, 2).Sets)
	// Output:
	// margin: 1
	// margin: -1
	// 168h0m0s call support
	// 169h0m0s name my new address
	// [[VPN company codes] [VPN company phone] [codes firewall] [firewall phone]]
}
