package wechat

import (
	"reflect"
	"strconv"
	"strings"
)

// decode sets the fields of the struct that v points to from e's children. A field takes the child of its own name or,
// with a tag `wechat:"Name"`, of that name; an embedded struct's fields are the struct's own. Strings are trimmed (the
// platform's samples have blanks around CDATA) unless the tag is `wechat:"verbatim"`; a number that is missing or not a
// number is 0; what has no field is ignored.
func decode(e *element, v any) { decodeStruct(e, reflect.ValueOf(v).Elem()) }

func decodeStruct(e *element, v reflect.Value) {
	t := v.Type()
	for i := range t.NumField() {
		field := t.Field(i)
		if field.Anonymous {
			decodeStruct(e, v.Field(i))
			continue
		}
		name, verbatim := field.Name, false
		switch tag := field.Tag.Get("wechat"); tag {
		case "":
		case "verbatim":
			verbatim = true
		default:
			name = tag
		}
		child := e.child(name)
		if child == nil {
			continue
		}
		text := child.text
		if !verbatim {
			text = strings.TrimSpace(text)
		}
		switch to := v.Field(i); to.Kind() {
		case reflect.String:
			to.SetString(text)
		case reflect.Int64:
			n, _ := strconv.ParseInt(text, 10, 64)
			to.SetInt(n)
		case reflect.Uint64:
			n, _ := strconv.ParseUint(text, 10, 64)
			to.SetUint(n)
		default:
			panic("wechat: no decoding for a field of type " + to.Type().String())
		}
	}
}
