package console

import (
	"context"
	"fmt"
	"io"
	"strings"
)

// transcribe prints a delivery that is over: what came, the log, what went, and what is stored.
func (c *Console) transcribe(id int64) {
	i := c.timeline.get(id)
	if c.config.Transcript == nil || i == nil {
		return
	}
	c.transcribing.Lock() // one after the other, to be read
	defer c.transcribing.Unlock()
	var text strings.Builder
	for _, a := range i.Attempts {
		fmt.Fprintf(&text, "\n──── WeChat → %s %s\n%s\n", a.Request.Method, a.Request.URL, strings.TrimSpace(a.Request.Body))
		for _, s := range i.Steps {
			if s.Attempt == a.N && s.Kind == Log {
				fmt.Fprintf(&text, "%s\n", s.Line)
			}
		}
		if a.Response == nil {
			fmt.Fprintf(&text, "──── WeChat ← %s\n", a.Error)
			continue
		}
		fmt.Fprintf(&text, "──── WeChat ← %d\n%s\n", a.Status, a.Response.Body)
	}
	text.WriteString("──── stored\n")
	records, err := c.records(context.Background())
	if err != nil {
		fmt.Fprintln(&text, err)
	}
	for _, record := range records {
		fmt.Fprintf(&text, "%s\n", record)
	}
	_, _ = io.WriteString(c.config.Transcript, text.String()) // nobody reads it any longer
}
