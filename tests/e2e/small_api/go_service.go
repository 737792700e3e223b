// The small API as Go's net/http serves it, with the comments of go-swagger. Prints `port N`. go_swagger.swagger.json is the document
// by hand as go-swagger 0.30 writes it of such comments (it is not a package of Debian), and go_swagger.json what swagger2openapi
// made of that.
//
//	Title: Tasks
//	Version: 1.0.0
//	BasePath: /v1
package main

import (
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"sort"
	"strconv"
	"strings"
	"sync"
)

// NewTask is a task as a client sends it.
// swagger:model
type NewTask struct {
	// required: true
	// max length: 100
	Title    string            `json:"title"`
	Due      *string           `json:"due,omitempty"`
	Priority string            `json:"priority,omitempty"`
	Tags     []string          `json:"tags,omitempty"`
	Labels   map[string]string `json:"labels,omitempty"`
	Extra    json.RawMessage   `json:"extra,omitempty"`
}

// Task is a task as it is kept.
// swagger:model
type Task struct {
	NewTask
	ID    int64  `json:"id"`
	Done  bool   `json:"done"`
	Owner string `json:"owner"`
}

var (
	lock  sync.Mutex
	kept  = map[int64]*Task{}
	files = map[int64][]byte{}
)

func answer(w http.ResponseWriter, status int, value any) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(value)
}

func list(w http.ResponseWriter, r *http.Request) {
	query := r.URL.Query()
	found := []*Task{}
	for _, task := range kept {
		found = append(found, task)
	}
	sort.Slice(found, func(i, j int) bool {
		if query.Get("sort") == "title" {
			return found[i].Title < found[j].Title
		}
		return found[i].ID > found[j].ID
	})
	offset, _ := strconv.Atoi(query.Get("offset"))
	limit, err := strconv.Atoi(query.Get("limit"))
	if err != nil {
		limit = 20
	}
	if offset > len(found) {
		offset = len(found)
	}
	if offset+limit < len(found) {
		found = found[:offset+limit]
	}
	answer(w, 200, found[offset:])
}

func search(w http.ResponseWriter, r *http.Request) {
	query := r.URL.Query()
	found := []*Task{}
	for _, task := range kept {
		matches := strings.Contains(task.Title, query.Get("q"))
		for _, tag := range query["tag"] {
			matches = matches && strings.Contains(","+strings.Join(task.Tags, ",")+",", ","+tag+",")
		}
		if done := query.Get("done"); done != "" {
			matches = matches && done == strconv.FormatBool(task.Done)
		}
		if matches {
			found = append(found, task)
		}
	}
	answer(w, 200, found)
}

func tasks(w http.ResponseWriter, r *http.Request) {
	lock.Lock()
	defer lock.Unlock()
	name, rest, _ := strings.Cut(strings.TrimPrefix(strings.TrimPrefix(r.URL.Path, "/v1/tasks"), "/"), "/")
	switch {
	case name == "" && r.Method == "GET":
		list(w, r)
		return
	case name == "" && r.Method == "POST":
		made := &Task{ID: int64(len(kept) + 1), Owner: r.Header.Get("Gatehouse-Principal")}
		if err := json.NewDecoder(r.Body).Decode(&made.NewTask); err != nil {
			answer(w, 400, map[string]any{"code": 400, "message": err.Error()})
			return
		}
		kept[made.ID] = made
		answer(w, 201, made)
		return
	case name == "search" && r.Method == "GET":
		search(w, r)
		return
	}
	id, _ := strconv.ParseInt(name, 10, 64)
	task := kept[id]
	switch {
	case task == nil:
		answer(w, 404, map[string]any{"code": 404, "message": "task not found"})
	case rest == "attachment" && r.Method == "GET":
		w.Header().Set("Content-Type", "application/octet-stream")
		bytes, there := files[id]
		if !there {
			bytes = []byte("\x00nothing yet\xff")
		}
		_, _ = w.Write(bytes)
	case rest == "attachment" && r.Method == "POST":
		if file, _, err := r.FormFile("file"); err == nil {
			files[id], _ = io.ReadAll(file)
		}
		w.WriteHeader(201)
	case r.Method == "GET":
		answer(w, 200, task)
	case r.Method == "PATCH":
		_ = json.NewDecoder(r.Body).Decode(task)
		answer(w, 200, task)
	case r.Method == "DELETE":
		delete(kept, id)
		w.WriteHeader(204)
	default:
		w.WriteHeader(405)
	}
}

func main() {
	http.HandleFunc("/v1/health", func(w http.ResponseWriter, _ *http.Request) { answer(w, 200, map[string]string{"status": "ok"}) })
	http.HandleFunc("/v1/tasks", tasks)
	http.HandleFunc("/v1/tasks/", tasks)
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		panic(err)
	}
	fmt.Println("port", listener.Addr().(*net.TCPAddr).Port)
	panic(http.Serve(listener, nil))
}
