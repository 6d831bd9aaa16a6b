package accountyaml

import (
	"fmt"
	"slices"

	"github.com/goccy/go-yaml/ast"

	"github.com/guanzhu/guanzhu/internal/bilingual"
	"github.com/guanzhu/guanzhu/internal/media"
	"github.com/guanzhu/guanzhu/pkg/wechat"
)

// material reads the fields of a reply with a material: its id, or a file.
func (f *file) material(e entry, id string, optional ...string) map[string]string {
	r := f.fields(e.value, asIs(e.key), nil, slices.Concat([]string{id}, optional, []string{"file"})...)
	if r == nil {
		return nil
	}
	given := map[string]bool{}
	for _, v := range e.value.(*ast.MappingNode).Values {
		given[v.Key.GetToken().Value] = true
	}
	switch {
	case !given[id] && !given["file"]:
		f.problem(lineOf(e.value), "%s 缺少 %s：加上“%s: …”，或者用“file: …”写出 account/media 里的文件名",
			"%s has no %s: add \"%s: …\", or \"file: …\" with the name of a file in account/media", e.key, id, id)
	case given[id] && given["file"]:
		f.problem(lineOf(e.value), "%s 同时写了 %s 和 file：只留一个",
			"%s has both %s and file: keep one of them", e.key, id)
	}
	return r
}

// withFile returns the reply, or that with the file that its fields r name.
func (f *file) withFile(e entry, r map[string]string, reply wechat.Reply) wechat.Reply {
	name := r["file"]
	if name == "" {
		return reply
	}
	withFile := wechat.FileReply{File: name, Reply: reply}
	use := media.UseOf(withFile)
	line := e.line
	for _, v := range e.value.(*ast.MappingNode).Values {
		if v.Key.GetToken().Value == "file" {
			line = lineOf(v.Value)
		}
	}
	if err := media.CheckName(use.Kind, name); err != nil {
		f.problem(line, "%v", "%v", err)
	}
	use.At = fmt.Sprintf("%s:%d", f.name, line)
	known := slices.ContainsFunc(f.uses, func(u media.Use) bool { return u.Kind == use.Kind && u.Name == use.Name })
	if !known {
		f.uses = append(f.uses, use)
	}
	return withFile
}

// random reads a list of replies. One of them is sent.
func (f *file) random(e entry, to purpose) wechat.Reply {
	list, ok := e.value.(*ast.SequenceNode)
	if !ok || len(list.Values) < 2 {
		f.problem(e.line, "random 要写成列表，至少两条回复，每条以“- ”开头",
			"random must be a list of at least two replies, each beginning with \"- \"")
		return nil
	}
	if to == toText {
		to = toMessage // which ai is not for
	}
	var several wechat.OneOf
	for _, item := range list.Values {
		reply := f.reply(item, bilingual.New("random 里的一条回复", "a reply of random"), to)
		if _, nested := reply.(wechat.OneOf); nested {
			f.problem(lineOf(item), "random 里面不能再有 random：把回复写在同一个列表里",
				"random has no other random in it: write the replies in one list")
		}
		several = append(several, reply)
	}
	return several
}
