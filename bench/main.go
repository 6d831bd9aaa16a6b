// Command bench measures Guanzhu beside what it is to be compared with, and prints a table:
//
//   - one push, from the request to the reply, beside the library silenceper/wechat;
//   - the start of functions/webhook until its first reply, and its further replies, beside the least function in Go. These
//     need AWS's runtime interface emulator (GUANZHU_RIE, its path) and DynamoDB Local (GUANZHU_TEST_DYNAMODB, its URL);
//   - the processor's time of connections by TLS: a start makes one, and a first follow two more.
//
// The two sides take turns, and a ratio is the median of the ratios of all turns. Other busy programs change the ratios of a push
// as well as the times, so run it by `make bench` on an idle machine.
package main

import (
	"bufio"
	"context"
	"fmt"
	"os"
	"os/signal"
	"runtime"
	"slices"
	"strings"
	"text/tabwriter"
	"time"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if err := run(ctx); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func run(ctx context.Context) error {
	fmt.Println(machine())
	fmt.Println()
	table := tabwriter.NewWriter(os.Stdout, 0, 0, 2, ' ', 0)
	fmt.Fprintln(table, "what\tGuanzhu\tbeside it\tratio\tallocations")
	if err := pushes(table); err != nil {
		return err
	}
	missing, err := functions(ctx, table)
	if err != nil {
		return err
	}
	if err := handshakes(ctx, table); err != nil {
		return err
	}
	table.Flush()
	if missing != "" {
		fmt.Printf("\nNOT measured: %s\n", missing)
	}
	return nil
}

// machine describes where and when the figures are taken.
func machine() string {
	processor := runtime.GOARCH
	if file, err := os.Open("/proc/cpuinfo"); err == nil {
		defer file.Close()
		for lines := bufio.NewScanner(file); lines.Scan(); {
			if name, model, _ := strings.Cut(lines.Text(), ":"); strings.TrimSpace(name) == "model name" {
				processor = strings.TrimSpace(model)
			}
		}
	}
	load, _ := os.ReadFile("/proc/loadavg")
	return fmt.Sprintf("%s, %s, %s, %d processors, load %s", time.Now().Format(time.DateOnly), runtime.Version(), processor,
		runtime.NumCPU(), strings.Join(strings.Fields(string(load))[:min(1, len(load))], " "))
}

// pair is what two sides took, turn by turn.
type pair struct{ ours, theirs []time.Duration }

func (p *pair) add(ours, theirs time.Duration) {
	p.ours, p.theirs = append(p.ours, ours), append(p.theirs, theirs)
}

func (p *pair) row(what, allocations string) string {
	ratios := make([]float64, len(p.ours))
	for i := range ratios {
		ratios[i] = float64(p.ours[i]) / float64(p.theirs[i])
	}
	return fmt.Sprintf("%s\t%s\t%s\t%.2f\t%s\n", what, shown(median(p.ours)), shown(median(p.theirs)), median(ratios), allocations)
}

func median[T float64 | time.Duration](values []T) T {
	sorted := slices.Sorted(slices.Values(values))
	return sorted[len(sorted)/2]
}

// shown returns d with about three digits.
func shown(d time.Duration) string {
	if d < time.Millisecond {
		return d.Round(10 * time.Nanosecond).String()
	}
	return d.Round(10 * time.Microsecond).String()
}
