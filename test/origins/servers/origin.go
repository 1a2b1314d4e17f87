// Go's own server and mux, which redirect to the clean path, and a second mux in front that cleans without a redirect.
package main

import (
	"fmt"
	"log"
	"net/http"
	"os"
	"path"
	"strings"
	"sync"
)

var lock sync.Mutex

func ran(w http.ResponseWriter, r *http.Request, what string) {
	lock.Lock()
	defer lock.Unlock()
	file, err := os.OpenFile(os.Getenv("ORIGIN_LOG"), os.O_APPEND|os.O_WRONLY, 0)
	if err != nil {
		log.Fatal(err)
	}
	defer file.Close()
	probe := r.Header.Get("X-Probe")
	if probe == "" {
		probe = "-"
	}
	fmt.Fprintf(file, "%s %s\n", probe, what)
	fmt.Fprint(w, what)
}

func say(what string) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) { ran(w, r, what) }
}

func isPaidHost(r *http.Request) bool {
	host := r.Header.Get("X-Forwarded-Host")
	if host == "" {
		host = r.Host
	}
	name := strings.TrimSpace(strings.Split(strings.Split(host, ",")[0], ":")[0])
	return strings.EqualFold(strings.TrimSuffix(name, "."), "paid.example")
}

func main() {
	mux := http.NewServeMux()
	mux.HandleFunc("/paid/report", say("paid"))
	mux.HandleFunc("/vault/", say("paid"))
	mux.HandleFunc("/sold/", say("paid"))
	mux.HandleFunc("/closed", say("paid"))
	mux.HandleFunc("/jobs", func(w http.ResponseWriter, r *http.Request) {
		method := r.Method
		for _, name := range []string{"X-HTTP-Method-Override", "X-Method-Override", "X-HTTP-Method"} {
			if said := r.Header.Get(name); said != "" {
				method = strings.ToUpper(said)
			}
		}
		if method == "POST" {
			ran(w, r, "paid")
		} else {
			ran(w, r, "free")
		}
	})
	mux.HandleFunc("/vhost/", func(w http.ResponseWriter, r *http.Request) {
		if isPaidHost(r) {
			ran(w, r, "paid")
		} else {
			ran(w, r, "free")
		}
	})
	mux.HandleFunc("/free/", say("free"))
	mux.HandleFunc("/open/", say("open"))
	mux.HandleFunc("/Case/Gold", say("paid"))
	mux.HandleFunc("/Case/gold", say("free"))
	clean := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		for _, name := range []string{"X-Original-URL", "X-Rewrite-URL"} {
			if said := r.Header.Get(name); said != "" {
				r.URL.Path = said
			}
		}
		// As many an app's own router does; the mux alone would answer with a redirect.
		cleaned := path.Clean("/" + r.URL.Path)
		if strings.HasSuffix(r.URL.Path, "/") && strings.Count(cleaned, "/") == 1 {
			cleaned = cleaned + "/"
		}
		r.URL.Path = cleaned
		mux.ServeHTTP(w, r)
	})
	log.Fatal(http.ListenAndServe("127.0.0.1:"+os.Getenv("PORT"), clean))
}
