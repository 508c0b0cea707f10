// The walk of ../ssh-walk.ts by golang.org/x/crypto/ssh: prints it as JSON. With the argument `signals`, how programs end that it sends
// signals to, where the host delivers them.
package main

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"log"
	"net"
	"os"
	"sync"
	"time"

	"golang.org/x/crypto/ssh"
	"golang.org/x/crypto/ssh/knownhosts"
)

type ran struct {
	Code int    `json:"code"`
	Out  string `json:"out"`
	Err  string `json:"err"`
}

func main() {
	log.SetFlags(0)
	// Whatever hangs ends with a reason.
	time.AfterFunc(100*time.Second, func() { log.Fatal("not done after 100 s") })
	olga, ana := connect("SALLYPORT_OLGA"), connect("SALLYPORT_ANA")
	walk := map[string]any{}
	if len(os.Args) > 1 && os.Args[1] == "signals" {
		for _, sent := range []ssh.Signal{ssh.SIGINT, ssh.SIGTERM, ssh.SIGKILL} {
			walk[string(sent)] = endedBy(olga, sent)
		}
		must(json.NewEncoder(os.Stdout).Encode(walk))
		return
	}
	walk["ran"] = run(olga, "echo out; echo err >&2; exit 7", nil)

	given := make([]byte, 1_000_000)
	for i := range given {
		given[i] = byte(i % 251)
	}
	sum := sha256.Sum256([]byte(run(olga, "cat", func(s *ssh.Session) { s.Stdin = bytes.NewReader(given) }).Out))
	walk["echoed"] = hex.EncodeToString(sum[:])

	walk["denied"] = run(ana, "touch /tmp/sallyport-never", nil)
	walk["afterDenial"] = run(ana, "echo still here", nil).Out

	var group sync.WaitGroup
	atOnce := make([]string, 3)
	for i := range atOnce {
		group.Go(func() { atOnce[i] = run(olga, fmt.Sprintf("echo %d; sleep 0.2; echo %d", i, i), nil).Out })
	}
	group.Wait()
	walk["atOnce"] = atOnce

	walk["terminal"] = run(olga, "tty", func(s *ssh.Session) { must(s.RequestPty("xterm", 24, 80, ssh.TerminalModes{})) }).Out
	walk["variable"] = run(olga, "echo $LC_TIME", func(s *ssh.Session) { must(s.Setenv("LC_TIME", "C.UTF-8")) }).Out

	_, _, err := olga.SendRequest("keepalive@openssh.com", true, nil)
	must(err)
	walk["afterKeepAlive"] = run(olga, "echo alive", nil).Out

	walk["endedBySignal"] = signalOf(session(olga).Run("kill -USR1 $$"))

	must(json.NewEncoder(os.Stdout).Encode(walk))
	must(olga.Close())
	must(ana.Close())
}

func connect(who string) *ssh.Client {
	key, err := os.ReadFile(os.Getenv(who))
	must(err)
	signer, err := ssh.ParsePrivateKey(key)
	must(err)
	known, err := knownhosts.New(os.Getenv("SALLYPORT_KNOWN_HOSTS"))
	must(err)
	address := net.JoinHostPort("127.0.0.1", os.Getenv("SALLYPORT_PORT"))
	client, err := ssh.Dial("tcp", address, &ssh.ClientConfig{
		User:              "web1",
		Auth:              []ssh.AuthMethod{ssh.PublicKeys(signer)},
		HostKeyCallback:   known,
		HostKeyAlgorithms: []string{ssh.KeyAlgoED25519},
	})
	must(err)
	return client
}

func session(client *ssh.Client) *ssh.Session {
	opened, err := client.NewSession()
	must(err)
	return opened
}

func run(client *ssh.Client, line string, prepare func(*ssh.Session)) ran {
	s := session(client)
	defer s.Close()
	var out, err bytes.Buffer
	s.Stdout, s.Stderr = &out, &err
	if prepare != nil {
		prepare(s)
	}
	failed := s.Run(line)
	var exit *ssh.ExitError
	if failed != nil && !errors.As(failed, &exit) {
		log.Fatalf("%s: %v", line, failed)
	}
	code := 0
	if exit != nil {
		code = exit.ExitStatus()
	}
	return ran{code, out.String(), err.String()}
}

// The client's end of input is not behind the signal: it would not be taken any more.
func endedBy(client *ssh.Client, sent ssh.Signal) string {
	s := session(client)
	_, err := s.StdinPipe()
	must(err)
	out, err := s.StdoutPipe()
	must(err)
	must(s.Start("echo started; exec sleep 600"))
	_, err = out.Read(make([]byte, 16))
	must(err)
	must(s.Signal(sent))
	return signalOf(s.Wait())
}

func signalOf(err error) string {
	var exit *ssh.ExitError
	if !errors.As(err, &exit) {
		log.Fatalf("not ended by a signal: %v", err)
	}
	return exit.Signal()
}

func must(err error) {
	if err != nil {
		log.Fatal(err)
	}
}
