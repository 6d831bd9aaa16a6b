package autoreply

import (
	"fmt"
	"slices"
	"strings"

	"github.com/guanzhu/guanzhu/internal/bilingual"
	"github.com/guanzhu/guanzhu/internal/menu"
	"github.com/guanzhu/guanzhu/internal/publicurl"
)

// Menu returns the menu to publish. It has no buttons if the file has no menu. publicURL is the address of the follower's
// pages (https://host). It completes urls that begin with a slash. If it is empty, such buttons are left out, and so are
// buttons without remaining sub-buttons.
func (a *Account) Menu(publicURL string) (menu.Menu, error) {
	publicURL, err := publicurl.Parse(publicURL)
	if err != nil {
		return menu.Menu{}, err
	}
	m := menu.Menu{File: a.data.Menu.File}
	m.Buttons = complete(&m, a.data.Menu.Buttons, publicURL)
	for _, c := range a.data.Menu.Conditional {
		if c.Buttons = complete(&m, c.Buttons, publicURL); len(c.Buttons) > 0 {
			m.Conditional = append(m.Conditional, c)
		}
	}
	return m, nil
}

// complete returns the buttons with complete urls. It adds the others to m.LeftOut.
func complete(m *menu.Menu, buttons []menu.Button, publicURL string) []menu.Button {
	var whole []menu.Button
	for _, b := range buttons {
		switch isLocal := strings.HasPrefix(b.URL, "/"); {
		case isLocal && publicURL == "":
			m.LeftOut = append(m.LeftOut, leftOut(fmt.Sprintf("%s:%d", m.File, b.Line), b.Name))
			continue
		case isLocal:
			b.URL = publicURL + b.URL
		case len(b.SubButton) > 0:
			if b.SubButton = complete(m, b.SubButton, publicURL); len(b.SubButton) == 0 {
				continue
			}
		}
		whole = append(whole, b)
	}
	return whole
}

// leftOut explains why a button is not part of the menu.
func leftOut(place, name string) bilingual.Text {
	return bilingual.New(
		fmt.Sprintf("%s：%s 不发布，因为它的 url 以 / 开头：把 PUBLIC_URL 设为网页的地址 https://…", place, name),
		fmt.Sprintf("%s: %s is left out, since its url begins with a slash: set PUBLIC_URL to where your pages are, https://…", place, name))
}

// RepairsMenu reports whether the file's menu replaces a live menu that someone else has changed (menu_drift: repair), or the
// change is only reported (menu_drift: tell).
func (a *Account) RepairsMenu() bool { return !a.data.TellsDrift }

// otherPage is the name of all pages that are not in the menu.
const otherPage = "other"

// Page returns the name of the first button that opens url, the EventKey of a wechat.View, or "other". So there are not more
// names than buttons.
func (a *Account) Page(url string) string {
	all := slices.Clone(a.data.Menu.Buttons)
	for _, c := range a.data.Menu.Conditional {
		all = append(all, c.Buttons...)
	}
	for _, written := range []string{url, localPart(url)} {
		for _, b := range all {
			for _, b := range slices.Concat([]menu.Button{b}, b.SubButton) {
				if b.URL != "" && b.URL == written {
					return b.Name
				}
			}
		}
	}
	return otherPage
}

// localPart returns the part of url after the host, or "".
func localPart(url string) string {
	_, rest, _ := strings.Cut(url, "://")
	switch i := strings.IndexAny(rest, "/?#"); {
	case rest == "":
		return ""
	case i < 0:
		return "/"
	default:
		return "/" + strings.TrimPrefix(rest[i:], "/")
	}
}
