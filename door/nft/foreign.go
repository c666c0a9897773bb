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
// connection to a port of TCP, or a packet to one of UDP, from an address that nobody has
// named. It changes nothing.
func (f *Firewall) Obstacles(tcp, udp []uint16) (all []door.Obstacle, err error) {
	c, err := f.conn()
	if err != nil {
		return nil, err
	}
	chains, err := c.ListChains()
	if err != nil {
		return nil, fmt.Errorf("read chains: %w", err)
	}
	var newcomers []newcomer
	for _, port := range tcp {
		newcomers = append(newcomers, newcomer{unix.IPPROTO_TCP, port})
	}
	for _, port := range udp {
		newcomers = append(newcomers, newcomer{unix.IPPROTO_UDP, port})
	}
	ufw := slices.ContainsFunc(chains, func(c *nftables.Chain) bool { return strings.HasPrefix(c.Name, "ufw") })
	for _, chain := range chains {
		if chain.Hooknum == nil || *chain.Hooknum != *nftables.ChainHookInput || chain.Table.Name == TableName {
			continue
		}
		for _, family := range families(chain.Table.Family) {
			for _, n := range newcomers {
				w := &walk{conn: c, chains: chains, family: family, proto: n.proto, port: n.port, sets: map[string][]nftables.SetElement{}}
				if err := w.base(chain); err != nil {
					return nil, err
				}
				if !w.drops {
					continue
				}
				o := door.Obstacle{Where: fmt.Sprintf("%s %s %s", familyName(chain.Table.Family), chain.Table.Name, chain.Name), Port: n.port, Knocks: n.proto == unix.IPPROTO_UDP, Sure: w.sure}
				o.Lines, o.Undo = lines(chain, n, ufw)
				if !slices.ContainsFunc(all, func(other door.Obstacle) bool {
					return other.Where == o.Where && other.Port == o.Port && other.Knocks == o.Knocks
				}) {
					all = append(all, o)
				}
			}
		}
	}
	return all, nil
}

// newcomer is a first packet from a stranger.
type newcomer struct {
	proto byte
	port  uint16
}

func (n newcomer) protocol() string {
	if n.proto == unix.IPPROTO_UDP {
		return "udp"
	}
	return "tcp"
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
func lines(c *nftables.Chain, n newcomer, ufw bool) (do, undo []string) {
	family, port := familyName(c.Table.Family), fmt.Sprintf("%d/%s", n.port, n.protocol())
	switch {
	case ufw && c.Table.Name == "filter" && family != "inet":
		return []string{"ufw prepend allow " + port}, []string{"ufw delete allow " + port}
	case c.Table.Name == "firewalld":
		return []string{"firewall-cmd --permanent --add-port=" + port, "firewall-cmd --reload"},
			[]string{"firewall-cmd --permanent --remove-port=" + port, "firewall-cmd --reload"}
	case c.Table.Name == "filter" && c.Name == "INPUT" && family != "inet":
		program := map[string]string{"ip": "iptables", "ip6": "ip6tables"}[family]
		rule := fmt.Sprintf(" INPUT -p %s --dport %d -j ACCEPT", n.protocol(), n.port)
		return []string{program + " -I" + rule}, []string{program + " -D" + rule}
	}
	return []string{fmt.Sprintf("nft insert rule %s %s %s %s dport %d accept", family, c.Table.Name, c.Name, n.protocol(), n.port)},
		[]string{fmt.Sprintf("nft -a list chain %s %s %s", family, c.Table.Name, c.Name), fmt.Sprintf("nft delete rule %s %s %s handle NUMBER", family, c.Table.Name, c.Name)}
}
