package main

import (
	"os"
	"path/filepath"

	"github.com/omamori-guard/omamori/chain"
	"github.com/omamori-guard/omamori/cli"
	"github.com/omamori-guard/omamori/config"
	"github.com/omamori-guard/omamori/control"
	"github.com/omamori-guard/omamori/door/knock"
	"github.com/omamori-guard/omamori/guard"
	"github.com/omamori-guard/omamori/links"
	"github.com/omamori-guard/omamori/report"
	"github.com/omamori-guard/omamori/words"
)

// wire makes the program of its parts.
func wire() *cli.App {
	return &cli.App{
		Version: version,
		Config:  configOptions(),
		Dial: func(socket string, lang words.Lang) cli.Guard {
			return control.NewClient(socket, lang)
		},
		Run:          run,
		Gallery:      showGallery,
		Carry:        control.CarryLetter,
		HandsBinary:  beside("omamori-hands"),
		TunnelBinary: beside("omamori-tunnel"), CertificateBinary: beside("omamori-certificate"),
		Door: machine{},
		In:   os.Stdin, Out: os.Stdout, Err: os.Stderr,
	}
}

// configOptions lists the kinds and the sections of a configuration.
func configOptions() config.Options {
	return config.Options{
		Kinds:    links.All(),
		Sections: []config.Section{handsSection(), notifySection(), guard.VantageSection(), guard.SupportSection(), guard.DueSection(), doorsSection(), pageSection(), report.Section()},
	}
}

// beside is the path of another of omamori's programs: in the folder of this one.
func beside(name string) string {
	self, err := os.Executable()
	if err != nil {
		return name
	}
	if real, err := filepath.EvalSymlinks(self); err == nil {
		self = real
	}
	return filepath.Join(filepath.Dir(self), name)
}

// doorsSection says which doors the owner knocks at.
func doorsSection() config.Section {
	return config.Section{
		Name: "doors", Settings: func() any { return &knock.Doors{} },
		Check: func(s any) []*chain.SettingError { return s.(*knock.Doors).Check() },
	}
}
