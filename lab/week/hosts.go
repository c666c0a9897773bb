package main

import (
	"fmt"
	"os"
	"os/exec"
)

// The addresses of the story. The router between them is the namespace that we are in.
const (
	atHome  = "203.0.113.10"  // what the owner's own line has today
	atCafe  = "198.51.100.77" // where he is when it comes to the worst
	company = "192.0.2.50"    // the VPN company's server
	rented  = "192.0.2.20"    // the fixed address that he rents there
	server  = "192.0.2.130"
	visitor = "198.51.100.200"
	amazon  = "198.18.0.10"
	desk    = "198.18.1.10" // AWS's support
)

// build makes the hosts and the wires between them, and all that runs there before the blog.
func (s *stage) build() {
	wire := func(host, name, address, gateway string) string {
		return fmt.Sprintf("ip link add %[2]s netns %[1]s type veth peer name %[1]s-%[2]s\nip addr add %[4]s dev %[1]s-%[2]s\nip link set %[1]s-%[2]s up\n"+
			"ip -n %[1]s addr add %[3]s dev %[2]s\n", host, name, address, gateway)
	}
	script := "sysctl -qw net.ipv4.ip_forward=1\nip link set lo up\n"
	for _, host := range []string{"laptop", "company", "server", "visitor", "amazon", "desk"} {
		script += "ip netns add " + host + "\nip -n " + host + " link set lo up\n"
	}
	script += wire("laptop", "home", atHome+"/24", "203.0.113.1/24") + wire("laptop", "cafe", atCafe+"/25", "198.51.100.1/25") +
		wire("company", "eth0", company+"/26", "192.0.2.1/26") + wire("server", "eth0", server+"/26", "192.0.2.129/26") +
		wire("visitor", "eth0", visitor+"/25", "198.51.100.129/25") + wire("amazon", "eth0", amazon+"/24", "198.18.0.1/24") + wire("desk", "eth0", desk+"/24", "198.18.1.1/24")
	for host, gateway := range map[string]string{"company": "192.0.2.1", "server": "192.0.2.129", "visitor": "198.51.100.129", "amazon": "198.18.0.1", "desk": "198.18.1.1"} {
		script += "ip -n " + host + " link set eth0 up\nip -n " + host + " route add default via " + gateway + "\n"
	}
	// What PPP carries, where the kernel has it: a wire to the company, with the rented address.
	script += "ip link add ppp0 netns laptop type veth peer name ppp0 netns company\n" +
		"ip -n laptop addr add " + rented + "/32 dev ppp0\nip -n company addr add 10.9.9.1/32 dev ppp0\nip -n company link set ppp0 up\nip -n company route add " + rented + "/32 dev ppp0\n" +
		"ip netns exec company sysctl -qw net.ipv4.ip_forward=1\nip route add " + rented + "/32 via " + company + "\n"
	if out, err := exec.CommandContext(s.ctx, "sh", "-euc", script).CombinedOutput(); err != nil {
		s.must("make the networks", fmt.Errorf("%w: %s", err, out))
	}
	s.must("laptop", os.MkdirAll(s.path("laptop"), 0o755))
	s.moveHome()
	s.buildCloud()
	s.buildDesk()
	s.buildCompany()
	s.buildSSH()
	s.buildLaptop()
}

func (s *stage) moveHome() {
	s.sh("laptop", "ip link set cafe down; ip link set home up; ip route replace default via 203.0.113.1")
}

func (s *stage) moveToCafe() {
	s.sh("laptop", "ip link set home down; ip link set cafe up; ip route replace default via 198.51.100.1")
}

// vpn connects the laptop to the company or, without up, takes that away.
func (s *stage) vpn(up bool) {
	if up {
		s.sh("laptop", "ip link set ppp0 up; ip route replace "+company+"/32 via 203.0.113.1; ip route replace "+server+"/32 via 10.9.9.1 dev ppp0 onlink src "+rented)
		return
	}
	s.sh("laptop", "ip route del "+server+"/32 dev ppp0; ip route del "+company+"/32; ip link set ppp0 down")
}

// buildCompany starts the company's real pptpd.
func (s *stage) buildCompany() {
	conf := s.write("company/pptpd.conf", "listen "+company+"\nlocalip 10.9.9.1\nremoteip 10.9.9.2-9\npidfile "+s.path("company/pid")+"\n")
	p := s.start("company", "/usr/sbin/pptpd", "--fg", "--conf", conf, "--option", "/dev/null")
	s.wait("pptpd listens", func() bool {
		if p.ended() {
			s.must("pptpd", fmt.Errorf("ended: %s", p))
		}
		c, err := dial(s.ctx, "laptop", company+":1723")
		if err == nil {
			_ = c.Close()
		}
		return err == nil
	})
}
