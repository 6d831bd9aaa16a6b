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
	"iter"
	"os"
	"os/signal"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"
	"unicode/utf8"

	"golang.org/x/term"

	"github.com/guanzhu/guanzhu/pkg/follower"
	"github.com/guanzhu/guanzhu/pkg/wechat"
)

type followersCommand struct {
	tableFlags `embed:""`
	Export     followersExportCommand `cmd:"" help:"Write all followers as CSV or JSON lines."`
	Delete     followersDeleteCommand `cmd:"" help:"Delete everything personal of one follower."`
}

// followerStore is what the commands ask of the table; both stores have it.
type followerStore interface {
	Followers(ctx context.Context) iter.Seq2[follower.Follower, error]
	Lookup(ctx context.Context, openid string) (follower.Follower, follower.Session, error)
	Unfollow(ctx context.Context, openid string, at, expires time.Time) error
}

type followersExportCommand struct {
	Format string `enum:"csv,jsonl" default:"csv" help:"csv, for spreadsheets, or jsonl: one JSON object a line, for programs."`
	Output string `short:"o" placeholder:"FILE" help:"Write to a file, which only you may read, and which is replaced when all is written. Without it: to standard output."`
}

// Help is shown by --help.
func (*followersExportCommand) Help() string {
	return `Times are China time. What is not known of a follower is left empty in CSV and left out in JSON lines.

CSV begins with a byte order mark, without which Excel takes Chinese text for GBK. A cell that begins with = + - @ or
their full-width forms would be a formula in a spreadsheet: it gets an apostrophe (') before it. Tag ids are separated
by |. JSON lines hold every value as it is stored.

The whole table is read, page by page. Who follows or unfollows meanwhile may be in it or not.`
}

// Run exports until it is interrupted.
func (c *followersExportCommand) Run(parent *followersCommand) error {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	context.AfterFunc(ctx, stop) // a second one ends it at once
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
			return errors.New("interrupted: the export is not complete")
		}
		return err
	}
	if c.Output == "" {
		err = export(os.Stdout)
	} else {
		err = writeWhole(c.Output, export)
	}
	if err != nil {
		return explained(err)
	}
	fmt.Fprintf(os.Stderr, "Followers exported: %d\n", n)
	noteUnreadable(os.Stderr, unreadable)
	return nil
}

// writeWhole makes the file at path of what write writes, readable by its owner only. Where write fails, nothing at
// path has changed: half a file could be taken for a whole one.
func writeWhole(path string, write func(io.Writer) error) (err error) {
	if old, err := os.Lstat(path); err == nil && !old.Mode().IsRegular() {
		return fmt.Errorf("%s is not a file that could be replaced: name another one", path)
	}
	file, err := os.CreateTemp(filepath.Dir(path), ".guanzhu-*") // its mode is 0600
	if errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("%w\nMake the folder first, or name a file in another one", err)
	}
	if err != nil {
		return err
	}
	defer func() {
		if err != nil {
			_ = file.Close() // unless it is closed already
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

// exported is a follower as exported, in both formats under the names of the table.
type exported struct {
	OpenID       string `json:"openid"`
	UnionID      string `json:"unionid,omitempty"`
	SubscribedAt string `json:"subscribed_at,omitempty"` // RFC 3339, China time
	Scene        string `json:"scene,omitempty"`
	QRScene      string `json:"qr_scene,omitempty"`
	Language     string `json:"language,omitempty"`
	Remark       string `json:"remark,omitempty"`
	Tags         []int  `json:"tags,omitempty"`
	Profile      string `json:"profile"`
}

func newExported(f follower.Follower) exported {
	e := exported{
		OpenID: f.OpenID, UnionID: f.UnionID, Scene: f.Scene, QRScene: f.QRScene, Language: f.Language,
		Remark: f.Remark, Tags: f.Tags, Profile: string(f.State),
	}
	if !f.SubscribedAt.IsZero() {
		e.SubscribedAt = f.SubscribedAt.In(wechat.ChinaTime).Format(time.RFC3339)
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

// exportFollowers writes them as they come and returns how many, and how many records were left out as unreadable.
func exportFollowers(
	ctx context.Context, store followerStore, format string, w io.Writer,
) (n, unreadable int, err error) {
	write, flush := jsonLines(w)
	if format == "csv" {
		if write, flush, err = csvRows(w); err != nil {
			return 0, 0, err
		}
	}
	for f, err := range store.Followers(ctx) {
		if errors.Is(err, follower.ErrUnreadable) {
			unreadable++
			continue
		}
		if err != nil {
			return n, unreadable, err
		}
		if err := write(newExported(f)); err != nil {
			return n, unreadable, err
		}
		n++
	}
	return n, unreadable, flush()
}

func jsonLines(w io.Writer) (write func(exported) error, flush func() error) {
	lines := bufio.NewWriter(w)
	encoder := json.NewEncoder(lines)
	encoder.SetEscapeHTML(false)
	return func(e exported) error { return encoder.Encode(e) }, lines.Flush
}

func csvRows(w io.Writer) (write func(exported) error, flush func() error, err error) {
	const byteOrderMark = "\ufeff"
	buffered := bufio.NewWriter(w) // which the csv.Writer uses as its own
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

type followersDeleteCommand struct {
	OpenID string `arg:"" name:"openid" help:"The follower's openid."`
	Yes    bool   `help:"Do not ask. Needed where there is no terminal to ask on."`
}

// Help is shown by --help.
func (*followersDeleteCommand) Help() string {
	return `Deletes the follower's record and session, as an unfollow does. The openid and the time stay for 30 days, so that a push that comes late does not bring the profile back.

Not deleted: suggestions, which hold no openid and end after 180 days; and the table's backups, which end after 35 days (point-in-time recovery).

WeChat is not told. Who still follows the account is recorded again with the next follow or personal link.`
}

// Validate refuses what cannot be an openid.
func (c *followersDeleteCommand) Validate() error {
	if !wechat.IsOpenID(c.OpenID) {
		return errors.New("this is not an openid, which has 1 to 128 of the characters 0-9 A-Z a-z _ -: copy one from `guanzhu followers export`")
	}
	return nil
}

// Run asks before it deletes.
func (c *followersDeleteCommand) Run(parent *followersCommand) error {
	confirm := newPrompt().confirm
	switch {
	case c.Yes:
		confirm = func(string) error { return nil }
	case !term.IsTerminal(int(os.Stdin.Fd())):
		return errors.New("there is no terminal to ask on: with --yes, it deletes without asking")
	}
	ctx, cancel := context.WithTimeout(context.Background(), deleteTime)
	defer cancel()
	store, err := parent.open(ctx)
	if err != nil {
		return err
	}
	return explained(deleteFollower(context.Background(), store, c.OpenID, time.Now, confirm, os.Stdout))
}

// deleteTime bounds what is asked of the table before the question and what is done after it.
const deleteTime = time.Minute

// deleteFollower unfollows at the present time: a push from before finds the tombstone, whatever it would store.
func deleteFollower(
	ctx context.Context, store followerStore, openid string, now func() time.Time,
	confirm func(question string) error, out io.Writer,
) error {
	f, err := lookup(ctx, store, openid)
	if errors.Is(err, follower.ErrNotFound) {
		return errors.New("this is no follower's openid: nothing was deleted. Each account has openids of its own for the same people; `guanzhu followers export` lists this one's")
	}
	if err != nil {
		return err
	}
	since := "a time that is not known yet" // as where only a personal link was asked for
	if !f.SubscribedAt.IsZero() {
		since = f.SubscribedAt.In(wechat.ChinaTime).Format(time.DateTime) + " (China time)"
	}
	fmt.Fprintf(out, "Follows since %s. Profile: %s.\n", since, f.State)
	if err := confirm("Delete this follower's record and session?"); err != nil {
		return err
	}

	at := now()
	if at.Before(f.EventTime) { // where this machine's clock is behind
		at = f.EventTime
	}
	deleting, cancel := context.WithTimeout(ctx, deleteTime)
	defer cancel()
	if err := store.Unfollow(deleting, openid, at, now().Add(follower.TombstoneFor)); err != nil {
		return err
	}
	switch _, err := lookup(ctx, store, openid); {
	case err == nil:
		return errors.New("a record stands: the follow came meanwhile. To delete that, too, run the command again")
	case !errors.Is(err, follower.ErrNotFound):
		return err
	}
	fmt.Fprintln(out, "Deleted. Suggestions and the table's backups are not: see guanzhu followers delete --help.")
	return nil
}

func lookup(ctx context.Context, store followerStore, openid string) (follower.Follower, error) {
	ctx, cancel := context.WithTimeout(ctx, deleteTime)
	defer cancel()
	f, _, err := store.Lookup(ctx, openid)
	return f, err
}
