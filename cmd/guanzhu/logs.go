package main

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strconv"
	"strings"
	"time"

	"golang.org/x/term"

	"github.com/guanzhu/guanzhu/internal/bilingual"
	"github.com/guanzhu/guanzhu/pkg/wechat"
)

type logsCommand struct{}

// Detail is shown by --help.
func (*logsCommand) Detail() bilingual.Text {
	return bilingual.New("make logs ENV=dev 把 `sam logs --tail --output json` 的输出交给它。每条推送一行，时间是中国时间；省略指标名、AppID、请求 id，以及 Lambda 关于成功调用的行。",
		"make logs ENV=dev pipes the output of `sam logs --tail --output json` into it. It prints one line for each push, "+
			"with times in China. It leaves out the names of metrics, the appid, the request's id, and Lambda's lines about "+
			"calls that succeeded.")
}

// Run reads standard input to its end.
func (*logsCommand) Run(lang language) error {
	if term.IsTerminal(int(os.Stdin.Fd())) {
		return errors.New(lang.say("它读取 sam logs 的输出：运行 make logs ENV=dev", "it reads the output of sam logs: run make logs ENV=dev"))
	}
	return readableLog(os.Stdin, os.Stdout)
}

// readableLog prints the events of `sam logs --output json`, one JSON object a line. It prints any other line unchanged.
func readableLog(in io.Reader, out io.Writer) error {
	lines := bufio.NewReader(in)
	for {
		text, readErr := lines.ReadString('\n')
		if line := readableEvent(strings.TrimSpace(text)); line != "" {
			if _, err := fmt.Fprintln(out, line); err != nil {
				return err
			}
		}
		if errors.Is(readErr, io.EOF) {
			return nil
		}
		if readErr != nil {
			return readErr
		}
	}
}

// readableEvent returns an event of CloudWatch as one line, or "" if the event is to be left out.
func readableEvent(text string) string {
	var event struct {
		Timestamp int64 // milliseconds
		Message   string
	}
	if json.Unmarshal([]byte(text), &event) != nil || event.Timestamp == 0 {
		return visible(text)
	}
	line := readableLine(strings.TrimSpace(event.Message))
	if line == "" {
		return ""
	}
	return time.UnixMilli(event.Timestamp).In(wechat.ChinaTime).Format(time.DateTime) + " " + line
}

// readableLine returns a line of a function's log, or one of Lambda's own. A function's line is a JSON object.
func readableLine(message string) string {
	members, err := membersOf([]byte(message))
	if err != nil {
		return visible(message)
	}
	var line struct {
		Level, Message, Type string
		Record               struct{ Status string }
		AWS                  struct {
			CloudWatchMetrics []struct{ Metrics []struct{ Name string } }
		} `json:"_aws"`
	}
	_ = json.Unmarshal([]byte(message), &line) // members of another type are left out
	if strings.HasPrefix(line.Type, "platform.") && (line.Record.Status == "" || line.Record.Status == "success") {
		return ""
	}
	hidden := []string{"timestamp", "time", "level", "message", "type", "appid", "requestId", "_aws"}
	for _, directive := range line.AWS.CloudWatchMetrics {
		for _, metric := range directive.Metrics {
			hidden = append(hidden, metric.Name)
		}
	}
	parts := []string{visible(line.Message + line.Type)}
	if line.Level != "" && line.Level != "INFO" {
		parts = []string{line.Level, parts[0]}
	}
	for _, m := range members {
		if !slices.Contains(hidden, m.name) {
			parts = append(parts, m.name+"="+readableValue(m.value))
		}
	}
	return strings.Join(parts, " ")
}

// readableValue returns a string without quotes if it needs none, and does not escape its letters.
func readableValue(value json.RawMessage) string {
	var text string
	if json.Unmarshal(value, &text) != nil {
		return visible(string(value))
	}
	if quoted := strconv.Quote(text); text == "" || strings.ContainsAny(text, " =") || quoted != `"`+text+`"` {
		return quoted
	}
	return text
}

type member struct {
	name  string
	value json.RawMessage
}

// membersOf returns the members of an object in their order.
func membersOf(object []byte) (members []member, err error) {
	decoder := json.NewDecoder(bytes.NewReader(object))
	if start, err := decoder.Token(); err != nil || start != json.Delim('{') {
		return nil, errors.New("no object")
	}
	for decoder.More() {
		name, err := decoder.Token()
		if err != nil {
			return nil, err
		}
		m := member{name: fmt.Sprint(name)}
		if err := decoder.Decode(&m.value); err != nil {
			return nil, err
		}
		members = append(members, m)
	}
	_, err = decoder.Token()
	return members, err
}
