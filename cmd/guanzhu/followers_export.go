package main

import (
	"bufio"
	"context"
	"encoding/csv"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/signal"
	"path/filepath"
	"strconv"
	"strings"
	"sync/atomic"
	"syscall"
	"time"
	"unicode/utf8"

	"golang.org/x/sync/errgroup"

	"github.com/guanzhu/guanzhu/internal/bilingual"
	"github.com/guanzhu/guanzhu/pkg/follower"
)

type followersExportCommand struct {
	Format string `enum:"csv,jsonl" default:"csv" help:"csv for spreadsheets, or jsonl for programs: one JSON object a line." zh:"csv 供表格软件使用；jsonl 供程序使用，每行一个 JSON 对象。"`
	Output string `short:"o" placeholder:"FILE" help:"Write to this file, which only you can read. An existing file is replaced when the export is complete. Default: standard output." zh:"写到这个只有您能读的文件；已有的文件在导出完成后才被替换。默认写到标准输出。"`
}

// Detail is shown by --help.
func (*followersExportCommand) Detail() bilingual.Text {
	return bilingual.New("时间是中国时间。未知的值在 CSV 里为空，在 JSON Lines 里省略。\n\n"+
		"CSV 以字节顺序标记（BOM）开头，否则 Excel 会按 GBK 读中文。以 = + - @ 或其全角形式开头的单元格会被表格软件当成公式，因此前面加一个撇号（'）。标签 id 之间用 | 分隔。JSON Lines 保留每个值原来的样子，只有它含有您自己的数据，在 own 里。登录状态和向慢处理函数提的问题、得到的回答都不导出：guanzhu followers show 显示一个关注者的。\n\n"+
		"表是一页一页读的，期间关注或取消关注的人可能在其中，也可能不在。",
		`Times are China time. An unknown value is empty in CSV and left out in JSON lines.

CSV begins with a byte order mark; without it, Excel reads Chinese text as GBK. A cell that begins with = + - @ or their full-width forms would be a formula in a spreadsheet, so it gets an apostrophe (') in front. Tag ids are separated by |. JSON lines hold every value as it is stored. Only they have your own data about each follower, in the member own. The export has neither sessions nor the questions to slow handlers and their answers: guanzhu followers show prints those of one follower.

The table is read page by page. A follower who follows or unfollows meanwhile may be missing or included.`)
}

// Run exports until it is interrupted.
func (c *followersExportCommand) Run(parent *followersCommand, lang language) error {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	context.AfterFunc(ctx, stop) // a second signal ends the process at once
	opening, cancel := context.WithTimeout(ctx, time.Minute)
	defer cancel()
	store, err := parent.open(opening)
	if err != nil {
		return err
	}
	n, unreadable := 0, 0
	export := func(w io.Writer) (err error) {
		n, unreadable, err = exportFollowers(ctx, store, c.Format, w)
		if ctx.Err() != nil {
			return errors.New(lang.say("已中断，没有全部导出", "interrupted: the export is not complete"))
		}
		return err
	}
	if c.Output == "" {
		err = export(os.Stdout)
	} else {
		err = writeWhole(c.Output, export)
	}
	if err != nil {
		return err
	}
	fmt.Fprintln(os.Stderr, lang.say("已导出关注者：%d", "Followers exported: %d", n))
	noteUnreadable(os.Stderr, unreadable, lang)
	return nil
}

// writeWhole creates or replaces the file at path with what write writes. Only the user can read it. If write fails, the
// file at path is unchanged, because half a file could be mistaken for a whole one.
func writeWhole(path string, write func(io.Writer) error) (err error) {
	if old, err := os.Lstat(path); err == nil && !old.Mode().IsRegular() {
		return bilingual.Errorf("%s 不是普通文件：请换一个文件名", "%s is not a regular file: name another one", path)
	}
	file, err := os.CreateTemp(filepath.Dir(path), ".guanzhu-*") // its mode is 0600
	if failed, ok := errors.AsType[*fs.PathError](err); ok {
		failed.Path = filepath.Dir(path) // rather than the name of the temporary file
	}
	if err != nil {
		return err
	}
	defer func() {
		if err != nil {
			_ = file.Close() // it may be closed already
			err = errors.Join(err, os.Remove(file.Name()))
		}
	}()
	if err := errors.Join(write(file), file.Sync()); err != nil {
		return err
	}
	if err := file.Close(); err != nil {
		return err
	}
	return os.Rename(file.Name(), path)
}

// exported is a follower as exported. Both formats use the names of the table.
type exported struct {
	OpenID       string `json:"openid"`
	UnionID      string `json:"unionid,omitempty"`
	SubscribedAt string `json:"subscribed_at,omitempty"` // RFC 3339, China time
	Scene        string `json:"scene,omitempty"`
	QRScene      string `json:"qr_scene,omitempty"`
	Language     string `json:"language,omitempty"`
	Remark       string `json:"remark,omitempty"`
	Tags         []int  `json:"tags,omitempty"`
	Profile      string `json:"profile,omitempty"`

	Own map[string]json.RawMessage `json:"own,omitempty"` // not in CSV
}

func newExported(f follower.Follower) exported {
	e := exported{
		OpenID: f.OpenID, UnionID: f.UnionID, Scene: f.Scene, QRScene: f.QRScene, Language: f.Language,
		Remark: f.Remark, Tags: f.Tags, Profile: string(f.State),
	}
	if !f.SubscribedAt.IsZero() {
		e.SubscribedAt = chinaTime(f.SubscribedAt)
	}
	return e
}

var exportedColumns = []string{
	"openid", "unionid", "subscribed_at", "scene", "qr_scene", "language", "remark", "tags", "profile",
}

func (e exported) cells() []string {
	var tags []string
	for _, tag := range e.Tags {
		tags = append(tags, strconv.Itoa(tag))
	}
	cells := []string{
		e.OpenID, e.UnionID, e.SubscribedAt, e.Scene, e.QRScene, e.Language, e.Remark, strings.Join(tags, "|"), e.Profile,
	}
	for i, cell := range cells {
		if first, _ := utf8.DecodeRuneInString(cell); strings.ContainsRune("=+-@\t\r\n＝＋－＠", first) {
			cells[i] = "'" + cell
		}
	}
	return cells
}

// exportAtOnce is how many followers are written together, and exportReads how many of them have their own data read at
// the same time.
const (
	exportAtOnce = 100
	exportReads  = 16
	exportTime   = 30 * time.Second // limits each of these reads
)

// exportFollowers writes the followers as they are read. It returns how many it wrote, and how many records it could not
// read.
func exportFollowers(
	ctx context.Context, store followerStore, format string, w io.Writer,
) (n, unreadable int, err error) {
	write, flush := jsonLines(w)
	if format == "csv" {
		if write, flush, err = csvRows(w); err != nil {
			return 0, 0, err
		}
	}
	var batch []exported
	writeBatch := func() error {
		if format == "jsonl" {
			broken, err := addOwn(ctx, store, batch)
			unreadable += broken
			if err != nil {
				return err
			}
		}
		for _, e := range batch {
			if err := write(e); err != nil {
				return err
			}
			n++
		}
		batch = batch[:0]
		return nil
	}
	for f, err := range store.Followers(ctx) {
		if errors.Is(err, follower.ErrUnreadable) {
			unreadable++
			continue
		}
		if err != nil {
			return n, unreadable, err
		}
		if batch = append(batch, newExported(f)); len(batch) < exportAtOnce {
			continue
		}
		if err := writeBatch(); err != nil {
			return n, unreadable, err
		}
	}
	if err := writeBatch(); err != nil {
		return n, unreadable, err
	}
	return n, unreadable, flush()
}

// addOwn reads the own data about the followers of batch into it. It returns how many records it could not read.
func addOwn(ctx context.Context, store followerStore, batch []exported) (unreadable int, err error) {
	var broken atomic.Int64
	reads, reading := errgroup.WithContext(ctx)
	reads.SetLimit(exportReads)
	for i := range batch {
		reads.Go(func() error {
			ctx, cancel := context.WithTimeout(reading, exportTime)
			defer cancel()
			data, err := store.Own(ctx, batch[i].OpenID)
			own := map[string]json.RawMessage{}
			for name, value := range data.Values {
				own[name] = json.RawMessage(value)
				if !json.Valid(own[name]) {
					err = follower.ErrUnreadable
				}
			}
			if errors.Is(err, follower.ErrUnreadable) {
				broken.Add(1)
				return nil
			}
			batch[i].Own = own
			return err
		})
	}
	err = reads.Wait()
	return int(broken.Load()), err
}

func jsonLines(w io.Writer) (write func(exported) error, flush func() error) {
	lines := bufio.NewWriter(w)
	encoder := json.NewEncoder(lines)
	encoder.SetEscapeHTML(false)
	return func(e exported) error { return encoder.Encode(e) }, lines.Flush
}

func csvRows(w io.Writer) (write func(exported) error, flush func() error, err error) {
	const byteOrderMark = "\ufeff"
	buffered := bufio.NewWriter(w) // csv.NewWriter uses it as it is
	if _, err := buffered.WriteString(byteOrderMark); err != nil {
		return nil, nil, err
	}
	rows := csv.NewWriter(buffered)
	flush = func() error {
		rows.Flush()
		return rows.Error()
	}
	return func(e exported) error { return rows.Write(e.cells()) }, flush, rows.Write(exportedColumns)
}
