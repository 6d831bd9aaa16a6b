package console

import (
	"context"
	"fmt"
	"io"
	"strings"
)

// transcribe prints a delivery that is over: what came, what went, the log, and what is stored.
func (c *Console) transcribe(i *Item) {
	out := c.config.Transcript
	if out == nil {
		return
	}
	c.transcribing.Lock() // one after the other, to be read
	defer c.transcribing.Unlock()
	i = c.timeline.get(i.ID)
	if i == nil {
		return
	}
	for _, a := range i.Attempts {
		printAttempt(out, i, a)
	}
	c.printRecords(out)
}

func printAttempt(out io.Writer, i *Item, a *Attempt) {
	fmt.Fprintf(out, "\n──── WeChat → %s %s\n%s\n", a.Request.Method, a.Request.URL, strings.TrimSpace(a.Request.Body))
	for _, s := range i.Steps {
		if s.Attempt == a.N && s.Kind == Log {
			fmt.Fprintf(out, "%s\n", s.Line)
		}
	}
	if a.Response == nil {
		fmt.Fprintf(out, "──── WeChat ← %s\n", a.Error)
		return
	}
	fmt.Fprintf(out, "──── WeChat ← %d\n%s\n", a.Status, a.Response.Body)
}

func (c *Console) printRecords(out io.Writer) {
	fmt.Fprintln(out, "──── stored")
	records, err := c.records(context.Background())
	if err != nil {
		fmt.Fprintln(out, err)
	}
	for _, record := range records {
		fmt.Fprintf(out, "%s\n", record)
	}
}
