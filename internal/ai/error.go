package ai

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/guanzhu/guanzhu/internal/bilingual"
)

// Reason is why there is no answer. It is a word for logs.
type Reason string

// The reasons.
const (
	Key         Reason = "key"         // the key is missing, wrong, or may not use the model
	Balance     Reason = "balance"     // the account at the provider has no money or quota left
	Model       Reason = "model"       // the API has no such model
	Address     Reason = "address"     // there is no such API at the address
	NotAPI      Reason = "not_api"     // the answer is not that of an OpenAI-compatible API
	Refused     Reason = "refused"     // the API does not accept the request
	Filtered    Reason = "filtered"    // the provider does not let this question, or its answer, pass
	Busy        Reason = "busy"        // too many requests, or too much load
	Failed      Reason = "failed"      // the API fails
	Late        Reason = "late"        // no answer within Timeout
	Unreachable Reason = "unreachable" // no connection
	TooLong     Reason = "too_long"    // all of max_tokens were used up before the answer
	Empty       Reason = "empty"       // an answer without a text
)

// Error says why there is no answer. Its texts have neither the key nor the question or the answer.
type Error struct {
	Reason Reason
	Status int    // of HTTP; 0 if there is none
	Code   string // the API's own name of the error, as far as it looks like one; may be empty
	cause  string // why there is no connection; may be empty

	after time.Duration // Retry-After of a busy API
	said  string        // see Said
}

// Error returns the English text.
func (e *Error) Error() string { return e.In("en") }

// In returns the text in the language: what happened, and what to do.
func (e *Error) In(language string) string {
	row := texts[e.Reason]
	var details []string
	if e.Status != 0 {
		details = append(details, "HTTP "+strconv.Itoa(e.Status))
	}
	for _, detail := range []string{e.Code, e.cause} {
		if detail != "" {
			details = append(details, detail)
		}
	}
	if len(details) == 0 {
		return row.In(language)
	}
	format := bilingual.New("%s（%s）", "%s (%s)")
	return fmt.Sprintf(format.In(language), row.In(language), strings.Join(details, ", "))
}

// Said returns the API's own message, without the key. It may quote the question, so it is for the terminal of an owner who
// asked it, and for no log.
func (e *Error) Said() string { return e.said }

var texts = map[Reason]bilingual.Text{
	Key: bilingual.New("模型的接口不接受密钥：用 guanzhu secrets 重新填写 ai_key，并在模型服务商的控制台确认它有权使用该模型",
		"the model's API does not accept the key: enter ai_key again with guanzhu secrets, and check in the provider's console that it may use the model"),
	Balance: bilingual.New("模型服务商的账户余额或额度已用完：请到其控制台充值", "the account at the model's provider has no balance or quota left: top it up"),
	Model: bilingual.New("接口没有这个模型：检查 account.yaml 中 ai 的 model",
		"the API has no such model: check model below ai in account.yaml"),
	Address: bilingual.New("该地址没有这个接口：检查 account.yaml 中 ai 的 base_url，它通常以 /v1 结尾",
		"there is no such API at this address: check base_url below ai in account.yaml, which often ends with /v1"),
	NotAPI: bilingual.New("应答的不是 OpenAI 兼容接口：检查 account.yaml 中 ai 的 base_url，它通常以 /v1 结尾",
		"what answers is not an OpenAI-compatible API: check base_url below ai in account.yaml, which often ends with /v1"),
	Refused: bilingual.New("接口不接受这个请求：用 guanzhu ai ask 查看接口给出的原因", "the API refuses the request: guanzhu ai ask shows what it says"),
	Filtered: bilingual.New("服务商的内容审核没有放行这个问题或回答",
		"the provider's content filter does not let the question or the answer pass"),
	Busy:   bilingual.New("接口繁忙或请求过于频繁：稍后再试，或向服务商申请更高的限额", "the API is busy or asked too often: try again later, or ask the provider for a higher limit"),
	Failed: bilingual.New("接口出错：稍后再试", "the API fails: try again later"),
	Late: bilingual.New("接口没有在限定时间内回答：换用更快的模型，或减小 max_tokens",
		"the API did not answer in time: use a faster model or a smaller max_tokens"),
	Unreachable: bilingual.New("无法连接模型的接口：检查 account.yaml 中 ai 的 base_url 和网络",
		"the model's API cannot be reached: check base_url below ai in account.yaml, and the network"),
	TooLong: bilingual.New("max_tokens 在给出回答之前就用完了：在 account.yaml 的 ai 中增大它，或换用不做长思考的模型",
		"max_tokens was used up before the answer: raise it below ai in account.yaml, or use a model that thinks less"),
	Empty: bilingual.New("模型的回答是空的", "the model's answer is empty"),
}

// failure returns the Error of a call that failed. response is nil if none came.
func failure(ctx context.Context, response *http.Response, err error, key string) *Error {
	e := &Error{}
	if response != nil {
		e.Status = response.StatusCode
	}
	switch {
	case errors.Is(err, context.DeadlineExceeded) || ctx.Err() != nil || isTimeout(err):
		e.Reason = Late
	case response == nil:
		e.Reason, e.cause = Unreachable, cause(err)
	case errors.Is(err, io.ErrUnexpectedEOF):
		e.Reason = Failed
	case e.Status < 400:
		e.Reason = NotAPI
	default:
		e.read(response, key)
	}
	return e
}

func isTimeout(err error) bool {
	network, ok := errors.AsType[net.Error](err)
	return ok && network.Timeout()
}

// cause returns why there is no connection, without the address asked, which may have a key in it.
func cause(err error) string {
	if failed, ok := errors.AsType[*url.Error](err); ok {
		err = failed.Err
	}
	if failed, ok := errors.AsType[*net.DNSError](err); ok {
		return failed.Error()
	}
	if failed, ok := errors.AsType[*net.OpError](err); ok {
		return failed.Error()
	}
	if text := err.Error(); strings.HasPrefix(text, "tls: ") || strings.HasPrefix(text, "x509: ") {
		return text
	}
	return ""
}

// read reads the API's error about a request that it refuses.
func (e *Error) read(response *http.Response, key string) {
	body, _ := io.ReadAll(response.Body) // the library has read it before; an error means that there is less
	said := parse(body)
	e.Code, e.said = said.name(), said.Message
	if key != "" {
		e.Code, e.said = strings.ReplaceAll(e.Code, key, "…"), strings.ReplaceAll(e.said, key, "…")
	}
	e.after = retryAfter(response.Header.Get("Retry-After"))
	e.Reason = reason(e.Status, said)
}

// A complaint is the error in an API's answer.
type complaint struct {
	Code    any // a text or a number
	Type    string
	Message string
}

// parse finds the complaint: as the member error, or at the top, as some APIs have it.
func parse(body []byte) complaint {
	var answer struct {
		Error json.RawMessage
		complaint
	}
	_ = json.Unmarshal(body, &answer) // a body that is not JSON says nothing
	if answer.Error == nil {
		return answer.complaint
	}
	var inner complaint
	if json.Unmarshal(answer.Error, &inner) != nil {
		_ = json.Unmarshal(answer.Error, &inner.Message)
	}
	return inner
}

// name returns the code, or else the type, if it is a name: the texts in messages may quote the question.
func (c complaint) name() string {
	code := ""
	switch value := c.Code.(type) {
	case string:
		code = value
	case float64:
		code = strconv.FormatFloat(value, 'f', -1, 64)
	}
	for _, name := range []string{code, c.Type} {
		if name != "" && len(name) <= 64 && strings.Trim(name, nameCharacters) == "" {
			return name
		}
	}
	return ""
}

const nameCharacters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-."

// The codes by which APIs name faults that a status does not distinguish.
var (
	filterCodes  = []string{"content_filter", "data_inspection_failed", "DataInspectionFailed", "1301", "content_policy_violation"}
	balanceCodes = []string{"insufficient_quota", "Arrearage", "1113", "exceeded_current_quota_error", "AccountOverdueError"}
	modelCodes   = []string{"model_not_found", "1211", "InvalidEndpointOrModel.NotFound", "ModelNotFound"}
)

func reason(status int, said complaint) Reason {
	code := said.name()
	switch {
	case slices.Contains(filterCodes, code) || strings.Contains(said.Message, "Content Exists Risk"): // DeepSeek has no code
		return Filtered
	case slices.Contains(balanceCodes, code) || slices.Contains(balanceCodes, said.Type) || status == http.StatusPaymentRequired:
		return Balance
	case slices.Contains(modelCodes, code), strings.Contains(said.Message, "Model Not Exist"), // DeepSeek
		status == http.StatusNotFound && strings.Contains(strings.ToLower(said.Message), "model"):
		return Model
	}
	switch status {
	case http.StatusUnauthorized, http.StatusForbidden:
		return Key
	case http.StatusNotFound, http.StatusMethodNotAllowed:
		return Address
	case http.StatusTooManyRequests, http.StatusServiceUnavailable:
		return Busy
	case http.StatusRequestTimeout, http.StatusGatewayTimeout:
		return Late
	}
	if status >= http.StatusInternalServerError {
		return Failed
	}
	return Refused
}

// retryAfter returns the wait that the header asks for, 0 without it. Dates are not read: no such API sends them.
func retryAfter(header string) time.Duration {
	seconds, err := strconv.Atoi(header)
	if err != nil || seconds < 0 {
		return 0
	}
	return time.Duration(min(seconds, 1<<20)) * time.Second
}
