package main

import (
	"regexp"
	"strings"
	"testing"
	"unicode"

	"github.com/alecthomas/kong"
)

// TestWrongUsage checks the text about a mistyped command line, in both languages, and the exit status.
func TestWrongUsage(t *testing.T) {
	t.Parallel()
	for args, want := range map[string][2]string{
		"nosuch":                         {"多出了参数 nosuch\n用法见 guanzhu --help", "unexpected argument nosuch\nTry guanzhu --help"},
		"followrs":                       {`没有 followrs，是不是 "followers"？`, `there is no followrs: did you mean "followers"?`},
		"push --txet a":                  {`没有选项 --txet，是不是 "--text"？` + "\n用法见 guanzhu push --help", `there is no flag --txet: did you mean "--text"?` + "\nTry guanzhu push --help"},
		"push --zzzzz":                   {"没有选项 --zzzzz", "there is no flag --zzzzz"},
		"push --text":                    {"--text 后面缺少值", "--text needs a value"},
		"import --from":                  {"--from 后面缺少值", "--from needs a value"},
		"push":                           {"给出一条推送", "name one push"},
		"push nosuch.xml":                {"guanzhu: 没有文件", "guanzhu: there is no file"},
		"push .":                         {"是文件夹", "is a folder"},
		"push --text a --follow":         {"--text 和 --follow 不能同时使用", "--text and --follow can't be used together"},
		"suggestions":                    {"缺少 --stack=NAME 或 --table=NAME（堆栈名", "missing: --stack=NAME or --table=NAME (GUANZHU_STACK"},
		"answers --stack s":              {"缺少以下之一：", "one of these is missing: "},
		"followers --table T delete":     {`缺少 "<openid>"`, `missing: "<openid>"`},
		"ai ask":                         {`缺少 "<问题>"`, `missing: "<question>"`},
		"followers --table T delete a.b": {"不是 openid", "this is not an openid"},
		"followers --table T show a.b":   {"不是 openid", "this is not an openid"},
		"followers --table T export --format xml": {`--format 只能是 "csv","jsonl" 之一，不能是 "xml"`, `--format must be one of "csv","jsonl", not "xml"`},
		"suggestions --table T --month x":         {`"x" 不是月份`, `"x" is not a month`},
		"suggestions --table T handled x":         {"不是建议的编号", "is not the id of a suggestion"},
		"doctor --app-id gh_0123456789ab":         {"AppID 是 wx 加 16 位", `"gh_0123456789ab" is not an AppID`},
		"secrets rotate --app-id wx12":            {"AppID 是 wx 加 16 位", `"wx12" is not an AppID`},
		"plan --stack s other.yaml":               {"不要写文件", "leave the file out"},
		"completion tcsh":                         {"之一", "must be one of"},
	} {
		for i, lang := range []string{"zh", "en"} {
			stdout, stderr, status := guanzhu(t, nil, append(strings.Fields(args), "--lang", lang)...)
			if strings.HasSuffix(args, "--text") || strings.HasSuffix(args, "--from") { // --lang would be its value
				stdout, stderr, status = guanzhu(t, []string{"LANG=" + lang}, strings.Fields(args)...)
			}
			if status != 80 || stdout != "" || !strings.Contains(stderr, want[i]) || !strings.HasSuffix(stderr, "--help\n") {
				t.Errorf("%s, %s: status %d\n%s%s", args, lang, status, stdout, stderr)
			}
			if lang == "en" && strings.ContainsFunc(stderr, isHan) {
				t.Errorf("%s: Chinese in an English text:\n%s", args, stderr)
			}
		}
	}
	if _, stderr, status := guanzhu(t, []string{"WECHAT_APP_ID=wx-of-the-test-account"}, "check", write(t, menuFile)); status != 0 {
		t.Errorf("check needs no AppID: status %d, %s", status, stderr)
	}
	real := []string{"WECHAT_APP_ID=wx1111111111111111", `WECHAT_SECRETS={"token":"t","app_secret":"too-short"}`}
	if _, stderr, status := guanzhu(t, real, "plan", write(t, menuFile)); status != 1 || !strings.Contains(stderr, "an app secret has 32 digits") {
		t.Errorf("a wrong app secret: status %d, %s", status, stderr)
	}
	if _, stderr, status := guanzhu(t, []string{"WECHAT_APP_ID=wx-of-the-test-account"}, "plan"); status != 80 || !strings.Contains(stderr, "is not an AppID") {
		t.Errorf("a wrong AppID of the environment: status %d, %s", status, stderr)
	}
	for env, want := range map[string]string{
		"WECHAT_APP_ID=APPID":                                              `环境变量 WECHAT_APP_ID：AppID 是 wx 加 16 位 0-9、a-f，"APPID" 不是`,
		"WECHAT_SECRETS={“token”}":                                         "密钥：应为一个 JSON 对象 {…}",
		`WECHAT_SECRETS={"token":"t","app_secret":"s","previous":1}`:       "密钥：previous 应为一个 JSON 对象",
		`WECHAT_SECRETS={"token":"t","app_secret":"s","encoding_key":"k"}`: "密钥：第 3 项的名称不认识",
		`WECHAT_SECRETS={"token":"t"}`:                                     "密钥：缺少 app_secret",
		"WECHAT_SECRETS=t":                                                 "WECHAT_SECRETS 应为 ssm:/name",
	} {
		settings := []string{"WECHAT_APP_ID=wx1111111111111111", env}
		if _, stderr, status := guanzhu(t, settings, "--lang", "zh", "plan", write(t, menuFile)); status == 0 || !strings.Contains(stderr, want) {
			t.Errorf("%s: status %d, %s, want %q", env, status, stderr, want)
		}
	}
}

func isHan(r rune) bool { return unicode.Is(unicode.Han, r) }

// TestHelp holds that the help without a command lists every command under its task, and that all help is in one language.
func TestHelp(t *testing.T) {
	t.Parallel()
	alone, stderr, status := guanzhu(t, nil)
	wantRun(t, alone, "", 0, alone, stderr, status)
	if help, _, _ := guanzhu(t, nil, "--help"); help != alone {
		t.Errorf("guanzhu and guanzhu --help differ:\n%s\n%s", alone, help)
	}
	if help, _, status := guanzhu(t, nil, "help"); help != alone || status != 0 {
		t.Errorf("help: status %d, not the text of --help:\n%s", status, help)
	}
	push, _, _ := guanzhu(t, nil, "push", "--help")
	if help, _, status := guanzhu(t, nil, "help", "push"); help != push || status != 0 {
		t.Errorf("help push: status %d, not the text of push --help:\n%s", status, help)
	}
	for _, lang := range []language{"en", "zh"} {
		help, _, _ := guanzhu(t, nil, "--lang", string(lang), "--help")
		var visit func(*kong.Node)
		visit = func(node *kong.Node) {
			if node.Parent != nil && node.Parent.Parent == nil && !node.Hidden {
				if node.Group == nil || !strings.Contains(help, "\n  "+node.Name+" ") {
					t.Errorf("%s is not in the help, or in no group", node.Name)
				}
			}
			texts := map[string]string{node.Path(): node.Help, node.Path() + " in detail": node.Detail}
			for _, flag := range node.Flags {
				texts[node.Path()+" --"+flag.Name] = flag.Help
			}
			for _, arg := range node.Positional {
				if name := arg.Name; lang == "zh" && !node.Hidden && !strings.ContainsFunc(name, isHan) && name != "openid" && name != "shell" {
					t.Errorf("%s has the English argument %s", node.Path(), name)
				}
				texts[node.Path()+" "+arg.Name] = arg.Help
			}
			for where, text := range texts {
				if chinese := strings.ContainsFunc(text, isHan); text != "" && chinese != (lang == "zh") {
					t.Errorf("%s, help in %s: %s", where, lang, text)
				}
				if text == "" && !strings.HasSuffix(where, "in detail") && node.Parent != nil {
					t.Errorf("%s has no help", where)
				}
			}
			h := helpText{lang: lang, width: 80}
			h.command("guanzhu", node)
			for line := range strings.Lines(h.String()) {
				if regexp.MustCompile(`^ *[]>，。、）]|[[<（ ]\n$`).MatchString(line) {
					t.Errorf("%s: a line is broken at a wrong place: %q", node.Path(), line)
				}
			}
			for _, child := range node.Children {
				visit(child)
			}
		}
		visit(newParser(&commands{}, lang).Model.Node)
		for line := range strings.Lines(help) {
			if columns(strings.TrimSuffix(line, "\n")) > 80 {
				t.Errorf("wider than 80 columns: %s", line)
			}
		}
	}
}

// TestCompletion holds which words may follow.
func TestCompletion(t *testing.T) {
	t.Parallel()
	for args, want := range map[string]string{
		"su":                         "suggestions",
		"secrets ":                   "write rotate finish",
		"secrets --st":               "--stack",
		"suggestions --al":           "--all",
		"followers export --form":    "--format",
		"followers export --format ": "csv jsonl",
		"--lang = z":                 "zh",
		"--lang zh ch":               "check",
		"--lang =":                   "zh en auto",
		"completion ":                "bash zsh fish",
		"push --text pub":            "", // the value of --text
		"push ":                      "", // a file
	} {
		stdout, stderr, status := guanzhu(t, nil, append([]string{"candidates", "--"}, strings.Split(args, " ")...)...)
		var names []string
		for line := range strings.Lines(stdout) {
			name, _, _ := strings.Cut(strings.TrimSuffix(line, "\n"), "\t")
			names = append(names, name)
		}
		if got := strings.Join(names, " "); status != 0 || got != want {
			t.Errorf("%s: status %d, %q, want %q\n%s", args, status, got, want, stderr)
		}
	}
	if stdout, _, _ := guanzhu(t, nil, "candidates", "--", "--lang", "zh", "versio"); stdout != "version\t显示版本。\n" {
		t.Errorf("the help in Chinese is %q", stdout)
	}
}
