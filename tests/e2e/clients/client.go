// Go's client, with the fields that it sends by itself: go run client.go METHOD URL CA_FILE
// Prints the status, a space and the body.
package main

import (
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"io"
	"net/http"
	"os"
	"strings"
)

func main() {
	pem, err := os.ReadFile(os.Args[3])
	if err != nil {
		panic(err)
	}
	pool := x509.NewCertPool()
	pool.AppendCertsFromPEM(pem)
	client := http.Client{Transport: &http.Transport{TLSClientConfig: &tls.Config{RootCAs: pool}}}
	var body io.Reader
	if os.Args[1] == "POST" {
		body = strings.NewReader(`{"title":"x"}`)
	}
	request, err := http.NewRequest(os.Args[1], os.Args[2], body)
	if err != nil {
		panic(err)
	}
	if body != nil {
		request.Header.Set("Content-Type", "application/json")
	}
	answer, err := client.Do(request)
	if err != nil {
		panic(err)
	}
	text, _ := io.ReadAll(answer.Body)
	fmt.Printf("%d %s", answer.StatusCode, text)
}
