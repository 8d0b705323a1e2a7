// Package partisci lets a program tell which version of it runs.
//
//	partisci.Report("billing", "1.2.3")
//
// at every start, and in programs that run for long once an hour or once a
// day.  The update goes by UDP to $PARTISCI_SERVER, a name or an address,
// perhaps with a port ("host:port", "[::1]:port"), or else to 127.0.0.1, port
// $PARTISCI_PORT or 7777.
//
// Nothing in here blocks or panics.  To find the address of a name takes a
// while, so a goroutine does that; a program that ends at once calls Wait
// first.
package partisci

import (
	"encoding/json"
	"errors"
	"net"
	"os"
	"strconv"
	"strings"
	"sync/atomic"
	"time"
	"unicode/utf8"
)

// An Update says what runs where.
type Update struct {
	App string `json:"app"` // 1 to 50 characters
	Ver string `json:"ver"` // 1 to 50 characters

	// Host has up to 50 characters.  If it is empty the server goes by
	// the address that the update comes from.
	Host string `json:"host,omitempty"`

	Instance int `json:"instance"` // 0 to 65535

	Server string `json:"-"` // instead of $PARTISCI_SERVER
	Port   int    `json:"-"` // instead of $PARTISCI_PORT
}

const (
	maxPending = 16
	sendTime   = time.Second
)

var (
	errInvalid = errors.New("partisci: not a valid update")
	errServer  = errors.New("partisci: not a valid server or port")
	errPending = errors.New("partisci: too many wait for a resolver")
	errPanic   = errors.New("partisci: panic")

	pending int32
)

func isText(s string, least int) bool {
	n := utf8.RuneCountInString(s)
	return utf8.ValidString(s) && !strings.ContainsRune(s, 0) &&
		n >= least && n <= 50
}

func (u *Update) server() (host string, port string, err error) {
	host = u.Server
	if host == "" {
		host = os.Getenv("PARTISCI_SERVER")
	}
	if h, p, err := net.SplitHostPort(host); err == nil {
		host, port = h, p
	} else if strings.HasPrefix(host, "[") && strings.HasSuffix(host, "]") {
		host = host[1 : len(host)-1]
	}
	if host == "" || host == "localhost" {
		host = "127.0.0.1"
	}
	if u.Port != 0 {
		port = strconv.Itoa(u.Port)
	}
	if port == "" {
		port = os.Getenv("PARTISCI_PORT")
	}
	if port == "" {
		port = "7777"
	}
	n, err := strconv.Atoi(port)
	if err != nil || n < 1 || n > 65535 || strings.Contains(host, "/") {
		return "", "", errServer
	}
	return host, port, nil
}

func send(message []byte, host, port string) error {
	conn, err := net.DialTimeout("udp", net.JoinHostPort(host, port),
		10*time.Second)
	if err != nil {
		return err
	}
	defer conn.Close()
	if err = conn.SetWriteDeadline(time.Now().Add(sendTime)); err != nil {
		return err
	}
	_, err = conn.Write(message)
	return err
}

// Send sends u.  Without an error it is on its way, which is not to say that
// it arrives.
func (u Update) Send() (err error) {
	defer func() {
		if recover() != nil {
			err = errPanic
		}
	}()
	if !isText(u.App, 1) || !isText(u.Ver, 1) || !isText(u.Host, 0) ||
		u.Instance < 0 || u.Instance > 65535 {
		return errInvalid
	}
	message, err := json.Marshal(u)
	if err != nil {
		return err
	}
	host, port, err := u.server()
	if err != nil {
		return err
	}
	// A zone, as in fe80::1%eth0, is no part of what ParseIP knows.
	if net.ParseIP(strings.SplitN(host, "%", 2)[0]) != nil {
		return send(message, host, port)
	}
	if atomic.AddInt32(&pending, 1) > maxPending {
		atomic.AddInt32(&pending, -1)
		return errPending
	}
	go func() {
		defer atomic.AddInt32(&pending, -1)
		defer func() { _ = recover() }()
		_ = send(message, host, port)
	}()
	return nil
}

// Report sends that version ver of app runs on this host.
func Report(app, ver string) error {
	host, err := os.Hostname()
	if err != nil || !isText(host, 0) {
		host = ""
	}
	return Update{App: app, Ver: ver, Host: host}.Send()
}

// Wait waits until all has been sent, but not longer than d, and tells whether
// it was.
func Wait(d time.Duration) bool {
	until := time.Now().Add(d)
	for atomic.LoadInt32(&pending) > 0 {
		if time.Now().After(until) {
			return false
		}
		time.Sleep(time.Millisecond)
	}
	return true
}
