package cli

import (
	"reflect"

	"github.com/omamori-guard/omamori/words"
)

// longest is the most columns of one text on a terminal; --json has all of it.
const longest = 600

// clean makes every string in what p points to fit for a terminal: no escapes, no
// turned-around text, no endless lines. The guard talks to strangers and has no
// privileges; who reads its answers is often root.
func clean(p any) { scrub(reflect.ValueOf(p)) }

func scrub(v reflect.Value) {
	switch v.Kind() {
	case reflect.Pointer, reflect.Interface:
		if !v.IsNil() {
			scrub(v.Elem())
		}
	case reflect.Struct:
		for i := range v.NumField() {
			if v.Type().Field(i).IsExported() {
				scrub(v.Field(i))
			}
		}
	case reflect.Slice:
		if v.Type().Elem().Kind() == reflect.Uint8 {
			return // JSON as it stands in the journal: never printed
		}
		for i := range v.Len() {
			scrub(v.Index(i))
		}
	case reflect.String:
		if v.CanSet() {
			v.SetString(clip(words.Clean(head(v.String())), longest))
		}
	}
}

// head is as much of s as can matter, so that a megabyte costs nothing.
func head(s string) string { return s[:min(len(s), 8*longest)] }
