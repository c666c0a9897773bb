package tls

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"net"
	"net/netip"
)

// mostAddresses is how many addresses of one host are asked.
const mostAddresses = 8

// variants are what clients offer: a server may have a certificate for each sort of key,
// and show the one or the other.
func variants() []*tls.Config {
	return []*tls.Config{
		{},
		{MinVersion: tls.VersionTLS12, MaxVersion: tls.VersionTLS12, CipherSuites: []uint16{
			tls.TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256, tls.TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384, tls.TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256}},
		{MinVersion: tls.VersionTLS12, MaxVersion: tls.VersionTLS12, CipherSuites: []uint16{
			tls.TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256, tls.TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384, tls.TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256}},
	}
}

// served lists the chains that are shown for a name: at each address of the host, and at
// the first that answers to each sort of client. What does not answer is passed over where
// something else does, as not every machine can reach every address.
func (l *link) served(ctx context.Context, name string) (chains [][]*x509.Certificate, failed error) {
	add := func(certs []*x509.Certificate) {
		for _, c := range chains {
			if sameChain(c, certs) {
				return
			}
		}
		chains = append(chains, certs)
	}
	for _, address := range l.addresses(ctx) {
		first := len(chains) == 0
		for i, config := range variants() {
			certs, err := shake(ctx, address, name, config)
			if err != nil {
				if failed == nil {
					failed = err
				}
				if i == 0 { // nobody is there, or speaks no TLS
					break
				}
				continue // it has no such certificate
			}
			add(certs)
			if !first {
				break
			}
		}
		if ctx.Err() != nil {
			break
		}
	}
	return chains, failed
}

// addresses lists where the host is; the host itself where that cannot be found out, so
// that dialling tells why.
func (l *link) addresses(ctx context.Context) []string {
	host, port, _ := net.SplitHostPort(l.settings.Address) // build has seen to it
	if _, err := netip.ParseAddr(host); err == nil {
		return []string{l.settings.Address}
	}
	ips, err := net.DefaultResolver.LookupNetIP(ctx, "ip", host)
	if err != nil || len(ips) == 0 {
		return []string{l.settings.Address}
	}
	var all []string
	for _, ip := range ips[:min(len(ips), mostAddresses)] {
		all = append(all, net.JoinHostPort(ip.Unmap().String(), port))
	}
	return all
}

func sameChain(a, b []*x509.Certificate) bool {
	if len(a) != len(b) {
		return false
	}
	for i := range a {
		if !a[i].Equal(b[i]) {
			return false
		}
	}
	return true
}
