package nft

import (
	"fmt"
	"os"
	"slices"
	"strings"

	"github.com/google/nftables"
	"golang.org/x/sys/unix"

	"github.com/omamori-guard/omamori/door"
)

// Obstacles reads all rules of the host, and finds those that would keep out a
// connection from an address that nobody has named. It changes nothing.
func (f *Firewall) Obstacles(ports []uint16) (all []door.Obstacle, err error) {
	c, err := f.conn()
	if err != nil {
		return nil, err
	}
	chains, err := c.ListChains()
	if err != nil {
		return nil, fmt.Errorf("read chains: %w", err)
	}
	ufw := slices.ContainsFunc(chains, func(c *nftables.Chain) bool { return strings.HasPrefix(c.Name, "ufw") })
	for _, chain := range chains {
		if chain.Hooknum == nil || *chain.Hooknum != *nftables.ChainHookInput || chain.Table.Name == TableName {
			continue
		}
		for _, family := range families(chain.Table.Family) {
			for _, port := range ports {
				w := &walk{conn: c, chains: chains, family: family, port: port, sets: map[string][]nftables.SetElement{}}
				if err := w.base(chain); err != nil {
					return nil, err
				}
				if !w.drops {
					continue
				}
				o := door.Obstacle{Where: fmt.Sprintf("%s %s %s", familyName(chain.Table.Family), chain.Table.Name, chain.Name), Port: port, Sure: w.sure}
				o.Lines, o.Undo = lines(chain, port, ufw)
				if !slices.ContainsFunc(all, func(other door.Obstacle) bool { return other.Where == o.Where && other.Port == port }) {
					all = append(all, o)
				}
			}
		}
	}
	return all, nil
}

// Legacy lists the tables that the old iptables has, whose rules cannot be read here.
func Legacy() (tables []string) {
	for _, path := range []string{"/proc/net/ip_tables_names", "/proc/net/ip6_tables_names"} {
		b, err := os.ReadFile(path)
		if err == nil && slices.Contains(strings.Fields(string(b)), "filter") {
			tables = append(tables, strings.TrimSuffix(strings.TrimPrefix(path, "/proc/net/"), "_names"))
		}
	}
	return tables
}

func families(f nftables.TableFamily) []byte {
	switch f {
	case nftables.TableFamilyINet:
		return []byte{unix.NFPROTO_IPV4, unix.NFPROTO_IPV6}
	case nftables.TableFamilyIPv4:
		return []byte{unix.NFPROTO_IPV4}
	case nftables.TableFamilyIPv6:
		return []byte{unix.NFPROTO_IPV6}
	}
	return nil
}

func familyName(f nftables.TableFamily) string {
	switch f {
	case nftables.TableFamilyIPv4:
		return "ip"
	case nftables.TableFamilyIPv6:
		return "ip6"
	}
	return "inet"
}

// lines are what to type, for whatever made the chain.
func lines(c *nftables.Chain, port uint16, ufw bool) (do, undo []string) {
	family := familyName(c.Table.Family)
	switch {
	case ufw && c.Table.Name == "filter" && family != "inet":
		return []string{fmt.Sprintf("ufw insert 1 allow %d/tcp", port)}, []string{fmt.Sprintf("ufw delete allow %d/tcp", port)}
	case c.Table.Name == "firewalld":
		return []string{fmt.Sprintf("firewall-cmd --permanent --add-port=%d/tcp", port), "firewall-cmd --reload"},
			[]string{fmt.Sprintf("firewall-cmd --permanent --remove-port=%d/tcp", port), "firewall-cmd --reload"}
	case c.Table.Name == "filter" && c.Name == "INPUT" && family != "inet":
		program := map[string]string{"ip": "iptables", "ip6": "ip6tables"}[family]
		rule := fmt.Sprintf(" INPUT -p tcp --dport %d -j ACCEPT", port)
		return []string{program + " -I" + rule}, []string{program + " -D" + rule}
	}
	return []string{fmt.Sprintf("nft insert rule %s %s %s tcp dport %d accept", family, c.Table.Name, c.Name, port)},
		[]string{fmt.Sprintf("nft -a list chain %s %s %s", family, c.Table.Name, c.Name), fmt.Sprintf("nft delete rule %s %s %s handle NUMBER", family, c.Table.Name, c.Name)}
}
