package wordpress

import (
	"errors"
	"os"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/omamori-guard/omamori/chain"
	"github.com/omamori-guard/omamori/probe/probetest"
)

// TestBlog breaks a real blog in each way that there is, and mends it again.
func TestBlog(t *testing.T) {
	b := newBlog(t)
	p := made(t, b.whole())
	proof := becomes(t, p, chain.Holds, "")
	var names []string
	for _, f := range proof.Figures {
		names = append(names, f.Name)
	}
	if !slices.Equal(names, []string{"front", "post", "rest"}) {
		t.Errorf("figures %v", names)
	}

	faults := []struct {
		name  string
		make  func(b *blog) (undo func())
		cause string
		key   string // of because, where the cause says too little
	}{
		{"MariaDB killed", func(b *blog) func() { b.signal(syscall.SIGKILL, "mariadb", "mariadb.pid"); return b.raise }, "db_error", ""},
		{"PHP-FPM killed", func(b *blog) func() { b.signal(syscall.SIGTERM, "php.pid"); return b.raise }, "bad_gateway", ""},
		{"nginx killed", func(b *blog) func() { b.signal(syscall.SIGTERM, "nginx.pid"); return b.raise }, "refused", ""},
		{"a wrong password", func(b *blog) func() { return b.config("DB_PASSWORD', '", "DB_PASSWORD', 'x") }, "db_error", ""},
		{"an empty database", func(b *blog) func() {
			b.sql("CREATE DATABASE IF NOT EXISTS empty; GRANT ALL ON empty.* TO wordpress@localhost")
			return b.config("'DB_NAME', 'wordpress'", "'DB_NAME', 'empty'")
		}, "not_installed", ""},
		{"the posts' table gone", func(b *blog) func() {
			b.sql("RENAME TABLE wp_posts TO wp_gone")
			return func() { b.sql("RENAME TABLE wp_gone TO wp_posts") }
		}, "content_missing", "wordpress.no_post"},
		{"the options' table gone", func(b *blog) func() {
			b.sql("RENAME TABLE wp_options TO wp_gone")
			return func() { b.sql("RENAME TABLE wp_gone TO wp_options") }
		}, "db_error", ""},
		{"the post a draft", func(b *blog) func() {
			b.sql("UPDATE wp_posts SET post_status = 'draft' WHERE post_name = 'diary20170802'")
			return func() { b.sql("UPDATE wp_posts SET post_status = 'publish' WHERE post_name = 'diary20170802'") }
		}, "content_missing", "wordpress.no_post"},
		{"the post moved", func(b *blog) func() {
			b.sql("UPDATE wp_posts SET post_name = 'diary20170802-2' WHERE post_name = 'diary20170802'")
			return func() { b.sql("UPDATE wp_posts SET post_name = 'diary20170802' WHERE post_name = 'diary20170802-2'") }
		}, "redirect", "wordpress.post_redirect"},
		{"the post rewritten", func(b *blog) func() {
			b.sql("UPDATE wp_posts SET post_content = REPLACE(post_content, '読み返しても', 'README') WHERE post_name = 'diary20170802'")
			return func() {
				b.sql("UPDATE wp_posts SET post_content = REPLACE(post_content, 'README', '読み返しても') WHERE post_name = 'diary20170802'")
			}
		}, "content_missing", "wordpress.not_in_post"},
		{"in maintenance", func(b *blog) func() {
			path := b.at("web", ".maintenance")
			b.write(path, "<?php $upgrading = time();")
			return func() {
				if err := os.Remove(path); err != nil {
					b.t.Error(err)
				}
			}
		}, "maintenance", ""},
		{"a fatal plug-in", with(`no_such_function();`), "php_fatal", ""},
		{"a plug-in that cannot be read", with(`if (`), "php_fatal", ""},
		{"a fatal footer", with(`add_action('wp_footer', function () { flush(); no_such_function(); });`), "cut_off", ""},
		{"a plug-in that ends it all", with(`exit;`), "empty_page", ""},
		{"a plug-in that refuses", with(`add_action('template_redirect', function () { wp_die('Not today.', '', 200); });`), "error_page", ""},
		{"a plug-in's own status", with(`add_action('template_redirect', function () { status_header(403); die('no'); });`), "http_status", ""},
		{"the database's page as a 200", with(`add_action('template_redirect', function () { status_header(200); wp_die('<h1>Error establishing a database connection</h1>', '', 200); });`), "db_error", ""},
		{"a circle", with(`add_action('template_redirect', function () { wp_redirect(home_url($_SERVER['REQUEST_URI'])); exit; });`), "redirect_loop", ""},
		{"sent elsewhere", with(`add_action('template_redirect', function () { wp_redirect('https://casino.example/'); exit; });`), "redirect", "wordpress.redirect"},
		{"the upgrade in its place", with(`add_action('template_redirect', function () { wp_redirect(admin_url('upgrade.php')); exit; });`), "upgrade_needed", ""},
		{"comments closed", func(b *blog) func() {
			b.sql("UPDATE wp_posts SET comment_status = 'closed'")
			return func() { b.sql("UPDATE wp_posts SET comment_status = 'open'") }
		}, "comment_form", "wordpress.no_comment_form"},
		{"e-mail not required", with(`add_filter('pre_option_require_name_email', '__return_zero', 99);`), "comment_form", "wordpress.comment_form"},
		{"no notice on e-mail", with(`add_filter('comment_form_defaults', function ($d) { $d['comment_notes_before'] = ''; return $d; });`), "comment_form", "wordpress.comment_form"},
		{"no mark", with(`add_filter('comment_form_default_fields', function ($d) { return preg_replace('~ <span class="required".*?</span>~', '', $d); });`), "comment_form", "wordpress.comment_form"},
		{"no e-mail field", with(`add_filter('comment_form_default_fields', function ($d) { unset($d['email']); return $d; });`), "comment_form", "wordpress.comment_form"},
		{"no share buttons", func(b *blog) func() {
			path := b.at("web", "wp-content", "mu-plugins", "omamori.php")
			return func() func() {
				if err := os.Rename(path, path+".off"); err != nil {
					b.t.Fatal(err)
				}
				return func() {
					if err := os.Rename(path+".off", path); err != nil {
						b.t.Error(err)
					}
				}
			}()
		}, "share_buttons", ""},
		{"no button below", with(`add_filter('the_content', function ($c) { $i = strrpos($c, '<div class="omamori-share"'); return $i ? substr($c, 0, $i) : $c; }, 99);`), "share_buttons", ""},
		{"both rows above", with(`add_filter('the_content', function ($c) { $i = strrpos($c, '<div class="omamori-share"'); return $i ? substr($c, $i) . substr($c, 0, $i) : $c; }, 99);`), "share_buttons", ""},
		{"one button less", with(`add_filter('the_content', function ($c) { return str_replace('lineit/share', 'lineit/x', $c); }, 99);`), "share_buttons", ""},
		{"trackbacks closed", func(b *blog) func() {
			b.sql("UPDATE wp_posts SET ping_status = 'closed'")
			return func() { b.sql("UPDATE wp_posts SET ping_status = 'open'") }
		}, "trackback", "wordpress.trackback_closed"},
		{"no trackback URL", with(`if (str_ends_with($_SERVER['REQUEST_URI'], '/trackback/')) { http_response_code(404); die('not found'); }`), "trackback", "wordpress.trackback"},
		{"trackbacks to the front page", with(`if (str_ends_with($_SERVER['REQUEST_URI'], '/trackback/')) { header('Location: /'); die; }`), "trackback", "wordpress.trackback"},
		{"a fatal trackback", with(`if (str_ends_with($_SERVER['REQUEST_URI'], '/trackback/')) { no_such_function(); }`), "php_fatal", ""},
		{"REST closed", with(`add_filter('rest_authentication_errors', function () { return new WP_Error('no', 'no', array('status' => 401)); });`), "rest", "wordpress.rest_status"},
		{"noise before REST", with(`if (isset($_GET['rest_route'])) { echo 'Warning: x'; }`), "rest", "wordpress.rest_garbage"},
		{"REST sent elsewhere", with(`if (isset($_GET['rest_route'])) { header('Location: /login'); die; }`), "rest", "wordpress.rest_status"},
		{"REST without posts", with(`add_filter('rest_post_query', function ($q) { $q['post__in'] = array(-1); return $q; });`), "content_missing", "wordpress.rest_empty"},
	}
	for _, f := range faults {
		t.Run(f.name, func(t *testing.T) {
			b.t = t
			undo := f.make(b)
			var proof chain.Proof
			func() {
				defer func() { undo() }()
				proof = becomes(t, p, chain.Broken, f.cause)
			}()
			if f.key != "" && proof.Because.Key != f.key {
				t.Errorf("says %s", proof.Because.Key)
			}
			if f.cause != "refused" && len(proof.Evidence) != 1 {
				t.Errorf("evidence %q", proof.Evidence)
			}
		})
	}
	becomes(t, p, chain.Holds, "") // what a fault leaves behind shows in the next, or here
	b.t = t
	t.Run("hung", func(t *testing.T) { hung(t, b) })
	t.Run("without a known post", func(t *testing.T) { withoutPost(t, b) })
	t.Run("pages in its place", func(t *testing.T) { pages(t, b) })
	t.Run("other addresses", func(t *testing.T) { addresses(t, b) })
}

// with is a fault that a must-use plug-in makes.
func with(code string) func(*blog) func() {
	return func(b *blog) func() { return b.plugin(code) }
}

func hung(t *testing.T, b *blog) {
	b.t = t
	p := made(t, b.whole())
	b.signal(syscall.SIGSTOP, "mariadb", "mariadb.pid")
	defer b.signal(syscall.SIGCONT, "mariadb", "mariadb.pid")
	probetest.Expect(t, probetest.Prove(p, 500*time.Millisecond), chain.Broken, "timeout")
}

// The front page shows without its posts, and proves nothing.
func withoutPost(t *testing.T, b *blog) {
	b.t = t
	p := made(t, settings{URL: b.info.URL, REST: true})
	becomes(t, p, chain.Holds, "")
	b.sql("RENAME TABLE wp_posts TO wp_gone")
	probetest.Expect(t, probetest.Prove(p, 15*time.Second), chain.Broken, "content_missing")
	if proof := probetest.Prove(made(t, settings{URL: b.info.URL, REST: true}), 15*time.Second); proof.Verdict != chain.Unproven || proof.Because.Key != "wordpress.no_posts" {
		t.Errorf("without ever a post: %+v", proof)
	}
	b.sql("RENAME TABLE wp_gone TO wp_posts")
	becomes(t, p, chain.Holds, "")
}

func pages(t *testing.T, b *blog) {
	b.t = t
	cause := func(path string) string {
		if _, broken := b.look(path); broken != nil {
			return broken.Cause
		}
		return ""
	}
	b.sql("UPDATE wp_options SET option_value = '1' WHERE option_name = 'db_version'")
	for _, path := range []string{"/wp-admin/", "/wp-admin/upgrade.php"} {
		if got := cause(path); got != "upgrade_needed" {
			t.Errorf("%s is %q", path, got)
		}
	}
	becomes(t, made(t, b.whole()), chain.Holds, "") // visitors see the site
	b.sql("UPDATE wp_options SET option_value = (SELECT '53496') WHERE option_name = 'db_version'")

	back := b.config("'DB_NAME', 'wordpress'", "'DB_NAME', 'empty'")
	for end := time.Now().Add(20 * time.Second); cause("/wp-admin/install.php") != "not_installed"; time.Sleep(20 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatal("the installer's page is not recognised")
		}
	}
	for _, step := range []string{"?step=0", "?step=1&language=ja"} {
		if got := cause("/wp-admin/install.php" + step); got != "not_installed" {
			t.Errorf("the installer's page %s is %q", step, got)
		}
	}
	back()
	becomes(t, made(t, b.whole()), chain.Holds, "")
}

func addresses(t *testing.T, b *blog) {
	b.t = t
	s := b.whole()
	s.Post = strings.TrimSuffix(s.Post, "/")
	if proof := probetest.Prove(made(t, s), 15*time.Second); proof.Because.Key != "wordpress.post_redirect" {
		t.Errorf("without its last slash: %+v", proof)
	}
	s = b.whole()
	s.Post = "/2017/08/02/diary20170802/" // by its path
	s.Contains = "お守りは、忘れていられるように身につけ、"
	probetest.Expect(t, probetest.Prove(made(t, s), 15*time.Second), chain.Holds, "")
	s.Contains = b.sampleTitle()
	probetest.Expect(t, probetest.Prove(made(t, s), 15*time.Second), chain.Holds, "")
	s.Connect, s.URL = b.Options.Address, b.info.URL
	probetest.Expect(t, probetest.Prove(made(t, s), 15*time.Second), chain.Holds, "")
	s.Connect = "127.0.0.1:1"
	probetest.Expect(t, probetest.Prove(made(t, s), 15*time.Second), chain.Broken, "refused")

	// Permalinks such as ?p=4 have their trackback URL elsewhere.
	b.sql("UPDATE wp_options SET option_value = '' WHERE option_name = 'permalink_structure'")
	defer b.sql("UPDATE wp_options SET option_value = '/%year%/%monthnum%/%day%/%postname%/' WHERE option_name = 'permalink_structure'")
	a, _ := b.look("/?rest_route=/wp/v2/posts&_fields=id")
	_, id, _ := strings.Cut(string(a.Body), `"id":`)
	id, _, _ = strings.Cut(id, "}")
	s = b.whole()
	s.Post = "/?p=" + id
	probetest.Expect(t, probetest.Prove(made(t, s), 15*time.Second), chain.Holds, "")
}

func (b *blog) sampleTitle() string {
	b.t.Helper()
	a, _ := b.look("/2017/08/02/diary20170802/")
	_, title, _ := strings.Cut(string(a.Body), "<h1")
	title, _, _ = strings.Cut(title, "</h1>")
	return strings.TrimSpace(text([]byte("<h1" + title)))
}

func TestMistakes(t *testing.T) {
	const good = "https://blog.test/"
	for name, c := range map[string]struct {
		set   settings
		field string
	}{
		"no URL":             {settings{REST: true}, "url"},
		"a port alone":       {settings{URL: "http://:80/", REST: true}, "url"},
		"a password":         {settings{URL: "https://u:p@blog.test/", REST: true}, "url"},
		"connect":            {settings{URL: good, Connect: "10.0.0.1", REST: true}, "connect"},
		"another site":       {settings{URL: good, Post: "https://other.test/p/"}, "post"},
		"another scheme":     {settings{URL: good, Post: "ftp://blog.test/p/"}, "post"},
		"a post's password":  {settings{URL: good, Post: "https://u:p@blog.test/p/"}, "post"},
		"the front page":     {settings{URL: good, Post: "/"}, "post"},
		"nothing but it":     {settings{URL: good}, "post"},
		"text of no post":    {settings{URL: good, REST: true, Contains: "x"}, "post_contains"},
		"comments of none":   {settings{URL: good, REST: true, Comments: true}, "comments"},
		"trackbacks of none": {settings{URL: good, REST: true, Trackback: true}, "trackback"},
		"buttons of none":    {settings{URL: good, REST: true, Share: true}, "share"},
	} {
		_, err := build(c.set, chain.Place{})
		if e, ok := errors.AsType[*chain.SettingError](err); !ok || e.Field != c.field {
			t.Errorf("%s: %v", name, err)
		}
	}
}
