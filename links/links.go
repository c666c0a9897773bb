// Package links is the register of kinds: the one place where they are listed.
package links

import (
	"fmt"

	"github.com/omamori-guard/omamori/chain"
	"github.com/omamori-guard/omamori/links/address"
	"github.com/omamori-guard/omamori/links/awscontact"
	"github.com/omamori-guard/omamori/links/awsdevices"
	"github.com/omamori-guard/omamori/links/awseic"
	"github.com/omamori-guard/omamori/links/awskey"
	"github.com/omamori-guard/omamori/links/awslb"
	"github.com/omamori-guard/omamori/links/awsmfa"
	"github.com/omamori-guard/omamori/links/awsphone"
	"github.com/omamori-guard/omamori/links/awsserial"
	"github.com/omamori-guard/omamori/links/awssg"
	"github.com/omamori-guard/omamori/links/awsssm"
	"github.com/omamori-guard/omamori/links/awsusage"
	"github.com/omamori-guard/omamori/links/backup"
	"github.com/omamori-guard/omamori/links/cadence"
	"github.com/omamori-guard/omamori/links/card"
	"github.com/omamori-guard/omamori/links/channel"
	"github.com/omamori-guard/omamori/links/claim"
	"github.com/omamori-guard/omamori/links/clock"
	"github.com/omamori-guard/omamori/links/contract"
	"github.com/omamori-guard/omamori/links/disk"
	"github.com/omamori-guard/omamori/links/domain"
	"github.com/omamori-guard/omamori/links/ec2"
	"github.com/omamori-guard/omamori/links/eol"
	"github.com/omamori-guard/omamori/links/exec"
	"github.com/omamori-guard/omamori/links/firewall"
	"github.com/omamori-guard/omamori/links/fixedaddress"
	"github.com/omamori-guard/omamori/links/http"
	"github.com/omamori-guard/omamori/links/keyage"
	"github.com/omamori-guard/omamori/links/kit"
	"github.com/omamori-guard/omamori/links/knock"
	"github.com/omamori-guard/omamori/links/mailbox"
	"github.com/omamori-guard/omamori/links/memory"
	"github.com/omamori-guard/omamori/links/mysql"
	"github.com/omamori-guard/omamori/links/notice"
	"github.com/omamori-guard/omamori/links/phonechanged"
	"github.com/omamori-guard/omamori/links/phpfpm"
	"github.com/omamori-guard/omamori/links/presence"
	"github.com/omamori-guard/omamori/links/process"
	"github.com/omamori-guard/omamori/links/ssh"
	"github.com/omamori-guard/omamori/links/tcp"
	"github.com/omamori-guard/omamori/links/tls"
	"github.com/omamori-guard/omamori/links/totp"
	"github.com/omamori-guard/omamori/links/tunnel"
	"github.com/omamori-guard/omamori/links/updates"
	"github.com/omamori-guard/omamori/links/vpn"
	"github.com/omamori-guard/omamori/links/vpnclient"
	"github.com/omamori-guard/omamori/links/wordpress"
)

// All returns every kind, in the order in which people are told of them.
func All() []chain.Kind {
	kinds := []chain.Kind{
		process.Kind(),
		mysql.Kind(),
		phpfpm.Kind(),
		http.Kind(),
		wordpress.Kind(),
		tls.Kind(),
		tcp.Kind(),
		ssh.Kind(),
		tunnel.Kind(),
		vpn.Kind(),
		vpnclient.Kind(),
		fixedaddress.Kind(),
		firewall.Kind(),
		knock.Kind(),
		address.Kind(),
		disk.Kind(),
		memory.Kind(),
		exec.Kind(),
		awssg.Kind(),
		ec2.Kind(),
		awslb.Kind(),
		awsssm.Kind(),
		awseic.Kind(),
		awsserial.Kind(),
		awsmfa.Kind(),
		awsdevices.Kind(),
		awscontact.Kind(),
		awsphone.Kind(),
		awskey.Kind(),
		awsusage.Kind(),
		clock.Kind(),
		mailbox.Kind(),
		claim.Kind(),
		totp.Kind(),
		kit.Kind(),
		notice.Kind(),
		channel.Kind(),
		presence.Kind(),
		domain.Kind(),
		card.Kind(),
		contract.Kind(),
		keyage.Kind(),
		phonechanged.Kind(),
		eol.Kind(),
		updates.Kind(),
		backup.Kind(),
		cadence.Kind(),
	}
	if name := twice(kinds); name != "" {
		panic(fmt.Sprintf("links: the kind %s is registered twice", name))
	}
	return kinds
}

// twice returns a name that two kinds have, "" if there is none.
func twice(kinds []chain.Kind) string {
	seen := make(map[string]bool, len(kinds))
	for _, k := range kinds {
		if seen[k.Name] {
			return k.Name
		}
		seen[k.Name] = true
	}
	return ""
}
