package aws

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/netip"
	"os"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	v4 "github.com/aws/aws-sdk-go-v2/aws/signer/v4"
	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
	accountapi "github.com/aws/aws-sdk-go-v2/service/account"
	"github.com/aws/aws-sdk-go-v2/service/account/types"
	"github.com/aws/smithy-go"
	smithyhttp "github.com/aws/smithy-go/transport/http"

	"github.com/omamori-guard/omamori/cloud"
)

// contact reads what the account has on file. The account is not named: AWS refuses that
// of an account that belongs to no organisation.
func contact(ctx context.Context, a *account, _ cloud.Nothing) (cloud.Contact, error) {
	client := accountapi.NewFromConfig(a.cfg)
	out := cloud.Contact{Others: map[string]cloud.Alternate{}}
	info, err := client.GetContactInformation(ctx, &accountapi.GetContactInformationInput{})
	if err != nil {
		return out, err
	}
	if c := info.ContactInformation; c != nil {
		out.Name, out.Phone = aws.ToString(c.FullName), aws.ToString(c.PhoneNumber)
	}
	for _, t := range types.AlternateContactType("").Values() {
		other, err := client.GetAlternateContact(ctx, &accountapi.GetAlternateContactInput{AlternateContactType: t})
		if isCode(err, "ResourceNotFoundException") {
			continue
		}
		if err != nil {
			return out, err
		}
		if c := other.AlternateContact; c != nil {
			out.Others[strings.ToLower(string(t))] = cloud.Alternate{
				Name: aws.ToString(c.Name), Email: aws.ToString(c.EmailAddress), Phone: aws.ToString(c.PhoneNumber),
			}
		}
	}
	return out, nil
}

func sendCode(ctx context.Context, a *account, _ cloud.Nothing) (cloud.Nothing, error) {
	return cloud.Nothing{}, a.rest(ctx, "SendPhoneNumberVerification", "/sendPhoneNumberVerification", struct{}{})
}

func verifyCode(ctx context.Context, a *account, code string) (cloud.Nothing, error) {
	err := a.rest(ctx, "VerifyPhoneNumber", "/verifyPhoneNumber", struct{ Otp string }{code})
	switch {
	case isCode(err, "ValidationException"), isCode(err, "ResourceNotFoundException"):
		return cloud.Nothing{}, &cloud.Error{Code: cloud.WrongSMS}
	case isCode(err, "ConflictException"):
		return cloud.Nothing{}, &cloud.Error{Code: cloud.NumberChanged}
	}
	return cloud.Nothing{}, err
}

const (
	// accountRegion is where the Account API is, wherever the account's things are.
	accountRegion = "us-east-1"
	maxRest       = 64 << 10
)

// rest calls an action of the Account API that the SDK does not know yet. It is not tried
// again: an SMS that was sent twice has two codes.
func (a *account) rest(ctx context.Context, operation, path string, in any) error {
	body, err := json.Marshal(in)
	if err != nil {
		return err
	}
	base := "https://account." + accountRegion + ".amazonaws.com"
	if a.cfg.BaseEndpoint != nil {
		base = strings.TrimSuffix(*a.cfg.BaseEndpoint, "/")
	}
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, base+path, bytes.NewReader(body))
	if err != nil {
		return err
	}
	r.Header.Set("Content-Type", "application/json")
	who, err := a.cfg.Credentials.Retrieve(ctx)
	if err != nil {
		return err
	}
	sum := sha256.Sum256(body)
	if err := v4.NewSigner().SignHTTP(ctx, who, r, hex.EncodeToString(sum[:]), "account", accountRegion, time.Now()); err != nil {
		return err
	}
	answer, err := a.cfg.HTTPClient.Do(r)
	if err != nil {
		return err
	}
	defer answer.Body.Close()
	b, err := io.ReadAll(io.LimitReader(answer.Body, maxRest))
	if err != nil {
		return err
	}
	if answer.StatusCode/100 == 2 {
		return nil
	}
	return &smithy.OperationError{ServiceID: "Account", OperationName: operation, Err: &awshttp.ResponseError{
		ResponseError: &smithyhttp.ResponseError{Response: &smithyhttp.Response{Response: answer}, Err: restError(answer.Header.Get("X-Amzn-ErrorType"), b)},
	}}
}

// restError reads an error of the Account API.
func restError(code string, body []byte) error {
	code, _, _ = strings.Cut(code, ":")
	var said struct {
		Message string `json:"message"`
		Type    string `json:"__type"`
	}
	if err := json.Unmarshal(body, &said); err != nil && code == "" {
		return errors.New("AWS's answer cannot be read")
	}
	if code == "" {
		code = said.Type[strings.LastIndexByte(said.Type, '#')+1:]
	}
	return &smithy.GenericAPIError{Code: code, Message: said.Message}
}

// checkIP tells whoever asks his address.
const checkIP = "https://checkip.amazonaws.com"

// address asks AWS where this machine's connections come from.
func address(ctx context.Context, _ *account, _ cloud.Nothing) (netip.Addr, error) {
	base := checkIP
	if other := os.Getenv("AWS_ENDPOINT_URL"); other != "" {
		base = other
	}
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, base, nil)
	if err != nil {
		return netip.Addr{}, err
	}
	answer, err := (&http.Client{Timeout: callTime}).Do(r)
	if err != nil {
		return netip.Addr{}, err
	}
	defer answer.Body.Close()
	b, err := io.ReadAll(io.LimitReader(answer.Body, 64))
	if err != nil {
		return netip.Addr{}, err
	}
	ip, err := netip.ParseAddr(strings.TrimSpace(string(b)))
	if err != nil || answer.StatusCode != http.StatusOK {
		return netip.Addr{}, fmt.Errorf("%s did not tell our address", base)
	}
	return ip.Unmap(), nil
}
