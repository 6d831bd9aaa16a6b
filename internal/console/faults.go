package console

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/guanzhu/guanzhu/internal/boltstore"
	"github.com/guanzhu/guanzhu/internal/errcode"
	"github.com/guanzhu/guanzhu/internal/pause"
)

var (
	errKilled = errors.New("the account's process was killed")
	errTable  = errors.New("the table fails, because the console was asked for it")
)

// spend takes one of the times of the fault at n, and removes the fault after the last one. 0 times never end.
func spend[F any](faults []F, n int, times func(*F) *int) (rest []F, used F) {
	rest = slices.Clone(faults)
	used = rest[n]
	switch left := times(&rest[n]); *left {
	case 0:
	case 1:
		rest = slices.Delete(rest, n, n+1)
	default:
		*left--
	}
	return rest, used
}

// takeTableFault returns the fault of the next write, or nil.
func (c *Console) takeTableFault() *TableFault {
	c.mu.Lock()
	if len(c.faults.Table) == 0 {
		c.mu.Unlock()
		return nil
	}
	var used TableFault
	c.faults.Table, used = spend(c.faults.Table, 0, func(f *TableFault) *int { return &f.Times })
	c.mu.Unlock()
	c.changed()
	return &used
}

// takePlatformFault returns the fault of the next call of path, or nil.
func (c *Console) takePlatformFault(path string) *PlatformFault {
	c.mu.Lock()
	n := slices.IndexFunc(c.faults.Platform, func(f PlatformFault) bool { return f.Path == "*" || f.Path == path })
	if n < 0 {
		c.mu.Unlock()
		return nil
	}
	var used PlatformFault
	c.faults.Platform, used = spend(c.faults.Platform, n, func(f *PlatformFault) *int { return &f.Times })
	c.mu.Unlock()
	c.changed()
	return &used
}

// disturbed does an operation of the store, with the fault if it is not nil.
func (c *Console) disturbed(
	i *instance, f *TableFault, do func() ([]boltstore.Change, error),
) (changes []boltstore.Change, err error) {
	if f == nil {
		return do()
	}
	if f.When == "after" {
		if changes, err = do(); err != nil {
			return nil, err
		}
	}
	if f.Kill {
		return changes, c.replaceKilled(i)
	}
	return changes, errTable
}

// replaceKilled starts another instance, to which later requests go, and kills this one. It returns errKilled.
func (c *Console) replaceKilled(i *instance) error {
	err := c.startInstance()
	i.kill()
	return errors.Join(errKilled, err)
}

// disturbedCall makes a call of the platform's API, with the fault of its path if there is one.
func (c *Console) disturbedCall(r *http.Request, next http.RoundTripper) (*http.Response, error) {
	f := c.takePlatformFault(r.URL.Path)
	if f == nil {
		return next.RoundTrip(r)
	}
	if err := pause.For(r.Context(), time.Duration(f.Delay*float64(time.Second))); err != nil {
		return nil, err
	}
	if f.Errcode == 0 {
		return next.RoundTrip(r)
	}
	row, _ := errcode.Lookup(f.Errcode)
	body := fmt.Sprintf(`{"errcode":%d,"errmsg":%q}`, f.Errcode, row.Message)
	return &http.Response{
		Status: "200 OK", StatusCode: http.StatusOK, Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1, Request: r,
		Header:        http.Header{"Content-Type": {"application/json; encoding=utf-8"}},
		Body:          io.NopCloser(strings.NewReader(body)),
		ContentLength: int64(len(body)),
	}, nil
}

// check returns what is wrong with the faults.
func (f Faults) check() error {
	for _, p := range f.Platform {
		if p.Path != "*" && !strings.HasPrefix(p.Path, "/") {
			return refuse("path 是接口的路径，例如 /cgi-bin/user/info，或者 *", "path is an API's path, such as /cgi-bin/user/info, or *")
		}
		if p.Delay < 0 || p.Delay > 60 || p.Times < 0 || p.Errcode == 0 && p.Delay == 0 {
			return refuse("请给出 errcode，或 60 秒以内的 delay；times 不能是负数", "give an errcode or a delay of at most 60 seconds, and no negative times")
		}
	}
	for _, t := range f.Table {
		if t.When != "before" && t.When != "after" || t.Times < 0 {
			return refuse("when 是 before 或 after；times 不能是负数", "when is before or after, and times not negative")
		}
	}
	return nil
}
