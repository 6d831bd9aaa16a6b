package page_test

import (
	"bytes"
	"compress/gzip"
	"io/fs"
	"net/http"
	"net/http/httptest"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/guanzhu/guanzhu/internal/console/page"
)

const maxWeight = 60 << 10 // bytes of all files, each compressed

func get(t *testing.T, language, target string) string {
	t.Helper()
	w := httptest.NewRecorder()
	page.Handler(language).ServeHTTP(w, httptest.NewRequestWithContext(t.Context(), http.MethodGet, target, nil))
	if w.Code != http.StatusOK {
		t.Fatalf("GET %s: %d", target, w.Code)
	}
	return w.Body.String()
}

// files returns the page's files by their names, the document among them.
func files(t *testing.T) map[string]string {
	t.Helper()
	all := map[string]string{"index.html": get(t, "zh", "/")}
	entries, err := fs.ReadDir(os.DirFS("."), "files")
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		all[e.Name()] = get(t, "zh", "/page/"+e.Name())
	}
	return all
}

func TestLanguage(t *testing.T) {
	for language, want := range map[string]string{"zh": `<html lang="zh-CN">`, "en": `<html lang="en">`} {
		if html := get(t, language, "/"); !strings.Contains(html, want) {
			t.Errorf("%s: no %s", language, want)
		}
	}
}

func TestWeight(t *testing.T) {
	weight := 0
	for _, content := range files(t) {
		var packed bytes.Buffer
		w := gzip.NewWriter(&packed)
		_, _ = w.Write([]byte(content))
		_ = w.Close()
		weight += packed.Len()
	}
	t.Logf("%d bytes", weight)
	if weight > maxWeight {
		t.Errorf("%d bytes, more than %d", weight, maxWeight)
	}
}

// TestNothingInline: the console's Content-Security-Policy refuses inline scripts and styles.
func TestNothingInline(t *testing.T) {
	inline := regexp.MustCompile(`(?i)<script(?:\s+type="module")?>|<style|\sstyle=|\son[a-z]+=|javascript:`)
	if found := inline.FindString(get(t, "zh", "/")); found != "" {
		t.Errorf("the document has %q", found)
	}
	elsewhere := regexp.MustCompile(`(?:src|href|import|from|url\()[=\s(]*["']?https?://`)
	for name, content := range files(t) {
		if found := elsewhere.FindString(content); found != "" {
			t.Errorf("%s loads from elsewhere: %s", name, found)
		}
	}
}

// TestTexts: every text that a module asks for is there, and every text that is there is asked for.
func TestTexts(t *testing.T) {
	all := files(t)
	known := map[string]bool{}
	for _, m := range regexp.MustCompile(`(?m)^  "?([\w-]+)"?: \["`).FindAllStringSubmatch(all["text.js"], -1) {
		known[m[1]] = false
	}
	// A key is in quotes, in t("…") or elsewhere, or is built from a prefix: t(`push-${…}`).
	quoted := regexp.MustCompile(`"([\w-]+)"`)
	prefix := regexp.MustCompile("t\\(`([\\w-]+-)\\$\\{")
	asked := regexp.MustCompile(`\bt\("([\w-]+)"`)
	named := regexp.MustCompile(`setting\("(\w+)"`)
	for name, content := range all {
		if path.Ext(name) != ".js" || name == "text.js" {
			continue
		}
		for _, m := range asked.FindAllStringSubmatch(content, -1) {
			if _, ok := known[m[1]]; !ok {
				t.Errorf("%s asks for %q, which text.js does not have", name, m[1])
			}
		}
		for _, m := range quoted.FindAllStringSubmatch(content, -1) {
			if _, ok := known[m[1]]; ok {
				known[m[1]] = true
			}
		}
		for _, m := range append(prefix.FindAllStringSubmatch(content, -1), named.FindAllStringSubmatch(content, -1)...) {
			for key := range known {
				if strings.HasPrefix(key, strings.TrimSuffix(m[1], "-")+"-") {
					known[key] = true
				}
			}
		}
	}
	for key, used := range known {
		if !used {
			t.Errorf("no module asks for %q", key)
		}
	}
}

// TestTextsFromGo: the operations of the store and the errors of a delivery are there in Chinese, and no others.
func TestTextsFromGo(t *testing.T) {
	_, table, _ := strings.Cut(get(t, "zh", "/page/text.js"), "\nconst fromGo = {\n")
	table, _, _ = strings.Cut(table, "\n};\n")
	known := map[string]bool{} // by the English text: whether Go says it
	for _, m := range regexp.MustCompile(`(?m)^  "([^"]+)": "[^"]+",$`).FindAllStringSubmatch(table, -1) {
		known[m[1]] = false
	}
	operation := regexp.MustCompile(`s\.(?:view|update|updateFor|part|changeReconcile)\(ctx, "([^"]+)"`)
	failure := regexp.MustCompile(`errors\.New\("([^"]+)"\)`)
	step := regexp.MustCompile(`Kind: Table, Name: "([^"]+)"`)
	for where, said := range map[string]*regexp.Regexp{
		"../../boltstore/*.go": operation, "../rewind.go": step, "../faults.go": failure, "../deliver.go": failure,
	} {
		sources, err := filepath.Glob(where)
		if err != nil || len(sources) == 0 {
			t.Fatalf("no source %s: %v", where, err)
		}
		for _, file := range sources {
			if strings.HasSuffix(file, "_test.go") {
				continue
			}
			source, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			for _, m := range said.FindAllStringSubmatch(string(source), -1) {
				if _, ok := known[m[1]]; !ok {
					t.Errorf("text.js does not have %q of %s in Chinese", m[1], file)
				}
				known[m[1]] = true
			}
		}
	}
	for text, used := range known {
		if !used {
			t.Errorf("Go no longer says %q", text)
		}
	}
}
