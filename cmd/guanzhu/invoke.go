package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/lambda"

	"github.com/guanzhu/guanzhu/internal/doctor"
)

const (
	askAgainAfter = 10 * time.Second
	wakesWithin   = 3 * time.Minute // a network interface takes a minute or two
)

// invoker calls the functions of a stack.
type invoker struct {
	lambda *lambda.Client
	lang   language
	notes  io.Writer // is told when a function is not ready yet
	wait   func(context.Context, time.Duration) error
}

func newInvoker(cfg aws.Config, lang language) invoker {
	return invoker{lambda: lambda.NewFromConfig(cfg), lang: lang, notes: os.Stderr, wait: sleep}
}

// call invokes the version of a function that is in use, the alias live. A function that nobody has called for weeks
// refuses the first calls until it has its network again: call asks until it answers, for three minutes at most, and
// says so.
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
			"The function is not ready yet (%s): idle for long, it is starting. Asking again in %v …", code, askAgainAfter))
		if waitErr := i.wait(ctx, askAgainAfter); waitErr != nil {
			return nil, err
		}
	}
}

func sleep(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
