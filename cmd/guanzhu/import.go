package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"time"

	"github.com/guanzhu/guanzhu/internal/bilingual"
	"github.com/guanzhu/guanzhu/internal/errcode"
	"github.com/guanzhu/guanzhu/internal/linediff"
	"github.com/guanzhu/guanzhu/internal/movein"
)

type importCommand struct {
	From      []string `sep:"none" placeholder:"FILE" xor:"source" help:"A saved answer of get_current_autoreply_info, get_current_selfmenu_info or menu/get, recognised by its content. May be given several times." zh:"保存下来的接口应答：get_current_autoreply_info、get_current_selfmenu_info 或 menu/get，按内容识别，可以写多次。"`
	Stack     string   `placeholder:"NAME" xor:"source" help:"Name of the deployed stack (GUANZHU_STACK) whose function menu asks the platform." zh:"已部署的堆栈名（GUANZHU_STACK），由它的函数 menu 向微信查询。"`
	Write     bool     `help:"Write the files. Without it, the difference is only shown." zh:"写入文件。不写这个选项就只显示差别。"`
	fileFlags `embed:""`
	liveFlags `embed:""`
}

// Detail is shown by --help.
func (*importCommand) Detail() bilingual.Text {
	return bilingual.New("在有 account/account.yaml 的文件夹里运行。关注回复、默认回复、关键词规则和菜单写进 account.yaml，图片、语音和视频存进 account/media。account.yaml 里的其他内容不变，包括注释和只有文件里才有的规则。\n\n"+
		"标准输出是差别；标准错误是没有带过来的内容，每行一条，写明规则或按钮的名字。\n\n"+
		"退出码：没有差别或已全部写入时是 0，有差别时是 2，无法知道时是 1。",
		"Run it in the folder that has account/account.yaml. It puts welcome, default, keyword rules and menu into account.yaml, and "+
			"pictures, sounds and videos into account/media. All else in account.yaml stays: comments too, and rules that only the file has.\n\n"+
			"Standard output has the difference. Standard error has what is not carried over, one line each, with the name of the rule or button.\n\n"+
			"Exit status: 0 if nothing differs or all is written, 2 if something differs, 1 if that is not known.")
}

// importWithin bounds the whole, which may download hundreds of files.
const importWithin = 10 * time.Minute

// Run shows the difference, or writes it.
func (c *importCommand) Run(lang language) error {
	ctx, cancel := context.WithTimeout(context.Background(), importWithin+wakesWithin)
	defer cancel()
	owner, err := c.owner()
	if err != nil {
		return err
	}
	answers, download, err := c.source(ctx, lang)
	if err != nil {
		return c.explained(err)
	}
	result, err := movein.Import(ctx, owner, answers, download)
	if err != nil {
		return err
	}
	for _, note := range result.Notes {
		fmt.Fprintln(os.Stderr, note.In(string(lang)))
	}
	return c.show(owner, result, lang)
}

// owner reads what is there.
func (c *importCommand) owner() (movein.Owner, error) {
	if _, err := os.Stat(filepath.Dir(c.File)); err != nil {
		return movein.Owner{}, noFile(c.File, err)
	}
	file, err := os.ReadFile(c.File)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return movein.Owner{}, err
	}
	return movein.Owner{Name: c.File, File: file, Media: c.media(), PublicURL: c.PublicURL}, nil
}

// source returns the answers, and how to download, nil if that is not possible.
func (c *importCommand) source(ctx context.Context, lang language) (movein.Answers, movein.Download, error) {
	if c.Stack != "" {
		return c.askStack(ctx, lang)
	}
	if len(c.From) > 0 && c.AppID == sampleAppID && c.APIURL == "" {
		answers, err := c.saved()
		return answers, nil, err
	}
	api, err := c.liveAPI(ctx, lang)
	if err != nil {
		return movein.Answers{}, nil, err
	}
	if len(c.From) > 0 {
		answers, err := c.saved()
		return answers, api.Download, err
	}
	answers, err := movein.Ask(ctx, api)
	return answers, api.Download, err
}

// saved reads the saved answers.
func (c *importCommand) saved() (answers movein.Answers, err error) {
	for _, name := range c.From {
		saved, err := os.ReadFile(name) //nolint:gosec // the owner names the file
		if err != nil {
			return movein.Answers{}, err
		}
		if err := answers.Add(name, saved); err != nil {
			return movein.Answers{}, err
		}
	}
	return answers, nil
}

func (c *importCommand) askStack(ctx context.Context, lang language) (movein.Answers, movein.Download, error) {
	function, err := openFunction(ctx, lang, c.Stack, "menu")
	if err != nil {
		return movein.Answers{}, nil, err
	}
	var asked movein.Asked
	if err := function.ask(ctx, movein.ActionImport, &asked); err != nil {
		return movein.Answers{}, nil, err
	}
	return asked.Answers, func(ctx context.Context, mediaID string) ([]byte, error) {
		var downloaded movein.Downloaded
		err := function.askWith(ctx, map[string]string{"action": movein.ActionDownload, "media_id": mediaID}, &downloaded)
		return downloaded.Content, err
	}, nil
}

// explained adds the way that remains to a refusal for lack of permission.
func (c *importCommand) explained(err error) error {
	if errcode.Of(err) != errcode.NoPermission {
		return err
	}
	return bilingual.Errorf("%w\n账号不能调用这个接口。可以在能调用的地方（例如微信的接口调试工具）保存应答，再用 --from 导入；否则照着微信后台手工写进 account.yaml。",
		"%w\nThe account may not call this API. Save the answers where they can be had, such as WeChat's tool for trying out APIs, and import them with --from; or copy the replies from WeChat's console by hand.", err)
}

// show prints the difference and, with --write, writes it.
func (c *importCommand) show(owner movein.Owner, result movein.Result, lang language) error {
	note := func(zh, en string, values ...any) { fmt.Fprintln(os.Stderr, named(lang.say(zh, en, values...))) }
	diff := linediff.Text(string(owner.File), string(result.File))
	for _, line := range diff {
		fmt.Println(line)
	}
	var names []string
	for name := range result.Media {
		names = append(names, name)
	}
	slices.Sort(names)
	for _, name := range names {
		fmt.Printf("+ media/%s%s\n", name, lang.say("（%d 字节）", " (%d bytes)", len(result.Media[name])))
	}
	switch {
	case len(diff)+len(names) == 0:
		note("没有差别：%s 里都已经有了。", "Nothing differs: %s has all of it.", c.File)
		return nil
	case !c.Write:
		note("以上还没有写入：加上 --write 就会写入。", "Nothing is written yet: give --write to write it.")
		return differs
	}
	if err := c.write(result, names); err != nil {
		return err
	}
	note("已写入。接下来：guanzhu check 检查，guanzhu plan 看差别，部署之后 guanzhu publish 发布。",
		"Written. Next: guanzhu check; guanzhu plan shows the difference; deploy, then guanzhu publish.")
	return nil
}

// write writes the files, account.yaml last, so that it never names a file that is not there. They belong to a repository, so
// everyone may read them.
func (c *importCommand) write(result movein.Result, names []string) error {
	if len(names) > 0 {
		if err := os.MkdirAll(c.mediaFolder(), 0o755); err != nil { //nolint:gosec // see above
			return err
		}
	}
	for _, name := range names {
		if err := os.WriteFile(filepath.Join(c.mediaFolder(), name), result.Media[name], 0o644); err != nil { //nolint:gosec // see above
			return err
		}
	}
	temporary := c.File + ".new"
	if err := os.WriteFile(temporary, result.File, 0o644); err != nil { //nolint:gosec // see above
		return err
	}
	return os.Rename(temporary, c.File)
}
