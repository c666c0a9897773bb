package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/netip"
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
func prepare(ctx context.Context, o options, log *slog.Logger) error {
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
	byKernel := o.kernel && isKernel(ctx, o.tun) // of before
	if o.kernel && !byKernel {
		err := makeKernel(ctx, o.tun)
		if byKernel = err == nil; err != nil {
			log.Info("no WireGuard of the kernel's: omamori-tunnel will carry the packets", "error", err)
		}
	}
	if !byKernel {
		if err := makeTUN(o.tun, uid); err != nil {
			return err
		}
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
	k, err := loadKernel(o.tun)
	if err != nil {
		return err
	}
	// First: nobody's packets go through this machine only because ours are to.
	if err := command(ctx, rules(o.tun, s.Networks, k), "nft", "-f", "-"); err != nil {
		return err
	}
	return k.forward(o.tun)
}

// makeTUN makes a TUN that stays, for a user.
func makeTUN(name string, uid int) error {
	fd, err := openTUN(name)
	if err != nil {
		return fmt.Errorf("make %s: %w", name, err)
	}
	defer unix.Close(fd)
	if err := unix.IoctlSetInt(fd, unix.TUNSETOWNER, uid); err != nil {
		return err
	}
	return unix.IoctlSetInt(fd, unix.TUNSETPERSIST, 1)
}

// undo takes away what prepare has made, and puts back what it has changed.
func undo(ctx context.Context, o options, _ *slog.Logger) error {
	if o.tun == "" {
		return errors.New("-tun names the device, such as omamori0")
	}
	k, err := loadKernel(o.tun)
	if err != nil {
		return err
	}
	return errors.Join(
		k.restore(), // before the rules go that kept others' packets out
		command(ctx, "table inet omamori_tunnel\ndelete table inet omamori_tunnel\n", "nft", "-f", "-"),
		command(ctx, "", "ip", "link", "delete", o.tun),
	)
}

// rules are a table of our own. With it the tunnel's devices reach the world, but
// neither one another nor what is next to this machine by link alone, and the world
// reaches no device by itself. What they reach of this machine is its firewall's to say.
// Where the kernel forwarded nothing before, it forwards for the tunnel alone. The table
// is replaced whole each time.
func rules(tun string, networks []netip.Prefix, k *kernel) string {
	var nat, others strings.Builder
	for family, sysctl := range map[string]string{"ipv4": forward4, "ipv6": forward6} {
		if k.was(sysctl) == "0" {
			fmt.Fprintf(&others, "\t\tmeta nfproto %s iifname != %[2]q oifname != %[2]q drop\n", family, tun)
		}
	}
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
%[3]s	}
	chain postrouting {
		type nat hook postrouting priority 100; policy accept;
%[2]s	}
}
`, tun, nat.String(), others.String())
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
