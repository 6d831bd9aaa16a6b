package ownersecrets_test

import (
	"context"
	"errors"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ssm"
	"github.com/aws/aws-sdk-go-v2/service/ssm/types"
	"github.com/aws/smithy-go"
	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/guanzhu/guanzhu/internal/ownersecrets"
	"github.com/guanzhu/guanzhu/pkg/secrets"
)

const (
	allJSON   = `{"token": "token1value", "app_secret": "appsecret1value", "link_key": "linkkey1value", "previous": {"token": "token0value"}}`
	otherJSON = `{"token":"token2value","app_secret":"appsecret2value"}`
)

var (
	all    = secrets.Secrets{Token: "token1value", AppSecret: "appsecret1value", LinkKey: "linkkey1value", PreviousToken: "token0value"}
	other  = secrets.Secrets{Token: "token2value", AppSecret: "appsecret2value"}
	denied = &smithy.GenericAPIError{Code: "AccessDeniedException", Message: "not authorized"}
)

// reader is a Reader that answers with err or, if err is nil, with parameter.
type reader struct {
	parameter types.Parameter
	err       error
	calls     int
}

// answers returns a Reader that gives one answer, JSON or an error.
func answers(answer any) *reader {
	if err, ok := answer.(error); ok {
		return &reader{err: err}
	}
	return &reader{parameter: types.Parameter{Value: aws.String(answer.(string)), Type: types.ParameterTypeSecureString, Version: 7}}
}

func (r *reader) GetParameter(_ context.Context, in *ssm.GetParameterInput, _ ...func(*ssm.Options)) (*ssm.GetParameterOutput, error) {
	r.calls++
	if !aws.ToBool(in.WithDecryption) {
		return nil, errors.New("the value is not asked for in clear")
	}
	if r.err != nil {
		return nil, r.err
	}
	return &ssm.GetParameterOutput{Parameter: &r.parameter}, nil
}

// writer is a Writer that answers with err or, if err is nil, with version.
type writer struct {
	version int64
	err     error
	got     *ssm.PutParameterInput
}

func (w *writer) PutParameter(_ context.Context, in *ssm.PutParameterInput, _ ...func(*ssm.Options)) (*ssm.PutParameterOutput, error) {
	w.got = in
	if w.err != nil {
		return nil, w.err
	}
	return &ssm.PutParameterOutput{Version: w.version}, nil
}

func TestRead(t *testing.T) {
	t.Parallel()
	const name = "/guanzhu/secrets"
	s, version, err := ownersecrets.Read(t.Context(), answers(allJSON), name)
	if s != all || version != 7 || err != nil {
		t.Errorf("other secrets than the parameter, or version %d, error %v", version, err)
	}
	s, version, err = ownersecrets.Read(t.Context(), answers(&types.ParameterNotFound{}), name)
	if s != (secrets.Secrets{}) || version != 0 || err != nil {
		t.Errorf("without a parameter: version %d, error %v", version, err)
	}
	text := answers(allJSON)
	text.parameter.Type = types.ParameterTypeString
	for want, m := range map[string]*reader{
		"allow your AWS user or role ssm:GetParameter": answers(denied),
		"stored in clear":                         text,
		"aws ssm delete-parameter --name " + name: answers(`{"token":"HIDE"}`),
	} {
		s, version, err := ownersecrets.Read(t.Context(), m, name)
		if err == nil || !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), "HIDE") || version != 0 || s != (secrets.Secrets{}) {
			t.Errorf("%s: version %d, error %v", want, version, err)
		}
	}
}

func TestWrite(t *testing.T) {
	t.Parallel()
	for _, was := range []int64{0, 6} {
		w := &writer{version: was + 1}
		version, err := ownersecrets.Write(t.Context(), w, "/guanzhu/secrets", other, was)
		if err != nil || version != was+1 {
			t.Errorf("version %d, error %v", version, err)
		}
		want := &ssm.PutParameterInput{
			Name: aws.String("/guanzhu/secrets"), Value: aws.String(otherJSON), Type: types.ParameterTypeSecureString,
			KeyId: aws.String("alias/aws/ssm"), Tier: types.ParameterTierStandard, Overwrite: aws.Bool(was > 0),
		}
		if diff := cmp.Diff(want, w.got, cmpopts.IgnoreUnexported(ssm.PutParameterInput{})); diff != "" {
			t.Errorf("request (-want +got):\n%s", diff)
		}
	}
}

func TestWriteFails(t *testing.T) {
	t.Parallel()
	code := func(code, message string) error { return &smithy.GenericAPIError{Code: code, Message: message} }
	tests := []struct {
		name   string
		err    error
		change func(*secrets.Secrets)
		want   string
	}{
		{"no permission", code("AccessDeniedException", "no"), nil, "allow your AWS user or role ssm:PutParameter on it, and kms:Encrypt"},
		{"it exists by now", &types.ParameterAlreadyExists{}, nil, "run this again"},
		{"another one", code("HierarchyLevelLimitExceededException", "15"), nil, "HierarchyLevelLimitExceededException"},
		{"one that quotes", code("ValidationException", "Value '"+otherJSON+"' failed"), nil, "ValidationException"},
		{"one that quotes the AI key", errors.New("cannot send HIDE_ai"), func(s *secrets.Secrets) { s.AIKey = "HIDE_ai" }, "its text contains a secret"},
		{"one that quotes the link key", errors.New("cannot send HIDE_link"), func(s *secrets.Secrets) { s.LinkKey = "HIDE_link" }, "its text contains a secret"},
		{"one that quotes, not of AWS", errors.New("cannot send " + otherJSON), nil, "its text contains a secret"},
		{"too large", nil, func(s *secrets.Secrets) { s.AppSecret = strings.Repeat("HIDE", 1100) }, "a parameter holds 4096"},
		{"no secrets", nil, func(s *secrets.Secrets) { s.Token = "" }, "token is missing"},
		{"another write in between", nil, nil, "version 9 instead of 7"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			s := other
			if tt.change != nil {
				tt.change(&s)
			}
			_, err := ownersecrets.Write(t.Context(), &writer{err: tt.err, version: 9}, "/guanzhu/secrets", s, 6)
			if err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Fatalf("the error is %v, want %q in it", err, tt.want)
			}
			for _, value := range []string{"HIDE", other.Token, other.AppSecret} {
				if strings.Contains(err.Error(), value) {
					t.Errorf("the error shows a value: %v", err)
				}
			}
		})
	}
}

func TestParameterNames(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"", "guanzhu", "/", "/guanzhu/", "/a b", "ssm:/guanzhu/prod"} {
		w, m := &writer{}, answers(allJSON)
		if _, err := ownersecrets.Write(t.Context(), w, name, other, 0); err == nil || w.got != nil {
			t.Errorf("%q is written", name)
		}
		if _, _, err := ownersecrets.Read(t.Context(), m, name); err == nil || m.calls != 0 {
			t.Errorf("%q is read", name)
		}
	}
}
