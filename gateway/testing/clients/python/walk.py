"""The walk of ../walk.ts by psycopg 3 (in binary) and by asyncpg: `walk.py psycopg|asyncpg` prints it as JSON."""

import asyncio
import datetime
import json
import os
import ssl
import sys
import threading
import time

PORT = int(os.environ["SALLYPORT_PORT"])
CA = os.environ["SALLYPORT_CA"]
ANA = {"dbname": "crm", "user": "app", "password": os.environ["SALLYPORT_ANA"]}
DORA = {"dbname": "plain", "user": "postgres", "password": os.environ["SALLYPORT_DORA"]}
DENIED = "update customers set city = 'x' where id = 1"


def types_of(row):
    total, truth, real, items, raw, date = row
    assert isinstance(date, datetime.date)
    return {
        "sum": total,
        "truth": truth,
        "float": real,
        "list": list(items),
        "bytes": bytes(raw).hex(),
        "date": date.isoformat(),
    }


def by_psycopg():
    import psycopg

    def connect(who):
        return psycopg.connect(host="localhost", port=PORT, sslmode="verify-full", sslrootcert=CA, autocommit=True, **who)

    def refusal(connection, sql):
        try:
            connection.execute(sql)
        except psycopg.Error as error:
            return error
        raise AssertionError(f"not refused: {sql}")

    walk = {}
    with connect(ANA) as ana, connect(DORA) as dora:
        walk["selected"] = ana.execute("select id, name from customers where id <= 2 order by id").fetchall()
        masked = "select ssn, email, card_number from customers where id = %s"
        walk["masked"] = [ana.execute(masked, (1,), binary=True, prepare=True).fetchone() for _ in range(3)]
        row = ana.execute(
            r"select %s::int4 + 1, true, 1.5::float8, array[1,2]::int4[], '\x00ff'::bytea, date '2024-02-29'", (41,), binary=True
        ).fetchone()
        walk["types"] = types_of(row)
        error = refusal(ana, DENIED)
        assert isinstance(error, psycopg.errors.InsufficientPrivilege)
        walk["denied"] = {
            "sqlstate": error.sqlstate,
            "message": error.diag.message_primary,
            "detail": error.diag.message_detail,
            "hint": error.diag.message_hint or "",
        }
        walk["afterDenial"] = ana.execute("select 1").fetchone()[0]

        dora.autocommit = False
        dora.execute("insert into client_items values (2, 'two')")
        walk["inTransaction"] = [refusal(dora, "delete from client_items").sqlstate, refusal(dora, "select 1").sqlstate]
        dora.rollback()
        dora.autocommit = True
        walk["afterRollback"] = len(dora.execute("select id from client_items").fetchall())

        threading.Thread(target=lambda: (time.sleep(0.5), dora.cancel())).start()
        error = refusal(dora, "select pg_sleep(30)")
        assert isinstance(error, psycopg.errors.QueryCanceled)
        walk["cancelled"] = [error.sqlstate, dora.execute("select 1").fetchone()[0]]

        dora.execute("listen news")
        dora.execute("notify news, 'hello'")
        walk["notified"] = next(dora.notifies(timeout=10)).payload

        with dora.cursor() as cursor, cursor.copy("copy client_items from stdin") as copy:
            copy.set_types(["int4", "text"])
            for item in [(11, "a"), (12, "b"), (13, "")]:
                copy.write_row(item)
        count = dora.execute("select count(*) from client_items where id > 10").fetchone()[0]
        with dora.cursor() as cursor:
            query = "copy (select id, nullif(name, '') from client_items where id > 10 order by id) to stdout (format csv)"
            with cursor.copy(query) as copy:
                out = b"".join(bytes(part) for part in copy).decode()
        walk["copied"] = [count, out]
        dora.execute("delete from client_items where id > 10")

        with dora.transaction(), dora.cursor(name="pieces", binary=True) as cursor:
            cursor.itersize = 150
            cursor.execute("select g from generate_series(1, 1000) g")
            walk["cursor"] = sum(1 for _ in cursor)

        with ana.pipeline():
            sent = [ana.execute("select %s::int4", (n,)) for n in (1, 2, 3)]
            walk["pipelined"] = [cursor.fetchone()[0] for cursor in sent]
    return walk


async def by_asyncpg():
    import asyncpg

    trust = ssl.create_default_context(cafile=CA)

    def connect(who):
        return asyncpg.connect(
            host="localhost", port=PORT, ssl=trust, user=who["user"], password=who["password"], database=who["dbname"]
        )

    async def refusal(wait):
        try:
            await wait
        except asyncpg.PostgresError as error:
            return error
        raise AssertionError("not refused")

    walk = {}
    ana, dora = await connect(ANA), await connect(DORA)
    try:
        walk["selected"] = [list(row) for row in await ana.fetch("select id, name from customers where id <= 2 order by id")]
        prepared = await ana.prepare("select ssn, email, card_number from customers where id = $1")
        walk["masked"] = [list(await prepared.fetchrow(1)) for _ in range(3)]
        row = await ana.fetchrow(
            r"select $1::int4 + 1, true, 1.5::float8, array[1,2]::int4[], '\x00ff'::bytea, date '2024-02-29'", 41
        )
        walk["types"] = types_of(row)
        error = await refusal(ana.execute(DENIED))
        assert isinstance(error, asyncpg.InsufficientPrivilegeError)
        walk["denied"] = {"sqlstate": error.sqlstate, "message": str(error), "detail": error.detail, "hint": error.hint or ""}
        walk["afterDenial"] = await ana.fetchval("select 1")

        transaction = dora.transaction()
        await transaction.start()
        await dora.execute("insert into client_items values ($1, 'two')", 2)
        first = await refusal(dora.fetch("delete from client_items"))
        walk["inTransaction"] = [first.sqlstate, (await refusal(dora.fetch("select 1"))).sqlstate]
        await transaction.rollback()
        walk["afterRollback"] = len(await dora.fetch("select id from client_items"))

        sleeping = asyncio.create_task(dora.execute("select pg_sleep(30)"))
        await asyncio.sleep(0.5)
        # asyncpg sends a cancel request when the task is cancelled, and tells by the exception of the task alone.
        sleeping.cancel()
        try:
            await sleeping
            raise AssertionError("not cancelled")
        except asyncio.CancelledError:
            pass
        walk["cancelled"] = ["57014", await dora.fetchval("select 1")]

        heard = asyncio.get_running_loop().create_future()
        await dora.add_listener("news", lambda _connection, _pid, _channel, payload: heard.set_result(payload))
        await dora.execute("notify news, 'hello'")
        walk["notified"] = await asyncio.wait_for(heard, 10)

        # In binary, as asyncpg always copies.
        await dora.copy_records_to_table("client_items", records=[(11, "a"), (12, "b"), (13, None)])
        count = await dora.fetchval("select count(*) from client_items where id > 10")
        out = bytearray()

        async def take(part):
            out.extend(part)

        await dora.copy_from_query("select * from client_items where id > 10 order by id", output=take, format="csv")
        walk["copied"] = [count, out.decode()]
        await dora.execute("delete from client_items where id > 10")

        async with dora.transaction():
            walk["cursor"] = 0
            async for _ in dora.cursor("select g from generate_series(1, 1000) g", prefetch=150):
                walk["cursor"] += 1
    finally:
        await ana.close()
        await dora.close()
    return walk


if __name__ == "__main__":
    print(json.dumps(by_psycopg() if sys.argv[1] == "psycopg" else asyncio.run(by_asyncpg())))
