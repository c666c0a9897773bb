package site

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os/exec"
	"strings"
	"syscall"

	"github.com/omamori-guard/omamori/chain"
)

// admin is WordPress's first user.
const admin = "owner"

// The sample article's place: /2017/08/02/diary20170802/.
const (
	sampleSlug = "diary20170802"
	sampleDate = "2017-08-02 09:00:00"
)

type article struct {
	Title   string `json:"title"`
	Slug    string `json:"slug"`
	Content string `json:"content"`
	Date    string `json:"date"`
}

// wants is what the scripts are told.
type wants struct {
	Host        string  `json:"host"`
	Lang        string  `json:"lang"`
	Title       string  `json:"title"`
	User        string  `json:"user"`
	Email       string  `json:"email"`
	Password    string  `json:"password"`
	Application string  `json:"application_password"`
	Sample      bool    `json:"sample"`
	Article     article `json:"article"`
}

// install sees to it that WordPress is installed and set up.
func (b *build) install(ctx context.Context) error {
	content, err := files.ReadFile("files/sample." + b.Lang + ".html")
	if err != nil {
		return err
	}
	w := wants{
		Host: b.host(), Lang: b.Lang, Title: b.Title, User: admin, Email: admin + "@site.invalid", // no letter ever arrives there

		Password: b.adminPassword, Application: b.appPass, Sample: b.Sample,
		Article: article{Title: b.lang.Text("site.sample_title"), Slug: sampleSlug, Content: string(content), Date: sampleDate},
	}
	b.tell(chain.Say("site.step_wordpress"))
	if !b.Installed {
		if err := b.installOnce(ctx, w); err != nil {
			return err
		}
		b.Installed = true
		if err := writeSettings(b.layout, b.settings); err != nil {
			return err
		}
	}
	out, err := b.script(ctx, "setup.php", w)
	if err != nil {
		return err
	}
	var made struct {
		Post string `json:"post"`
	}
	// WordPress may give up without an error: its last line is the proof.
	if err := json.Unmarshal(out[bytes.LastIndexByte(out, '\n')+1:], &made); err != nil {
		return problem(chain.Say("site.wordpress_failed", "error", err), chain.Say("site.wordpress_said", "line", tail(out)))
	}
	b.PostURL = made.Post
	return nil
}

// installOnce installs WordPress unless an earlier Up has. What one that was interrupted
// left is removed first: WordPress would take its own half-made tables for broken ones.
func (b *build) installOnce(ctx context.Context, w wants) error {
	db, err := b.connect("wordpress", b.DBPassword, "wordpress")
	if err != nil {
		return err
	}
	defer db.Close()
	if done, err := installed(ctx, db); done || err != nil {
		return err
	}
	for _, q := range []string{"DROP DATABASE wordpress", createDatabase} {
		if _, err := db.ExecContext(ctx, q); err != nil {
			return fmt.Errorf("remove what an earlier run left: %w", err)
		}
	}
	out, err := b.script(ctx, "install.php", w)
	if err != nil {
		return err
	}
	done, err := installed(ctx, db)
	if !done && err == nil {
		err = problem(chain.Say("site.wordpress_failed", "error", "wp_install"), chain.Say("site.wordpress_said", "line", tail(out)))
	}
	return err
}

// script runs one of our PHP scripts within WordPress, as its own user. It gets the
// secrets by its input, where no list of processes shows them.
func (b *build) script(ctx context.Context, name string, w wants) ([]byte, error) {
	code, err := files.ReadFile("files/" + name)
	if err != nil {
		return nil, err
	}
	in, err := json.Marshal(w)
	if err != nil {
		return nil, err
	}
	cmd := command(ctx, b.programs.php, "-d", fmt.Sprintf("memory_limit=%d", b.Budget.MemoryLimit), "-d", "display_errors=stderr", "-d", "log_errors=0",
		"-d", "sys_temp_dir="+b.at("tmp", "php"), "-r", "require '"+b.at("etc", "prepend.php")+"';"+strings.TrimPrefix(string(code), "<?php"))
	cmd.SysProcAttr.Credential = &syscall.Credential{Uid: uint32(b.www.uid), Gid: uint32(b.www.gid)}
	cmd.Stdin = bytes.NewReader(in)
	var out, said bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &said
	err = cmd.Run()
	if ctx.Err() != nil {
		return nil, ctx.Err()
	}
	if exit, ok := errors.AsType[*exec.ExitError](err); ok {
		return nil, problem(chain.Say("site.wordpress_failed", "error", exit), chain.Say("site.wordpress_said", "line", tail(append(out.Bytes(), said.Bytes()...))))
	}
	if err != nil {
		return nil, fmt.Errorf("run PHP: %w", err)
	}
	return out.Bytes(), nil
}

// tail is the last line that a program has said.
func tail(out []byte) string {
	const most = 300
	out = bytes.TrimSpace(out)
	return string(bytes.ToValidUTF8(out[max(bytes.LastIndexByte(out, '\n')+1, len(out)-most):], nil))
}
