package web

import (
	"testing"

	"github.com/omamori-guard/omamori/words"
)

func TestTemplates(t *testing.T) {
	for _, lang := range words.Langs {
		parse(lang)
	}
}
