// Package parameterstore reads the account's secrets from the Parameter Store of AWS Systems Manager, where they are one
// SecureString.
//
// No error or log line of this package contains the value of a secret.
package parameterstore

import (
	"context"
	"strings"

	"github.com/guanzhu/guanzhu/internal/bilingual"
	"github.com/guanzhu/guanzhu/pkg/secrets"
)

// A Reader reads one parameter and decrypts it. A *Client is a Reader.
// https://docs.aws.amazon.com/systems-manager/latest/APIReference/API_GetParameter.html
type Reader interface {
	GetParameter(ctx context.Context, name string) (Parameter, error)
}

// Parameter is what is stored under a name. Type is String, StringList or SecureString.
type Parameter struct {
	Value   string
	Type    string
	Version int64
}

const nameCharacters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_.-"

// CheckName returns an error that says how the name of a parameter must look, or nil.
func CheckName(name string) error {
	parts, ok := strings.CutPrefix(name, "/")
	for part := range strings.SplitSeq(parts, "/") {
		ok = ok && part != "" && strings.Trim(part, nameCharacters) == ""
	}
	if ok {
		return nil
	}
	return bilingual.New("参数的名字要像 /guanzhu/prod 这样：每一段前面有斜杠，段里是字母、数字、_、. 和 -",
		"the name of the parameter must look like /guanzhu/prod: a slash before each part, and in "+
			"each part letters, digits, _, . and -")
}

// Parse returns the secrets in the parameter called name.
func Parse(name string, p Parameter) (secrets.Secrets, error) {
	if p.Value == "" {
		return secrets.Secrets{}, bilingual.Errorf("参数 %s 没有值", "the parameter %s has no value", name)
	}
	if p.Type == "String" || p.Type == "StringList" {
		return secrets.Secrets{}, bilingual.Errorf("参数 %s 的类型是 %s，以明文保存：删除它，重新创建为 SecureString",
			"the parameter %s is a %s, which is stored in clear: delete it and create it as a SecureString", name, p.Type)
	}
	s, err := secrets.Parse([]byte(p.Value))
	if err != nil {
		return secrets.Secrets{}, bilingual.Errorf("参数 %s：%w", "the parameter %s: %w", name, err)
	}
	return s, nil
}
