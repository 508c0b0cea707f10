// The walk of ../sftp-walk.ts by github.com/pkg/sftp: prints it as JSON.
package main

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"io"
	"io/fs"
	"log"
	"net"
	"os"
	"path"
	"time"

	"github.com/pkg/sftp"
	"golang.org/x/crypto/ssh"
	"golang.org/x/crypto/ssh/knownhosts"
)

func main() {
	log.SetFlags(0)
	// Whatever hangs ends with a reason.
	time.AfterFunc(100*time.Second, func() { log.Fatal("not done after 100 s") })
	olga, ana := connect("SALLYPORT_OLGA"), connect("SALLYPORT_ANA")
	dir := os.Getenv("SALLYPORT_DIR")
	at := func(name string) string { return path.Join(dir, name) }
	walk := map[string]any{}

	given := make([]byte, 1_000_000)
	for i := range given {
		given[i] = byte(i % 251)
	}
	up := value(olga.Create(at("up")))
	// Many pieces at once, both ways.
	value(up.ReadFrom(bytes.NewReader(given)))
	must(up.Close())
	walk["size"] = value(olga.Stat(at("up"))).Size()
	down := value(olga.Open(at("up")))
	hash := sha256.New()
	value(down.WriteTo(hash))
	walk["back"] = hex.EncodeToString(hash.Sum(nil))
	value(down.Seek(500_000, io.SeekStart))
	piece := make([]byte, 4)
	value(io.ReadFull(down, piece))
	walk["piece"] = hex.EncodeToString(piece)
	must(down.Close())

	must(olga.Mkdir(at("sub")))
	must(olga.PosixRename(at("up"), at("sub/moved")))
	must(olga.Symlink("sub/moved", at("link")))
	must(olga.Chmod(at("sub/moved"), 0o640))
	walk["listed"] = names(value(olga.ReadDir(dir)))
	walk["leadsTo"] = value(olga.ReadLink(at("link")))
	walk["mode"] = value(olga.Stat(at("link"))).Mode().Perm()
	must(olga.Truncate(at("sub/moved"), 10))
	walk["cut"] = value(olga.Stat(at("sub/moved"))).Size()

	denied := ana.Remove(at("sub/moved"))
	// The library keeps no text of a server's.
	walk["denied"] = map[string]any{"isPermissionError": errors.Is(denied, fs.ErrPermission), "text": nil}
	walk["afterDenial"] = names(value(ana.ReadDir(at("sub"))))

	_, missing := olga.Stat(at("missing"))
	walk["missing"] = errors.Is(missing, fs.ErrNotExist)
	must(olga.Remove(at("sub/moved")))
	must(olga.Remove(at("link")))
	must(olga.RemoveDirectory(at("sub")))
	walk["left"] = names(value(olga.ReadDir(dir)))

	must(json.NewEncoder(os.Stdout).Encode(walk))
	must(olga.Close())
	must(ana.Close())
}

func names(entries []os.FileInfo) []string {
	found := []string{}
	for _, entry := range entries {
		found = append(found, entry.Name())
	}
	return found
}

func connect(who string) *sftp.Client {
	signer := value(ssh.ParsePrivateKey(value(os.ReadFile(os.Getenv(who)))))
	client := value(ssh.Dial("tcp", net.JoinHostPort("127.0.0.1", os.Getenv("SALLYPORT_PORT")), &ssh.ClientConfig{
		User:              "web1",
		Auth:              []ssh.AuthMethod{ssh.PublicKeys(signer)},
		HostKeyCallback:   value(knownhosts.New(os.Getenv("SALLYPORT_KNOWN_HOSTS"))),
		HostKeyAlgorithms: []string{ssh.KeyAlgoED25519},
	}))
	return value(sftp.NewClient(client, sftp.UseConcurrentWrites(true)))
}

func value[T any](found T, err error) T {
	must(err)
	return found
}

func must(err error) {
	if err != nil {
		log.Fatal(err)
	}
}
