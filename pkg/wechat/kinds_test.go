package wechat

import (
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
)

// documented are the kinds that have a type.
var documented = []string{
	"text", "image", "voice", "video", "shortvideo", "location", "link", "file",

	"event/subscribe", "event/unsubscribe", "event/SCAN", "event/LOCATION", "event/CLICK", "event/VIEW",
	"event/scancode_push", "event/scancode_waitmsg", "event/pic_sysphoto", "event/pic_photo_or_album", "event/pic_weixin",
	"event/location_select", "event/view_miniprogram",

	"event/TEMPLATESENDJOBFINISH", "event/MASSSENDJOBFINISH", "event/PUBLISHJOBFINISH", "event/FREEPUBLISHJOBFINISH",

	"event/subscribe_msg_popup_event", "event/subscribe_msg_change_event", "event/subscribe_msg_sent_event",

	"event/user_info_modified", "event/user_authorization_revoke", "event/user_authorization_cancellation",

	"event/kf_create_session", "event/kf_close_session", "event/kf_switch_session",

	"event/qualification_verify_success", "event/qualification_verify_fail", "event/naming_verify_success",
	"event/naming_verify_fail", "event/annual_renew", "event/verify_expired",

	"event/debug_demo",
}

// typeless are kinds that the platform's pages, or public clients of the protocol, know and that have no type.
var typeless = []string{
	"music", "hardware", "device_text", "device_event", "miniprogrampage",

	"event/user_get_card", "event/user_consume_card", "event/submit_invoice_title", "event/poi_check_notify",
	"event/merchant_order", "event/add_store_audit_info", "event/WifiConnected", "event/ShakearoundUserShake",
	"event/guide_qrcode_scan_event", "event/weapp_audit_success", "event/wxa_media_check", "event/user_enter_tempsession",
}

func TestKindsAreComplete(t *testing.T) {
	if diff := cmp.Diff(slices.Sorted(slices.Values(documented)), Kinds()); diff != "" {
		t.Errorf("(-documented +table):\n%s", diff)
	}
	for _, kind := range typeless {
		msgType, name, _ := strings.Cut(kind, "/")
		body := strings.Replace(event(name, ""), "[event]", "["+msgType+"]", 1)
		if p, ok := parse(t, body).(*Raw); !ok || p.Kind() != kind {
			t.Errorf("%s is %#v", kind, p)
		}
	}
}

func parse(t testing.TB, body string) Push {
	t.Helper()
	p, err := ParsePush([]byte(body))
	if err != nil {
		t.Fatalf("%v in %s", err, body)
	}
	return p
}

// samples returns the sample pushes of events/ by their kind.
func samples(t testing.TB) map[string][]string {
	t.Helper()
	names, err := filepath.Glob("../../events/*.xml")
	if err != nil || len(names) == 0 {
		t.Fatalf("no samples: %v", err)
	}
	all := make(map[string][]string)
	for _, name := range names {
		body, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		kind := parse(t, string(body)).Common().Kind()
		all[kind] = append(all[kind], string(body))
	}
	return all
}

var jsonNumber = regexp.MustCompile(`^-?(0|[1-9][0-9]*)(\.[0-9]+)?$`)

// asJSON returns an XML push as the platform writes it in JSON: numbers without quotes, repeated elements as an array, and
// the entries of the subscription notices at the top level.
func asJSON(t testing.TB, body string) string {
	t.Helper()
	root, err := parseXML(body)
	if err != nil {
		t.Fatal(err)
	}
	var bare func(e *element)
	bare = func(e *element) {
		e.number = len(e.children) == 0 && jsonNumber.MatchString(e.text)
		for i := range e.children {
			bare(&e.children[i])
		}
	}
	bare(&root)
	last := root.children[len(root.children)-1]
	if strings.HasPrefix(last.name, "SubscribeMsg") {
		root.children = append(root.children[:len(root.children)-1], last.children...)
	}
	return string(marshal(true, root.children))
}

var ignoreForm = cmp.Options{cmpopts.IgnoreFields(Head{}, "JSON"), cmpopts.IgnoreUnexported(Raw{})}

// TestSampleInBothForms parses the sample of each kind in XML and, with the same values, in JSON.
func TestSampleInBothForms(t *testing.T) {
	all := samples(t)
	for _, kind := range documented {
		t.Run(kind, func(t *testing.T) {
			if len(all[kind]) == 0 {
				t.Fatalf("no sample in events/")
			}
			for _, sample := range all[kind] {
				fromXML, fromJSON := parse(t, sample), parse(t, asJSON(t, sample))
				if want := reflect.TypeOf(kinds[kind]()); reflect.TypeOf(fromXML) != want {
					t.Errorf("parsed as %T, want %v", fromXML, want)
				}
				if diff := cmp.Diff(fromXML, fromJSON, ignoreForm); diff != "" {
					t.Errorf("(-XML +JSON):\n%s", diff)
				}
				if fromXML.Common().JSON || !fromJSON.Common().JSON {
					t.Errorf("Head.JSON is %v for XML and %v for JSON", fromXML.Common().JSON, fromJSON.Common().JSON)
				}
			}
		})
	}
}

// TestSamplesMatchTheTypes compares the names of the fields with the samples, which are written by hand from the platform's
// pages. Each element of a sample has a field, and each field occurs in a sample.
func TestSamplesMatchTheTypes(t *testing.T) {
	rare := []string{
		"MsgDataId", "Idx", "bizmsgmenuid", // in messages sent from an article or a msgmenu
	}
	all := samples(t)
	present := make(map[reflect.Type]map[string]bool)
	for kind, p := range kinds {
		into := present[reflect.TypeOf(p())]
		if into == nil {
			into = make(map[string]bool)
			present[reflect.TypeOf(p())] = into
		}
		for _, sample := range all[kind] {
			root, err := parseXML(sample)
			if err != nil {
				t.Fatal(err)
			}
			leaves(&root, "", into)
		}
	}
	for typ, present := range present {
		known := map[string]bool{"Event": true}
		if typ == reflect.TypeFor[*Unsubscribe]() {
			known["EventKey"] = true // present and always empty
		}
		for _, names := range leafFields(typ.Elem(), nil) {
			found := names[0] == "Event" || slices.Contains(rare, names[0])
			for _, name := range names {
				known[name] = true
				found = found || present[name]
			}
			if !found {
				t.Errorf("%v: %v is in no sample", typ, names)
			}
		}
		for name := range present {
			if !known[name] {
				t.Errorf("%v: %s of the sample has no field", typ, name)
			}
		}
	}
}

func leaves(e *element, path string, into map[string]bool) {
	for i := range e.children {
		child := &e.children[i]
		if name := path + child.name; len(child.children) == 0 {
			into[name] = true
		} else {
			leaves(child, name+">", into)
		}
	}
}

// leafFields returns the paths of each field of t that is not a struct.
func leafFields(t reflect.Type, above []string) [][]string {
	if above == nil {
		above = []string{""}
	}
	var all [][]string
	for _, f := range planOf(t) {
		var paths []string
		for _, prefix := range above {
			for _, path := range f.paths {
				paths = append(paths, prefix+strings.Join(path, ">"))
			}
		}
		if f.fields == nil {
			all = append(all, paths)
			continue
		}
		field := t.FieldByIndex(f.index).Type
		if field.Kind() == reflect.Slice {
			field = field.Elem()
		}
		for i := range paths {
			paths[i] += ">"
		}
		all = append(all, leafFields(field, paths)...)
	}
	return all
}

// document returns a push of a kind with every field of its type. Of the names of a field it takes the one with the index
// alternative, or the last. An element that may be repeated occurs twice. text returns the text of a field.
func document(kind string, alternative int, text func(path string, t reflect.Type) string) *element {
	root := &element{name: "xml"}
	build(root, reflect.TypeOf(kinds[kind]()).Elem(), alternative, text)
	msgType, name, _ := strings.Cut(kind, "/")
	for field, value := range map[string]string{"ToUserName": "gh_1", "FromUserName": "oDEMO", "CreateTime": "1795305600",
		"MsgType": msgType, "Event": name} {
		root.child(field).text = value
	}
	return root
}

func build(e *element, t reflect.Type, alternative int, text func(path string, t reflect.Type) string) {
	for _, f := range planOf(t) {
		path := f.paths[min(alternative, len(f.paths)-1)]
		parent := e
		for _, name := range path[:len(path)-1] {
			if parent.child(name) == nil {
				parent.children = append(parent.children, element{name: name})
			}
			parent = parent.child(name)
		}
		field, times := t.FieldByIndex(f.index).Type, 1
		if field.Kind() == reflect.Slice {
			field, times = field.Elem(), 2
		}
		for range times {
			child := element{name: path[len(path)-1]}
			if f.fields != nil {
				build(&child, field, alternative, text)
			} else {
				child.text = text(strings.Join(path, ">"), field)
			}
			parent.children = append(parent.children, child)
		}
	}
}

// TestEveryFieldIsSet parses a push of each kind with all its fields, by each of their names, in XML and in JSON.
func TestEveryFieldIsSet(t *testing.T) {
	for _, kind := range documented {
		for alternative := range 3 {
			n := 0
			root := document(kind, alternative, func(string, reflect.Type) string { n++; return strconv.Itoa(n) })
			fromXML, fromJSON := parse(t, string(marshal(false, root.children))), parse(t, string(marshal(true, root.children)))
			if diff := cmp.Diff(fromXML, fromJSON, ignoreForm); diff != "" {
				t.Errorf("%s (-XML +JSON):\n%s", kind, diff)
			}
			for _, field := range zeroFields(reflect.ValueOf(fromXML).Elem(), kind) {
				if field != kind+".JSON" && (field != kind+".Event" || strings.HasPrefix(kind, "event/")) {
					t.Errorf("%s is not set", field)
				}
			}
		}
	}
}

func zeroFields(v reflect.Value, name string) (zero []string) {
	switch v.Kind() {
	case reflect.Struct:
		for _, field := range reflect.VisibleFields(v.Type()) {
			if !field.Anonymous {
				zero = append(zero, zeroFields(v.FieldByIndex(field.Index), name+"."+field.Name)...)
			}
		}
	case reflect.Slice:
		if v.Len() != 2 {
			return []string{name}
		}
		for i := range v.Len() {
			zero = append(zero, zeroFields(v.Index(i), name+"[]")...)
		}
	default:
		if v.IsZero() {
			zero = []string{name}
		}
	}
	return zero
}

// TestMalformedNumbers checks that a malformed number is 0 and that the push is still understood.
func TestMalformedNumbers(t *testing.T) {
	for _, number := range []string{"", " ", "abc", "1.5.2", "0x10", "NaN", "Inf", "1e999", strings.Repeat("9", 400)} {
		for _, kind := range documented {
			root := document(kind, 0, func(_ string, t reflect.Type) string {
				if t.Kind() == reflect.String {
					return "text"
				}
				return number
			})
			for _, asJSON := range []bool{false, true} {
				p := parse(t, string(marshal(asJSON, root.children)))
				p.Common().CreateTime = 0
				for _, value := range numbers(reflect.ValueOf(p).Elem()) {
					if !value.IsZero() {
						t.Errorf("%s, JSON %v: %q gives %v", kind, asJSON, number, value)
					}
				}
			}
		}
	}
}

func numbers(v reflect.Value) (all []reflect.Value) {
	switch v.Kind() {
	case reflect.Struct:
		for i := range v.NumField() {
			all = append(all, numbers(v.Field(i))...)
		}
	case reflect.Slice:
		for i := range v.Len() {
			all = append(all, numbers(v.Index(i))...)
		}
	case reflect.Int64, reflect.Uint64, reflect.Float64:
		all = []reflect.Value{v}
	}
	return all
}

// owned are the elements whose value the account chose and may compare with its own.
var owned = []string{
	"EventKey",     // the key of a button, the scene of a QR code, the address of a page
	"bizmsgmenuid", // of an item of a msgmenu
	"debug_str",    // typed by the account's developer
}

// typedOfRaw are the typed elements of kinds without a type.
var typedOfRaw = []string{"VerifyCode", "RemarkAmount", "title", "tax_no", "phone", "addr", "bank_type", "bank_no", "SessionFrom"}

// TestTypedTextsOfRaw checks that a Raw is understood if a typed text in it contains `]]>`.
func TestTypedTextsOfRaw(t *testing.T) {
	for _, name := range typedOfRaw {
		const text = "a]]>b"
		raw := parse(t, event("submit_invoice_title", "<"+name+"><![CDATA["+text+"]]></"+name+">")).(*Raw)
		if got := raw.Field(name); got != text {
			t.Errorf("%s is %q, want %q", name, got, text)
		}
	}
}

// TestTypedTextsAreVerbatim compares the lists typed and owned with the tags of the types.
func TestTypedTextsAreVerbatim(t *testing.T) {
	inTags := make(map[string]bool)
	var collect func(t reflect.Type)
	collect = func(typ reflect.Type) {
		for _, f := range planOf(typ) {
			if field := typ.FieldByIndex(f.index).Type; field.Kind() == reflect.Slice && f.fields != nil {
				collect(field.Elem())
			} else if f.fields != nil {
				collect(field)
			}
			for _, path := range f.paths {
				name := path[len(path)-1]
				if f.verbatim {
					inTags[name] = true
				} else if slices.Contains(typed, name) || slices.Contains(owned, name) {
					t.Errorf("%s of %v is typed by users or chosen by the account, but trimmed", name, typ)
				}
			}
		}
	}
	for _, kind := range kinds {
		collect(reflect.TypeOf(kind()).Elem())
	}
	for _, name := range slices.Concat(typed, owned) {
		if !inTags[name] && !slices.Contains(typedOfRaw, name) {
			t.Errorf("no field of a type reads %s", name)
		}
		delete(inTags, name)
	}
	for name := range inTags {
		t.Errorf("%s is verbatim, but neither typed by users nor chosen by the account", name)
	}
}

// TestBlanks puts blanks in and around the CDATA of each text. Blanks around it never count. Blanks in it count if users type
// the text or the account chose it.
func TestBlanks(t *testing.T) {
	const inside = " \u3000v\u00a0\n"
	spaced := strings.NewReplacer("<![CDATA[", " \n<![CDATA[", cdataClose, cdataClose+"\t\n ")
	for _, kind := range documented {
		root := document(kind, 0, func(_ string, t reflect.Type) string {
			if t.Kind() == reflect.String {
				return inside
			}
			return " 7\n"
		})
		body := string(marshal(false, root.children))
		for _, form := range []string{body, spaced.Replace(body), string(marshal(true, root.children))} {
			p := parse(t, form)
			texts(planOf(reflect.TypeOf(p).Elem()), reflect.ValueOf(p).Elem(), func(f fieldPlan, v reflect.Value) {
				want := "v"
				if f.verbatim {
					want = inside
				}
				_, ofHead := reflect.TypeFor[Head]().FieldByName(f.paths[0][0])
				if got := v.String(); got != want && !ofHead {
					t.Errorf("%s, %v: got %q, want %q", kind, f.paths, got, want)
				}
			})
			for _, number := range numbers(reflect.ValueOf(p).Elem()) {
				if number.IsZero() {
					t.Errorf("%s: a number with blanks around it is 0", kind)
				}
			}
		}
	}
}

// texts calls each for the string fields of v and of the structs in it.
func texts(p plan, v reflect.Value, each func(fieldPlan, reflect.Value)) {
	for _, f := range p {
		field := v.FieldByIndex(f.index)
		switch {
		case field.Kind() == reflect.String:
			each(f, field)
		case field.Kind() == reflect.Struct:
			texts(f.fields, field, each)
		case field.Kind() == reflect.Slice && f.fields != nil:
			for i := range field.Len() {
				texts(f.fields, field.Index(i), each)
			}
		}
	}
}

// TestKeysAreKept checks keys and scenes that an account chose with blanks at their ends.
func TestKeysAreKept(t *testing.T) {
	const key = " 关于我们\u3000"
	for _, around := range []string{"", "\n  "} {
		for name, prefix := range map[string]string{"subscribe": "qrscene_", "SCAN": "", "CLICK": "", "VIEW": "",
			"scancode_push": "", "scancode_waitmsg": "", "pic_sysphoto": "", "pic_photo_or_album": "", "pic_weixin": "",
			"location_select": "", "view_miniprogram": ""} {
			body := event(name, "<EventKey>"+around+"<![CDATA["+prefix+key+"]]>"+around+"</EventKey>")
			if got := parse(t, body).(Keyed).Key(); got != key {
				t.Errorf("%s: key %q, want %q", name, got, key)
			}
		}
	}
}

// TestRepeatedPaths repeats each element on the path to a list or another field, with one child in each. In JSON they are
// arrays.
func TestRepeatedPaths(t *testing.T) {
	var entries []string // names of the elements of lists
	var collect func(reflect.Type)
	collect = func(typ reflect.Type) {
		for _, f := range planOf(typ) {
			field := typ.FieldByIndex(f.index).Type
			if field.Kind() == reflect.Slice {
				field = field.Elem()
				for _, path := range f.paths {
					entries = append(entries, path[len(path)-1])
				}
			}
			if f.fields != nil {
				collect(field)
			}
		}
	}
	for _, kind := range kinds {
		collect(reflect.TypeOf(kind()).Elem())
	}
	split := 0
	var several func(e *element) []element
	several = func(e *element) []element {
		var children []element
		for i := range e.children {
			children = append(children, several(&e.children[i])...)
		}
		e.children = children
		if len(children) < 2 || slices.Contains(entries, e.name) {
			return []element{*e}
		}
		split++
		var all []element
		for _, child := range children {
			all = append(all, element{name: e.name, children: []element{child}})
		}
		return all
	}
	for _, kind := range documented {
		for alternative := range 3 {
			n := 0
			root := document(kind, alternative, func(string, reflect.Type) string { n++; return strconv.Itoa(n) })
			want := parse(t, string(marshal(false, root.children)))
			var children []element
			for i := range root.children {
				children = append(children, several(&root.children[i])...)
			}
			root.children = children
			for _, asJSON := range []bool{false, true} {
				if diff := cmp.Diff(want, parse(t, string(marshal(asJSON, root.children))), ignoreForm); diff != "" {
					t.Errorf("%s, JSON %v (-one +several):\n%s", kind, asJSON, diff)
				}
			}
		}
	}
	if split < 20 {
		t.Errorf("%d elements were split", split)
	}
}

// TestPicturesInSeveralLists checks the form in which the platform sends two pictures.
func TestPicturesInSeveralLists(t *testing.T) {
	const list = "<PicList><item><PicMd5Sum><![CDATA[%s]]></PicMd5Sum></item></PicList>"
	p := parse(t, event("pic_weixin", "<EventKey><![CDATA[face]]></EventKey><SendPicsInfo>"+
		strings.Replace(list, "%s", "aef52ae501537e552725c5d7f99c1700", 1)+
		strings.Replace(list, "%s", "c4564632a4fab91378c39bea6aad6f00", 1)+"<Count>2</Count></SendPicsInfo>"))
	want := SendPicsInfo{Count: 2, PicList: []Picture{{"aef52ae501537e552725c5d7f99c1700"}, {"c4564632a4fab91378c39bea6aad6f00"}}}
	if diff := cmp.Diff(want, p.(*PicWeixin).SendPicsInfo); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

// TestUserOfAuthorizationEvents checks the names of the user's field that occur, in JSON also with a leading blank.
func TestUserOfAuthorizationEvents(t *testing.T) {
	for _, name := range []string{"user_info_modified", "user_authorization_revoke", "user_authorization_cancellation"} {
		for _, field := range []string{"OpenID", "openid", "OpenId"} {
			for _, body := range []string{
				event(name, "<"+field+"> <![CDATA[oUSER]]></"+field+">"),
				`{` + jsonHead + `,"MsgType":"event","Event":"` + name + `"," ` + field + `":"oUSER"}`,
			} {
				got := reflect.ValueOf(parse(t, body)).Elem().FieldByName("OpenID").String()
				if got != "oUSER" {
					t.Errorf("%s: the user is %q in %s", name, got, body)
				}
			}
		}
	}
}

// TestTypedTextForgesNothing lets each text that a user types leave its element, in every known way.
func TestTypedTextForgesNothing(t *testing.T) {
	for _, kind := range documented {
		for _, field := range leafFields(reflect.TypeOf(kinds[kind]()).Elem(), nil) {
			names := strings.Split(field[0], ">")
			name := names[len(names)-1]
			if !slices.Contains(typed, name) {
				continue
			}
			push := func(text string) *element {
				return document(kind, 0, func(path string, _ reflect.Type) string {
					if strings.HasSuffix(path, name) {
						return text
					}
					return path
				})
			}
			up, down := "", ""
			for _, parent := range names[:len(names)-1] {
				up, down = "</"+parent+">"+up, down+"<"+parent+">"
			}
			out, in := cdataClose+"</"+name+">", "<"+name+">"+cdataOpen
			for _, forged := range []string{
				"]]>", "a]]>b", "<![CDATA[", out, in, out + in, in + out,
				out + up + "<FromUserName>oVictim</FromUserName>" + down + in,
				out + up + "<EventKey>forged</EventKey>" + down + in,
				out + "<ScanType>forged</ScanType><Url>forged</Url>" + in,
				out + up + "<MsgType>event</MsgType>" + down + "<x>" + in,
				out + up + "</xml><xml>" + down + in,
				out + "<!--", "--><x/>" + in, out + "<?x ", out + `<x y="`,
				text("a push"),
			} {
				body := strings.Replace(string(marshal(false, push("PLACEHOLDER").children)), "PLACEHOLDER", forged, 1)
				got, err := ParsePush([]byte(body))
				if err != nil {
					t.Errorf("%s, %s is %q: %v", kind, name, forged, err)
					continue
				}
				want := parse(t, string(marshal(true, push(forged).children)))
				if diff := cmp.Diff(want, got, ignoreForm); diff != "" {
					t.Errorf("%s, %s is %q (-want +got):\n%s", kind, name, forged, diff)
				}
			}
		}
	}
}

// TestTwoTypedTextsForgeNothing lets two texts of one user work together. Such a push may be refused.
func TestTwoTypedTextsForgeNothing(t *testing.T) {
	for _, tt := range []struct{ title, description string }{
		{"a]]></Title><Idx>7</Idx><!--", "--><Description><![CDATA[b"},
		{"a]]></Title><Idx>7</Idx><?x ", "?><Description><![CDATA[b"},
		{`a]]></Title><Idx>7</Idx><x y="`, `"/><Description><![CDATA[b`},
		{"a", "]]></Title><Idx>7</Idx><Description><![CDATA[b"},
		{"a", "]]></Title><Label><![CDATA[]]></Label><Idx>7</Idx><Description><![CDATA[b"},
		{"a]]></Title><Description><![CDATA[", "]]></Title><Idx>7</Idx><Description><![CDATA[b"},
		{"a]]></Title><Description>b</Description><Idx>7</Idx><Title><![CDATA[", "b"},
		{"a", "<xml><Idx>7</Idx><Title><![CDATA[b]]></Title><Description><![CDATA[c]]></Description></xml>"},
	} {
		body := "<xml>" + head + "<MsgType>link</MsgType><Title><![CDATA[" + tt.title + "]]></Title>\n" +
			"<Description><![CDATA[" + tt.description + "]]></Description><Url>https://example.com/</Url></xml>"
		p, err := ParsePush([]byte(body))
		if err != nil {
			continue
		}
		if link := p.(*Link); link.Idx != 0 || link.URL != "https://example.com/" {
			t.Errorf("%q: forged %+v", tt, link)
		}
	}
}

// TestKeys lists the kinds that have a key, and the key of each sample.
func TestKeys(t *testing.T) {
	want := map[string]string{
		"event/subscribe": "spring", "event/SCAN": "spring", "event/CLICK": "contact", "event/VIEW": "https://example.com/",
		"event/scancode_push": "scan", "event/scancode_waitmsg": "scan_wait", "event/pic_sysphoto": "photo",
		"event/pic_photo_or_album": "photo_or_album", "event/pic_weixin": "album", "event/location_select": "place",
		"event/view_miniprogram": "pages/index/index",
	}
	got := make(map[string]string)
	for kind, all := range samples(t) {
		if keyed, ok := parse(t, all[0]).(Keyed); ok {
			got[kind] = keyed.Key()
		}
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestNested(t *testing.T) {
	all := samples(t)
	tests := []struct {
		name, body string
		want       Push
	}{
		{"mass send", all["event/MASSSENDJOBFINISH"][0], &MassSendJobFinish{
			MsgID: 1000001625, Status: "err(30003)", TotalCount: 100, FilterCount: 80, SentCount: 75, ErrorCount: 5,
			CopyrightCheckResult: CopyrightCheckResult{Count: 2, CheckState: 2, ResultList: []ArticleCopyright{
				{ArticleIdx: 1, AuditState: 2, OriginalArticleURL: "https://example.com/original-1", OriginalArticleType: 1,
					CanReprint: 1, NeedReplaceContent: 1, NeedShowReprintSource: 1},
				{ArticleIdx: 2, AuditState: 2, OriginalArticleURL: "https://example.com/original-2", OriginalArticleType: 1,
					CanReprint: 1, NeedReplaceContent: 1, NeedShowReprintSource: 1},
			}},
			ArticleURLResult: ArticleURLResult{Count: 1,
				ResultList: []MassSendArticle{{ArticleIdx: 1, ArticleURL: "https://example.com/sent-1"}}},
		}},
		{"publication that failed", all["event/FREEPUBLISHJOBFINISH"][0],
			&PublishJobFinish{PublishID: 2247503052, PublishStatus: 2, FailIdx: []int64{1, 2}}},
		{"pictures", all["event/pic_photo_or_album"][0], &PicPhotoOrAlbum{MenuEvent: MenuEvent{EventKey: "photo_or_album"}, SendPicsInfo: SendPicsInfo{
			Count: 2, PicList: []Picture{{"5a75aaca956d97be686719218f275c6b"}, {"1b5f7c23b5bf75682a53e7b6d163e185"}}}}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got := parse(t, tt.body)
			*got.Common() = Head{}
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

// TestListIsObjectOrArray checks the JSON forms of the subscription notices. Numbers may be strings, as observed.
func TestListIsObjectOrArray(t *testing.T) {
	const one, two = `{"TemplateId":"A","SubscribeStatusString":"accept","PopupScene":"0"}`,
		`{"TemplateId":"B","SubscribeStatusString":"reject","PopupScene":2}`
	a, b := SubscribeMsgAnswer{"A", "accept", 0}, SubscribeMsgAnswer{"B", "reject", 2}
	tests := []struct {
		name, list string
		want       []SubscribeMsgAnswer
	}{
		{"object", one, []SubscribeMsgAnswer{a}},
		{"array of one", "[" + one + "]", []SubscribeMsgAnswer{a}},
		{"array of two", "[" + one + "," + two + "]", []SubscribeMsgAnswer{a, b}},
		{"empty array", "[]", nil},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			p := parse(t, `{"ToUserName":"gh_1","FromUserName":"oDEMO","CreateTime":"1795305600","MsgType":"event",`+
				`"Event":"subscribe_msg_popup_event","List":`+tt.list+`}`)
			if diff := cmp.Diff(tt.want, p.(*SubscribeMsgPopup).List); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}
