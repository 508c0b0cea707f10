// The walk of ../walk.ts by pgx: `main MODE` prints it as JSON. MODE is one of pgx's ways to send a query.
package main

import (
	"bytes"
	"context"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"log"
	"os"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
)

var modes = map[string]pgx.QueryExecMode{
	"cache_statement": pgx.QueryExecModeCacheStatement,
	"cache_describe":  pgx.QueryExecModeCacheDescribe,
	"describe_exec":   pgx.QueryExecModeDescribeExec,
	"exec":            pgx.QueryExecModeExec,
	"simple_protocol": pgx.QueryExecModeSimpleProtocol,
}

const masked = "select ssn, email, card_number from customers where id = $1"

func main() {
	log.SetFlags(0)
	mode, known := modes[os.Args[1]]
	if !known {
		log.Fatalf("no mode %q", os.Args[1])
	}
	ctx, cancel := context.WithTimeout(context.Background(), 50*time.Second)
	defer cancel()
	ana := connect(ctx, "crm", "app", os.Getenv("SALLYPORT_ANA"), mode)
	dora := connect(ctx, "plain", "postgres", os.Getenv("SALLYPORT_DORA"), mode)
	walk := map[string]any{}
	reading(ctx, ana, walk)
	writing(ctx, dora, walk)
	must(json.NewEncoder(os.Stdout).Encode(walk))
	must(ana.Close(ctx))
	must(dora.Close(ctx))
}

func connect(ctx context.Context, database, user, token string, mode pgx.QueryExecMode) *pgx.Conn {
	config, err := pgx.ParseConfig(fmt.Sprintf("host=localhost port=%s dbname=%s user=%s sslmode=verify-full sslrootcert=%s",
		os.Getenv("SALLYPORT_PORT"), database, user, os.Getenv("SALLYPORT_CA")))
	must(err)
	config.Password = token
	config.DefaultQueryExecMode = mode
	connection, err := pgx.ConnectConfig(ctx, config)
	must(err)
	return connection
}

func reading(ctx context.Context, ana *pgx.Conn, walk map[string]any) {
	rows, err := ana.Query(ctx, "select id, name from customers where id <= 2 order by id")
	must(err)
	walk["selected"], err = pgx.CollectRows(rows, func(row pgx.CollectableRow) ([]any, error) { return row.Values() })
	must(err)

	var three [][]string
	for range 3 {
		row := make([]string, 3)
		must(ana.QueryRow(ctx, masked, 1).Scan(&row[0], &row[1], &row[2]))
		three = append(three, row)
	}
	walk["masked"] = three

	var sum int32
	var truth bool
	var real float64
	var list []int32
	var raw []byte
	var date time.Time
	must(ana.QueryRow(ctx, `select $1::int4 + 1, true, 1.5::float8, array[1,2]::int4[], '\x00ff'::bytea, date '2024-02-29'`, 41).
		Scan(&sum, &truth, &real, &list, &raw, &date))
	walk["types"] = map[string]any{"sum": sum, "truth": truth, "float": real, "list": list,
		"bytes": hex.EncodeToString(raw), "date": date.Format(time.DateOnly)}

	_, err = ana.Exec(ctx, "update customers set city = 'x' where id = 1")
	refusal := refused(err)
	walk["denied"] = map[string]any{"sqlstate": refusal.Code, "message": refusal.Message, "detail": refusal.Detail, "hint": refusal.Hint}
	walk["afterDenial"] = one(ctx, ana)

	batch := &pgx.Batch{}
	for n := range 3 {
		batch.Queue("select $1::int4", n+1)
	}
	results := ana.SendBatch(ctx, batch)
	var sent []int32
	for range 3 {
		var n int32
		must(results.QueryRow().Scan(&n))
		sent = append(sent, n)
	}
	must(results.Close())
	walk["pipelined"] = sent

	// A batch with a denied statement fails as one; what comes after it works.
	batch = &pgx.Batch{}
	batch.Queue("select 1")
	batch.Queue("update customers set city = 'x' where id = 1")
	batch.Queue("select 2")
	if code := refused(ana.SendBatch(ctx, batch).Close()).Code; code != "42501" {
		log.Fatalf("a batch with a denied statement ended in %s", code)
	}
	one(ctx, ana)
}

func writing(ctx context.Context, dora *pgx.Conn, walk map[string]any) {
	transaction, err := dora.Begin(ctx)
	must(err)
	_, err = transaction.Exec(ctx, "insert into client_items values ($1, 'two')", 2)
	must(err)
	_, err = transaction.Exec(ctx, "delete from client_items")
	first := refused(err).Code
	_, err = transaction.Exec(ctx, "select 1")
	walk["inTransaction"] = []string{first, refused(err).Code}
	must(transaction.Rollback(ctx))
	var left int
	must(dora.QueryRow(ctx, "select count(*) from client_items").Scan(&left))
	walk["afterRollback"] = left

	go func() {
		time.Sleep(500 * time.Millisecond)
		must(dora.PgConn().CancelRequest(ctx))
	}()
	_, err = dora.Exec(ctx, "select pg_sleep(30)")
	code := refused(err).Code
	walk["cancelled"] = []any{code, one(ctx, dora)}

	_, err = dora.Exec(ctx, "listen news")
	must(err)
	_, err = dora.Exec(ctx, "notify news, 'hello'")
	must(err)
	notification, err := dora.WaitForNotification(ctx)
	must(err)
	walk["notified"] = notification.Payload

	// In binary.
	copied, err := dora.CopyFrom(ctx, pgx.Identifier{"client_items"}, []string{"id", "name"},
		pgx.CopyFromRows([][]any{{int32(11), "a"}, {int32(12), "b"}, {int32(13), nil}}))
	must(err)
	var out bytes.Buffer
	_, err = dora.PgConn().CopyTo(ctx, &out, "copy (select * from client_items where id > 10 order by id) to stdout (format csv)")
	must(err)
	walk["copied"] = []any{copied, out.String()}
	_, err = dora.Exec(ctx, "delete from client_items where id > 10")
	must(err)

	transaction, err = dora.Begin(ctx)
	must(err)
	_, err = transaction.Exec(ctx, "declare pieces cursor for select g from generate_series(1, 1000) g")
	must(err)
	fetched := 0
	for {
		tag, err := transaction.Exec(ctx, "fetch 150 from pieces")
		must(err)
		if tag.RowsAffected() == 0 {
			break
		}
		fetched += int(tag.RowsAffected())
	}
	must(transaction.Commit(ctx))
	walk["cursor"] = fetched
}

func one(ctx context.Context, connection *pgx.Conn) int {
	var n int
	must(connection.QueryRow(ctx, "select 1").Scan(&n))
	return n
}

func refused(err error) *pgconn.PgError {
	var refusal *pgconn.PgError
	if !errors.As(err, &refusal) {
		log.Fatalf("not refused: %v", err)
	}
	return refusal
}

func must(err error) {
	if err != nil {
		log.Fatal(strings.TrimSpace(err.Error()))
	}
}
