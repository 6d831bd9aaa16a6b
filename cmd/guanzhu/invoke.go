package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/lambda"

	"github.com/guanzhu/guanzhu/internal/bilingual"
	"github.com/guanzhu/guanzhu/internal/doctor"
	"github.com/guanzhu/guanzhu/internal/pause"
)

const (
	askAgainAfter = 10 * time.Second
	wakesWithin   = 3 * time.Minute // a network interface takes a minute or two
)

// invoker calls the functions of a stack.
type invoker struct {
	lambda *lambda.Client
	lang   language
	notes  io.Writer // for the owner, while a function is not ready
	wait   func(context.Context, time.Duration) error
}

func newInvoker(cfg aws.Config, lang language) invoker {
	return invoker{lambda: lambda.NewFromConfig(cfg), lang: lang, notes: os.Stderr, wait: pause.For}
}

// call invokes the version of a function that is in use, the alias live. A function that has been idle for weeks refuses
// calls until it has its network again. call repeats the call for up to three minutes, and tells the owner.
// https://docs.aws.amazon.com/lambda/latest/dg/functions-states.html
func (i invoker) call(ctx context.Context, function string, request any) (*lambda.InvokeOutput, error) {
	payload, err := json.Marshal(request)
	if err != nil {
		return nil, err
	}
	input := &lambda.InvokeInput{FunctionName: &function, Qualifier: aws.String("live"), Payload: payload}
	for waited := time.Duration(0); ; waited += askAgainAfter {
		out, err := i.lambda.Invoke(ctx, input)
		code, waking := doctor.NotReady(err)
		if !waking || waited >= wakesWithin {
			return out, err
		}
		fmt.Fprintln(i.notes, i.lang.say("函数还没有就绪（%s），可能很久没有被调用，正在恢复；%v 后再试……",
			"The function is not ready yet (%s): it has been idle for long and is starting. Trying again in %v …", code, askAgainAfter))
		if waitErr := i.wait(ctx, askAgainAfter); waitErr != nil {
			return nil, err
		}
	}
}

// stackFunction is a function of a stack that takes an action.
type stackFunction struct {
	invoker
	kind string // menu, reconcile
	name string
}

// openFunction looks up the stack's function of that kind.
func openFunction(ctx context.Context, lang language, stack, kind string) (stackFunction, error) {
	cfg, err := loadAWS(ctx)
	if err != nil {
		return stackFunction{}, err
	}
	s, err := describeStack(ctx, cfg, stack)
	if err != nil {
		return stackFunction{}, err
	}
	name, err := s.output(strings.ToUpper(kind[:1]) + kind[1:] + "FunctionName")
	return stackFunction{newInvoker(cfg, lang), kind, name}, err
}

// ask invokes the function with the action and decodes its answer.
func (f stackFunction) ask(ctx context.Context, action string, answer any) error {
	return f.askWith(ctx, map[string]string{"action": action}, answer)
}

// askWith invokes the function with a request that has more than an action.
func (f stackFunction) askWith(ctx context.Context, request map[string]string, answer any) error {
	if f.lang == bilingual.Chinese {
		request["lang"] = bilingual.Chinese // English is what functions answer otherwise
	}
	out, err := f.call(ctx, f.name, request)
	if err != nil {
		out = &lambda.InvokeOutput{}
	}
	if finding, failed := doctor.Invocation(f.kind+"-function", out.Payload, aws.ToString(out.FunctionError), err); failed {
		return findingError(finding, f.lang)
	}
	var result struct{ Result string }
	if json.Unmarshal(out.Payload, &result) != nil || result.Result == "" || json.Unmarshal(out.Payload, answer) != nil {
		return errors.New(f.lang.say("函数 %s 的应答看不懂：重新部署，并重新编译 guanzhu",
			"the answer of the function %s cannot be understood: deploy again, and build guanzhu again", f.kind))
	}
	return nil
}
