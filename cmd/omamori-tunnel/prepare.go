package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/netip"
	"os"
	"os/exec"
	"os/user"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"

	"github.com/omamori-guard/omamori/tunnel"
)

// prepare makes, as root and before serve, a TUN that belongs to the user of serve, and
// has the kernel carry on what comes through it from this machine's own address. All
// that is done with rights is done here, once, and then this process is gone.
func prepare(ctx context.Context, o options, _ *slog.Logger) error {
	s, err := tunnel.Dir(o.dir).Load()
	if err != nil {
		return err
	}
	if o.tun == "" {
		return errors.New("-tun names the device, such as omamori0")
	}
	u, err := user.Lookup(o.user)
	if err != nil {
		return err
	}
	uid, err := strconv.Atoi(u.Uid)
	if err != nil {
		return err
	}
	fd, err := openTUN(o.tun)
	if err != nil {
		return fmt.Errorf("make %s: %w", o.tun, err)
	}
	defer unix.Close(fd)
	if err := unix.IoctlSetInt(fd, unix.TUNSETOWNER, uid); err != nil {
		return err
	}
	if err := unix.IoctlSetInt(fd, unix.TUNSETPERSIST, 1); err != nil {
		return err
	}
	orders := [][]string{{"ip", "link", "set", o.tun, "mtu", strconv.Itoa(s.MTU), "up"}}
	for _, n := range s.Networks {
		orders = append(orders, []string{"ip", "addr", "replace", n.String(), "dev", o.tun})
	}
	for _, order := range orders {
		if err := command(ctx, "", order...); err != nil {
			return err
		}
	}
	for _, name := range []string{"ipv4/ip_forward", "ipv6/conf/all/forwarding"} {
		if err := os.WriteFile("/proc/sys/net/"+name, []byte("1\n"), 0); err != nil {
			return err
		}
	}
	return command(ctx, rules(o.tun, s.Networks), "nft", "-f", "-")
}

// rules are a table of our own. With it the tunnel's devices reach the world, but
// neither one another nor what is next to this machine by link alone, and the world
// reaches no device by itself. What they reach of this machine is its firewall's to say. It
// is replaced whole each time.
func rules(tun string, networks []netip.Prefix) string {
	var nat strings.Builder
	for _, n := range networks {
		family := "ip"
		if n.Addr().Is6() {
			family = "ip6"
		}
		fmt.Fprintf(&nat, "\t\t%s saddr %s oifname != %q masquerade\n", family, n.Masked(), tun)
	}
	return fmt.Sprintf(`table inet omamori_tunnel
delete table inet omamori_tunnel
table inet omamori_tunnel {
	chain forward {
		type filter hook forward priority 0; policy accept;
		iifname %[1]q oifname %[1]q drop
		iifname %[1]q ip daddr 169.254.0.0/16 drop
		iifname %[1]q ip6 daddr { fe80::/10, fd00:ec2::254 } drop
		iifname %[1]q tcp flags syn tcp option maxseg size set rt mtu
		oifname %[1]q tcp flags syn tcp option maxseg size set rt mtu
		oifname %[1]q ct state established,related accept
		oifname %[1]q drop
	}
	chain postrouting {
		type nat hook postrouting priority 100; policy accept;
%[2]s	}
}
`, tun, nat.String())
}

// command runs one of the system's programs.
func command(ctx context.Context, in string, order ...string) error {
	cmd := exec.CommandContext(ctx, order[0], order[1:]...)
	cmd.Stdin = strings.NewReader(in)
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("%s: %w: %s", strings.Join(order, " "), err, bytes.TrimSpace(out))
	}
	return nil
}
