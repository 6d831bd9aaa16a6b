package aws

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"strings"

	"github.com/aws/smithy-go/encoding/cbor"
)

// The SDK speaks CBOR with CloudWatch, moto only JSON. Else the two are the same: what a request is called, and its
// members.
const cloudWatch = "/service/GraniteServiceVersion20100801/operation/"

// front is in front of moto's server and translates between them.
func front(server string) (*httptest.Server, error) {
	to, err := url.Parse(server)
	if err != nil {
		return nil, err
	}
	forward := httputil.NewSingleHostReverseProxy(to)
	translate := httputil.NewSingleHostReverseProxy(to)
	translate.ModifyResponse = func(r *http.Response) error {
		var members any
		decoder := json.NewDecoder(r.Body)
		decoder.UseNumber()
		// An operation without an output may have no body.
		if err := decoder.Decode(&members); err != nil && !errors.Is(err, io.EOF) {
			return err
		}
		body := cbor.Encode(toCBOR("", members))
		r.Body, r.ContentLength = io.NopCloser(bytes.NewReader(body)), int64(len(body))
		r.Header.Set("Content-Length", fmt.Sprint(len(body)))
		r.Header.Set("Content-Type", "application/cbor")
		r.Header.Set("Smithy-Protocol", "rpc-v2-cbor")
		return nil
	}
	return httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		operation, ok := strings.CutPrefix(r.URL.Path, cloudWatch)
		if !ok {
			forward.ServeHTTP(w, r)
			return
		}
		body, err := io.ReadAll(r.Body)
		if err == nil {
			var members cbor.Value
			if members, err = cbor.Decode(body); err == nil {
				body, err = json.Marshal(fromCBOR(members))
			}
		}
		if err != nil {
			http.Error(w, err.Error(), http.StatusBadRequest)
			return
		}
		r.URL.Path = "/"
		r.Body, r.ContentLength = io.NopCloser(bytes.NewReader(body)), int64(len(body))
		r.Header.Set("Content-Type", "application/x-amz-json-1.0")
		r.Header.Set("X-Amz-Target", "GraniteServiceVersion20100801."+operation)
		translate.ServeHTTP(w, r)
	})), nil
}

// fromCBOR gives a time as its seconds since 1970.
func fromCBOR(v cbor.Value) any {
	switch v := v.(type) {
	case cbor.Uint:
		return uint64(v)
	case cbor.NegInt:
		return -int64(v)
	case cbor.Float32:
		return float32(v)
	case cbor.Float64:
		return float64(v)
	case cbor.String:
		return string(v)
	case cbor.Bool:
		return bool(v)
	case *cbor.Tag:
		return fromCBOR(v.Value)
	case cbor.List:
		list := make([]any, len(v))
		for i := range v {
			list[i] = fromCBOR(v[i])
		}
		return list
	case cbor.Map:
		members := map[string]any{}
		for name := range v {
			members[name] = fromCBOR(v[name])
		}
		return members
	}
	return nil
}

// toCBOR takes the numbers of a member whose name says so for times.
func toCBOR(name string, value any) cbor.Value {
	switch value := value.(type) {
	case json.Number:
		number, err := value.Float64()
		if err != nil {
			return &cbor.Nil{}
		}
		if strings.HasSuffix(name, "Timestamp") || strings.HasSuffix(name, "Timestamps") || name == "LastModified" {
			return &cbor.Tag{ID: 1, Value: cbor.Float64(number)}
		}
		if n, err := value.Int64(); err == nil && n >= 0 {
			return cbor.Uint(n)
		}
		return cbor.Float64(number)
	case string:
		return cbor.String(value)
	case bool:
		return cbor.Bool(value)
	case []any:
		list := make(cbor.List, len(value))
		for i := range value {
			list[i] = toCBOR(name, value[i])
		}
		return list
	case map[string]any:
		members := cbor.Map{}
		for name := range value {
			members[name] = toCBOR(name, value[name])
		}
		return members
	}
	return &cbor.Nil{}
}
