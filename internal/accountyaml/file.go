package accountyaml

import (
	"fmt"
	"slices"

	"github.com/goccy/go-yaml/ast"

	"github.com/guanzhu/guanzhu/internal/media"
	"github.com/guanzhu/guanzhu/pkg/wechat"
)

// Files returns the files of account/media that the replies use, each once for each kind of reply.
func (a *Account) Files() []media.Use { return slices.Clone(a.files) }

// material reads the fields of a reply with a material: its id, or a file.
func (f *file) material(e entry, id string, optional ...string) map[string]string {
	r := f.fields(e.value, e.key, nil, slices.Concat([]string{id}, optional, []string{"file"})...)
	if r == nil {
		return nil
	}
	given := map[string]bool{}
	for _, v := range e.value.(*ast.MappingNode).Values {
		given[v.Key.GetToken().Value] = true
	}
	switch {
	case !given[id] && !given["file"]:
		f.problem(lineOf(e.value), "%s has no %s: add \"%s: …\", or \"file: …\" with the name of a file in account/media", e.key, id, id)
	case given[id] && given["file"]:
		f.problem(lineOf(e.value), "%s has both %s and file: keep one of them", e.key, id)
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
	if problem := media.CheckName(use.Kind, name); problem != "" {
		f.problem(line, "%s", problem)
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
		f.problem(e.line, "random must be a list of at least two replies, each beginning with \"- \"")
		return nil
	}
	if to == toText {
		to = toMessage // which ai is not for
	}
	var several wechat.OneOf
	for _, item := range list.Values {
		reply := f.reply(item, "a reply of random", to)
		if _, nested := reply.(wechat.OneOf); nested {
			f.problem(lineOf(item), "random has no other random in it: write the replies in one list")
		}
		several = append(several, reply)
	}
	return several
}
