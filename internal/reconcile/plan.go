package reconcile

import (
	"time"

	"github.com/guanzhu/guanzhu/pkg/wechat"
)

// callsLeft is how many calls are left today, nil if that is not known.
func (q *quota) callsLeft() *int {
	if q.asked.IsZero() || q.daily < 0 {
		return nil
	}
	return &q.left
}

// plan estimates when an unfinished pass ends, by the rate of the runs so far and by the quotas.
func (r *run) plan(p *Pass, now time.Time) {
	p.ListLeft, p.FetchLeft = r.list.callsLeft(), r.fetch.callsLeft()
	is := &r.is
	passed := is.Listed + is.Fetched
	if is.Worked > 0 {
		p.Rate = float64(passed) / is.Worked.Seconds()
	}
	pages, batches := ceil(is.Total, pageSize), ceil(is.Total, batch)
	p.Days = max(r.list.days(pages), r.fetch.days(batches))
	end := now
	if p.Rate > 0 {
		left := max(2*is.Total-passed, 0)
		end = now.Add(time.Duration(float64(left) / p.Rate * float64(time.Second)))
	}
	pagesLeft, batchesLeft := ceil(max(is.Total-is.Listed, 0), pageSize), ceil(max(is.Total-is.Fetched, 0), batch)
	if is.List.Done {
		pagesLeft = 0
	}
	nights := max(r.list.nights(pagesLeft), r.fetch.nights(batchesLeft))
	if nights > 0 {
		morning := wechat.QuotaReset(now).AddDate(0, 0, nights-1)
		end = latest(end, morning)
	}
	for _, refused := range []wait{is.ListWait, is.FetchWait} {
		end = latest(end, refused.Until)
	}
	if p.Rate > 0 || end.After(now) {
		p.EstimatedEnd = inChina(end)
	}
}

// pageSize is how many openids the platform gives in one call.
const pageSize = 10_000

// days is how many days' quotas the calls take, 0 if that is not known.
func (q *quota) days(calls int) int {
	if q.asked.IsZero() || q.daily <= 0 {
		return 0
	}
	return ceil(calls, q.daily-q.reserved())
}

// nights is how often the calls have to wait for the next day's quota.
func (q *quota) nights(calls int) int {
	if q.asked.IsZero() || q.daily <= 0 {
		return 0
	}
	return ceil(max(calls-max(q.left-q.reserved(), 0), 0), q.daily-q.reserved())
}

func ceil(n, by int) int { return (n + by - 1) / by }

func latest(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}
