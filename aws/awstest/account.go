package awstest

import (
	"encoding/json"
	"fmt"
	"strings"
)

// Contact is what the account has on file.
type Contact struct {
	FullName, Phone string
	// Others are the alternate contacts by type: BILLING, OPERATIONS, SECURITY.
	Others map[string]Alternate
	// Code is the one that was sent by SMS last, "" for none; Verified says that it
	// came back.
	Code     string
	Verified bool
}

// Alternate is one more contact of the account.
type Alternate struct{ Name, Title, EmailAddress, PhoneNumber string }

// SetContact changes what is on file.
func (c *Cloud) SetContact(to Contact) { c.mu.Lock(); c.contact = to; c.mu.Unlock() }

// Contact tells what is on file; Code is the SMS that the owner has got.
func (c *Cloud) Contact() Contact {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.contact
}

// ask checks a request of the Account API, of a standalone account.
func (k *call) ask(action string, in any) error {
	if err := json.Unmarshal(k.body, in); err != nil {
		return &Fault{400, "ValidationException", err.Error()}
	}
	if strings.Contains(string(k.body), `"AccountId"`) {
		return &Fault{403, "AccessDeniedException", "User: " + k.who.arn + " is not authorized to perform: " + action + " (The management account or standalone accounts must not name AccountId)"}
	}
	return k.may(action, "arn:aws:account::"+Account+":account")
}

func (k *call) contactInformation() (string, error) {
	if err := k.ask("account:GetContactInformation", &struct{}{}); err != nil {
		return "", err
	}
	b, err := json.Marshal(map[string]any{"ContactInformation": map[string]string{
		"FullName": k.contact.FullName, "PhoneNumber": k.contact.Phone, "AddressLine1": "1-1", "City": "Chiyoda", "CountryCode": "JP", "PostalCode": "100-0001",
	}})
	return string(b), err
}

func (k *call) alternateContact() (string, error) {
	var in struct{ AlternateContactType string }
	if err := k.ask("account:GetAlternateContact", &in); err != nil {
		return "", err
	}
	a, ok := k.contact.Others[in.AlternateContactType]
	if !ok {
		return "", &Fault{404, "ResourceNotFoundException", "No contact of the inputted alternate contact type found."}
	}
	b, err := json.Marshal(map[string]any{"AlternateContact": map[string]string{
		"AlternateContactType": in.AlternateContactType, "Name": a.Name, "Title": a.Title, "EmailAddress": a.EmailAddress, "PhoneNumber": a.PhoneNumber,
	}})
	return string(b), err
}

func (k *call) sendVerification() (string, error) {
	if err := k.ask("account:SendPhoneNumberVerification", &struct{}{}); err != nil {
		return "", err
	}
	k.last++
	k.contact.Code, k.contact.Verified = fmt.Sprintf("%06d", 100000+k.last), false
	return "", nil
}

func (k *call) verifyPhone() (string, error) {
	var in struct{ Otp string }
	if err := k.ask("account:VerifyPhoneNumber", &in); err != nil {
		return "", err
	}
	if k.contact.Code == "" || in.Otp != k.contact.Code {
		return "", &Fault{400, "ValidationException", "The verification code is incorrect or has expired."}
	}
	k.contact.Code, k.contact.Verified = "", true
	return "", nil
}

// SetSpend changes what this month has cost so far, in US dollars.
func (c *Cloud) SetSpend(dollars float64) { c.mu.Lock(); c.spend = dollars; c.mu.Unlock() }

func (k *call) costAndUsage() (string, error) {
	if err := k.may("ce:GetCostAndUsage", "*"); err != nil {
		return "", err
	}
	var in struct {
		Granularity string
		Metrics     []string
		TimePeriod  struct{ Start, End string }
	}
	if err := json.Unmarshal(k.body, &in); err != nil {
		return "", &Fault{400, "SerializationException", err.Error()}
	}
	if in.TimePeriod.Start >= in.TimePeriod.End || in.Granularity != "MONTHLY" || len(in.Metrics) != 1 || in.Metrics[0] != "UnblendedCost" {
		return "", &Fault{400, "ValidationException", "Start date (and hour) should be before end date (and hour)"}
	}
	b, err := json.Marshal(map[string]any{"ResultsByTime": []any{map[string]any{
		"TimePeriod": in.TimePeriod, "Estimated": true,
		"Total": map[string]any{"UnblendedCost": map[string]string{"Amount": fmt.Sprintf("%.10f", k.spend), "Unit": "USD"}},
	}}})
	return string(b), err
}
