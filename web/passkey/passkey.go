// Package passkey does the steps of passkeys' ceremonies for package signin, by a library
// that would cost the guard its memory all day.
package passkey

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"

	"github.com/go-webauthn/webauthn/protocol"
	"github.com/go-webauthn/webauthn/webauthn"

	"github.com/omamori-guard/omamori/web/signin"
)

// maxJob bounds what is read, in bytes.
const maxJob = 1 << 20

// Main reads one job as JSON, and writes what came of it.
func Main(in io.Reader, out io.Writer) error {
	b, err := io.ReadAll(io.LimitReader(in, maxJob+1))
	if err != nil {
		return err
	}
	var j signin.PasskeyJob
	if len(b) > maxJob {
		err = fmt.Errorf("longer than %d bytes", maxJob)
	} else {
		err = json.Unmarshal(b, &j)
	}
	var r signin.PasskeyResult
	if err == nil {
		r, err = Do(j)
	}
	if err != nil {
		r = signin.PasskeyResult{Error: err.Error()}
	}
	return json.NewEncoder(out).Encode(r)
}

// user is a person as the library wants him.
type user struct {
	id    []byte
	name  string
	creds []webauthn.Credential
}

func (u *user) WebAuthnID() []byte                         { return u.id }
func (u *user) WebAuthnName() string                       { return u.name }
func (u *user) WebAuthnDisplayName() string                { return u.name }
func (u *user) WebAuthnCredentials() []webauthn.Credential { return u.creds }

// Do does one step.
func Do(j signin.PasskeyJob) (r signin.PasskeyResult, err error) {
	w, err := webauthn.New(&webauthn.Config{RPID: j.Host, RPDisplayName: "omamori", RPOrigins: []string{j.Origin}, AttestationPreference: protocol.PreferNoAttestation})
	if err != nil {
		return r, err
	}
	u := &user{id: j.ID, name: j.Name}
	for _, k := range j.Known {
		var c webauthn.Credential
		if err := json.Unmarshal(k, &c); err != nil {
			return r, fmt.Errorf("read a passkey: %w", err)
		}
		u.creds = append(u.creds, c)
	}
	var data webauthn.SessionData
	if len(j.Data) > 0 {
		if err := json.Unmarshal(j.Data, &data); err != nil {
			return r, fmt.Errorf("read the step before: %w", err)
		}
	}
	switch j.Op {
	case signin.BeginIn:
		// Whom it is for the passkey itself says; who holds it is proved by the device.
		options, data, err := w.BeginDiscoverableLogin(webauthn.WithUserVerification(protocol.VerificationRequired))
		if err != nil {
			return r, err
		}
		return begun(options.Response, data)
	case signin.BeginBring:
		options, data, err := w.BeginRegistration(u,
			webauthn.WithAuthenticatorSelection(protocol.AuthenticatorSelection{
				ResidentKey: protocol.ResidentKeyRequirementRequired, RequireResidentKey: protocol.ResidentKeyRequired(), UserVerification: protocol.VerificationRequired,
			}),
			webauthn.WithExclusions(webauthn.Credentials(u.creds).CredentialDescriptors()))
		if err != nil {
			return r, err
		}
		return begun(options.Response, data)
	case signin.FinishIn:
		return finishIn(w, u, data, j.Answer)
	case signin.FinishBring:
		answer, err := protocol.ParseCredentialCreationResponseBytes(j.Answer)
		if err != nil {
			return r, err
		}
		c, err := w.CreateCredential(u, data, answer)
		if err != nil {
			return r, err
		}
		c.Attestation = webauthn.CredentialAttestation{} // which make it is, is nobody's business
		return kept(c)
	}
	return r, fmt.Errorf("no such step: %q", j.Op)
}

func finishIn(w *webauthn.WebAuthn, u *user, data webauthn.SessionData, said []byte) (r signin.PasskeyResult, err error) {
	answer, err := protocol.ParseCredentialRequestResponseBytes(said)
	if err != nil {
		return r, err
	}
	_, c, err := w.ValidatePasskeyLogin(func(_, handle []byte) (webauthn.User, error) {
		if !bytes.Equal(handle, u.id) {
			return nil, errors.New("it is somebody else's")
		}
		return u, nil
	}, data, answer)
	switch {
	case err != nil:
		return r, err
	case c.Authenticator.CloneWarning:
		return r, errors.New("its counter went back: it may have been copied")
	}
	return kept(c)
}

func begun(options any, data *webauthn.SessionData) (r signin.PasskeyResult, err error) {
	if r.Options, err = json.Marshal(options); err != nil {
		return r, err
	}
	r.Data, err = json.Marshal(data)
	return r, err
}

func kept(c *webauthn.Credential) (r signin.PasskeyResult, err error) {
	r.KeyID = c.ID
	r.Passkey, err = json.Marshal(c)
	return r, err
}
