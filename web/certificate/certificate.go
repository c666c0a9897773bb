// Package certificate gets and renews the page's certificate by ACME, through a record in
// the DNS, with libraries that would cost the guard their memory all day.
package certificate

import (
	"context"
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"slices"
	"time"

	"github.com/caddyserver/certmagic"
	"github.com/mholt/acmez/v3"
	"github.com/mholt/acmez/v3/acme"

	"github.com/omamori-guard/omamori/probe"
	"github.com/omamori-guard/omamori/web/signin"
)

// Bounds: of a job and of each answer of the issuer's, in bytes; of each request, of the
// waiting until the record is to be seen, of one order, and of all.
const (
	maxJob      = 1 << 20
	maxAnswer   = 1 << 20
	requestTime = 30 * time.Second
	seenTime    = 10 * time.Minute
	orderTime   = 5 * time.Minute
	allTime     = 25 * time.Minute
)

// client does jobs. Its times are shorter in tests.
type client struct {
	job                   signin.CertificateJob
	request, seen, answer time.Duration // answer is how long a name server may take
}

// Main reads one job as JSON, and writes what came of it.
func Main(ctx context.Context, in io.Reader, out io.Writer) error {
	b, err := io.ReadAll(io.LimitReader(in, maxJob+1))
	if err != nil {
		return err
	}
	var j signin.CertificateJob
	if len(b) > maxJob {
		return fmt.Errorf("longer than %d bytes", maxJob)
	}
	if err := json.Unmarshal(b, &j); err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, allTime)
	defer cancel()
	c := &client{job: j, request: requestTime, seen: seenTime, answer: answerTime}
	return json.NewEncoder(out).Encode(c.do(ctx, time.Now()))
}

// failure is why there is no new certificate, with its code.
type failure struct {
	code string
	err  error
}

func (f *failure) Error() string { return f.code + ": " + f.err.Error() }
func (f *failure) Unwrap() error { return f.err }

func failed(code string, err error) error { return &failure{code, err} }

// do renews the certificate if it is time. Whatever fails, the one that is there stays.
func (c *client) do(ctx context.Context, now time.Time) (r signin.CertificateResult) {
	old := c.old()
	r.First = old == nil
	if old != nil {
		r.Until = old.Leaf.NotAfter
	}
	if err := c.renew(ctx, now, old, &r); err != nil {
		r.Failed, r.Detail = "issuer", probe.Quote([]byte(err.Error()))
		if f, ok := errors.AsType[*failure](err); ok {
			r.Failed, r.Detail = f.code, probe.Quote([]byte(f.err.Error()))
		}
	}
	return r
}

// old is the certificate that is there, nil for none that could be served.
func (c *client) old() *tls.Certificate {
	pair, err := tls.LoadX509KeyPair(c.job.ACME.File, c.job.ACME.File)
	if err != nil {
		return nil
	}
	return &pair
}

// due reports whether a certificate is to be renewed: in the last third of its life, or
// when it is not for the names that are wanted.
func due(leaf *x509.Certificate, names []string, now time.Time) bool {
	life := leaf.NotAfter.Sub(leaf.NotBefore)
	return leaf.NotAfter.Sub(now) < life/3 || !slices.Equal(slices.Sorted(slices.Values(leaf.DNSNames)), slices.Sorted(slices.Values(names)))
}

func (c *client) renew(ctx context.Context, now time.Time, old *tls.Certificate, r *signin.CertificateResult) error {
	s, err := openStore(c.job.ACME.File)
	if err != nil {
		return failed("folder", err)
	}
	defer s.close()
	a, err := c.issuer()
	if err != nil {
		return err
	}
	if old != nil && !due(old.Leaf, c.job.Names, now) && !recalled(ctx, a, old.Leaf, now) {
		return nil
	}
	provider, err := c.provider()
	if err != nil {
		return failed("secret", err)
	}
	a.ChallengeSolvers = map[string]acmez.Solver{acme.ChallengeTypeDNS01: &solver{certmagic.DNS01Solver{DNSManager: certmagic.DNSManager{
		DNSProvider: provider, Resolvers: slices.Clone(c.job.ACME.DNS.Resolvers), PropagationTimeout: c.seen,
	}}}}
	// A full disk is found out before the issuer is asked, who grants only so many in a week.
	to, err := s.reserve()
	if err != nil {
		return failed("disk", err)
	}
	defer to.drop()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return err
	}
	account, err := c.account(ctx, a, s)
	if err != nil {
		return err
	}
	chain, err := order(ctx, a, account, key, c.job.Names, old)
	if err != nil {
		return err
	}
	both, leaf, err := check(chain, key, c.job.Names, now)
	if err != nil {
		return failed("answer", err)
	}
	if err := to.keep(both); err != nil {
		return failed("disk", err)
	}
	r.Until, r.Renewed = leaf.NotAfter, true
	return nil
}

// issuer is who issues certificates, with bounds on what he may say.
func (c *client) issuer() (*acmez.Client, error) {
	t := &http.Transport{
		Proxy: http.ProxyFromEnvironment, TLSHandshakeTimeout: c.request, ResponseHeaderTimeout: c.request,
		MaxResponseHeaderBytes: 64 << 10, TLSClientConfig: &tls.Config{MinVersion: tls.VersionTLS12},
		ForceAttemptHTTP2: true,
	}
	if c.job.ACME.CA != "" {
		b, err := probe.ReadFile(c.job.ACME.CA, maxAnswer)
		if err != nil {
			return nil, failed("ca", err)
		}
		if t.TLSClientConfig.RootCAs = x509.NewCertPool(); !t.TLSClientConfig.RootCAs.AppendCertsFromPEM(b) {
			return nil, failed("ca", errors.New(c.job.ACME.CA))
		}
	}
	return &acmez.Client{Client: &acme.Client{
		Directory: c.job.ACME.Directory, UserAgent: "omamori-certificate", PollTimeout: orderTime,
		HTTPClient: &http.Client{Transport: bounded{t}, Timeout: c.request},
	}}, nil
}

// bounded lets nobody answer at more length than could be meant.
type bounded struct{ http.RoundTripper }

func (b bounded) RoundTrip(r *http.Request) (*http.Response, error) {
	res, err := b.RoundTripper.RoundTrip(r)
	if err == nil {
		res.Body = http.MaxBytesReader(nil, res.Body, maxAnswer)
	}
	return res, err
}

// solver says of its own failures what they are.
type solver struct{ certmagic.DNS01Solver }

var _ acmez.Waiter = (*solver)(nil)

func (s *solver) Present(ctx context.Context, ch acme.Challenge) error {
	err := s.DNS01Solver.Present(ctx, ch)
	if err != nil && !rejected(err) {
		return failed("zone", err)
	}
	return err
}

func (s *solver) Wait(ctx context.Context, ch acme.Challenge) error {
	if err := s.DNS01Solver.Wait(ctx, ch); err != nil {
		return failed("unseen", err)
	}
	return nil
}

// recalled reports whether the issuer wants a certificate to be renewed now, as before
// he revokes it. Not every issuer says.
func recalled(ctx context.Context, a *acmez.Client, leaf *x509.Certificate, now time.Time) bool {
	info, err := a.GetRenewalInfo(ctx, leaf)
	return err == nil && !info.SuggestedWindow.Start.IsZero() && now.After(info.SuggestedWindow.Start)
}

// account is the one under which certificates are ordered. The issuer knows it by its key:
// it is made where he does not.
func (c *client) account(ctx context.Context, a *acmez.Client, s *store) (acme.Account, error) {
	key, err := s.accountKey()
	if err != nil {
		return acme.Account{}, failed("disk", err)
	}
	account := acme.Account{TermsOfServiceAgreed: c.job.ACME.Agree, PrivateKey: key}
	if c.job.ACME.Email != "" {
		account.Contact = []string{"mailto:" + c.job.ACME.Email}
	}
	made, err := a.NewAccount(ctx, account)
	if err != nil {
		return acme.Account{}, asked(err)
	}
	return made, nil
}

// order has the issuer sign a key for names, and gives the chain that he has signed.
func order(ctx context.Context, a *acmez.Client, account acme.Account, key crypto.Signer, names []string, old *tls.Certificate) ([]byte, error) {
	der, err := x509.CreateCertificateRequest(rand.Reader, &x509.CertificateRequest{DNSNames: names}, key)
	if err != nil {
		return nil, err
	}
	csr, err := x509.ParseCertificateRequest(der)
	if err != nil {
		return nil, err
	}
	params, err := acmez.OrderParametersFromCSR(account, csr)
	if err != nil {
		return nil, err
	}
	if old != nil {
		params.Replaces = old.Leaf
	}
	chains, err := a.ObtainCertificate(ctx, params)
	if problem, ok := errors.AsType[acme.Problem](err); ok && old != nil && problem.Type != acme.ProblemTypeRateLimited && !rejected(err) {
		// One from another issuer, or that was replaced already, is not to be named.
		params.Replaces = nil
		chains, err = a.ObtainCertificate(ctx, params)
	}
	if err != nil {
		return nil, asked(err)
	}
	if len(chains) == 0 {
		return nil, failed("answer", errors.New("no certificate"))
	}
	return chains[0].ChainPEM, nil
}

// rejected reports whether it was the record that failed.
func rejected(err error) bool {
	_, ours := errors.AsType[*failure](err)
	return ours
}

// asked names what went wrong while the issuer was asked: his word, ours with the DNS, or
// nobody's.
func asked(err error) error {
	if rejected(err) {
		return err
	}
	if problem, ok := errors.AsType[acme.Problem](err); ok {
		if problem.Type == acme.ProblemTypeRateLimited {
			return failed("often", err)
		}
		return failed("issuer", err)
	}
	if _, ok := errors.AsType[*http.MaxBytesError](err); ok {
		return failed("answer", err)
	}
	return failed("unreached", err)
}

// check says whether a chain is what was ordered, and gives it with its key as PEM.
func check(chain []byte, key *ecdsa.PrivateKey, names []string, now time.Time) (both []byte, leaf *x509.Certificate, err error) {
	der, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		return nil, nil, err
	}
	private := pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der})
	pair, err := tls.X509KeyPair(chain, private)
	if err != nil {
		return nil, nil, err
	}
	for _, n := range names {
		if err := pair.Leaf.VerifyHostname(n); err != nil {
			return nil, nil, err
		}
	}
	if now.After(pair.Leaf.NotAfter) {
		return nil, nil, fmt.Errorf("it ended on %s", pair.Leaf.NotAfter.UTC().Format(time.RFC3339))
	}
	// Written anew: nothing else that the answer held goes into the file.
	for _, c := range pair.Certificate {
		both = append(both, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: c})...)
	}
	return append(both, private...), pair.Leaf, nil
}

// unreadable is an error of a file that is there.
func unreadable(err error) bool { return err != nil && !errors.Is(err, os.ErrNotExist) }
