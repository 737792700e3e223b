// Go's client: go run client.go URL CA_FILE, with the steps as JSON on standard input. Prints the answers as JSON.
package main

import (
	"bytes"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"fmt"
	"io"
	"mime/multipart"
	"net/http"
	"net/url"
	"os"
	"strings"
)

type step struct {
	Method, Path string
	IDs          map[string]any `json:"ids"`
	Query        map[string]any
	Headers      map[string]string
	JSON         json.RawMessage `json:"json"`
	File         string
}

type answer struct {
	Status int    `json:"status"`
	Body   []byte `json:"body"`
}

func check(err error) {
	if err != nil {
		panic(err)
	}
}

func main() {
	pem, err := os.ReadFile(os.Args[2])
	check(err)
	pool := x509.NewCertPool()
	pool.AppendCertsFromPEM(pem)
	client := http.Client{Transport: &http.Transport{TLSClientConfig: &tls.Config{RootCAs: pool}}}
	var steps []step
	check(json.NewDecoder(os.Stdin).Decode(&steps))
	answers := []answer{}
	for _, one := range steps {
		path := one.Path
		for name, value := range one.IDs {
			path = strings.ReplaceAll(path, "{"+name+"}", url.PathEscape(fmt.Sprint(value)))
		}
		query := url.Values{}
		for name, value := range one.Query {
			if many, is := value.([]any); is {
				for _, each := range many {
					query.Add(name, fmt.Sprint(each))
				}
			} else {
				query.Set(name, fmt.Sprint(value))
			}
		}
		if len(query) > 0 {
			path += "?" + query.Encode()
		}
		var body io.Reader
		kind := ""
		if one.JSON != nil {
			body, kind = bytes.NewReader(one.JSON), "application/json"
		}
		if one.File != "" {
			var form bytes.Buffer
			writer := multipart.NewWriter(&form)
			part, err := writer.CreateFormFile("file", "a.bin")
			check(err)
			_, _ = part.Write([]byte(one.File))
			check(writer.Close())
			body, kind = &form, writer.FormDataContentType()
		}
		request, err := http.NewRequest(one.Method, os.Args[1]+path, body)
		check(err)
		for name, value := range one.Headers {
			request.Header.Set(name, value)
		}
		if kind != "" {
			request.Header.Set("Content-Type", kind)
		}
		got, err := client.Do(request)
		check(err)
		text, err := io.ReadAll(got.Body)
		check(err)
		answers = append(answers, answer{got.StatusCode, text})
	}
	check(json.NewEncoder(os.Stdout).Encode(answers))
}
