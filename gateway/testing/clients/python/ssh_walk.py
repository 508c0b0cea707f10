"""The walk of ../ssh-walk.ts by paramiko and by asyncssh: `ssh_walk.py paramiko|asyncssh` prints it as JSON;
`ssh_walk.py asyncssh signals` how programs end that the library sends signals to, where the host delivers them."""

import asyncio
import hashlib
import json
import os
import sys

HOST = "127.0.0.1"
PORT = int(os.environ["SALLYPORT_PORT"])
KNOWN_HOSTS = os.environ["SALLYPORT_KNOWN_HOSTS"]
OLGA = os.environ["SALLYPORT_OLGA"]
ANA = os.environ["SALLYPORT_ANA"]
BYTES = bytes(i % 251 for i in range(1_000_000))
DENIED = "touch /tmp/sallyport-never"


def by_paramiko():
    import paramiko

    def connect(key):
        client = paramiko.SSHClient()
        client.load_host_keys(KNOWN_HOSTS)
        client.set_missing_host_key_policy(paramiko.RejectPolicy())
        client.connect(HOST, PORT, "web1", key_filename=key, allow_agent=False, look_for_keys=False, timeout=30)
        return client

    def run(client, line, given=b"", environment=None, pty=False):
        stdin, stdout, stderr = client.exec_command(line, timeout=60, get_pty=pty, environment=environment)
        stdin.write(given)
        stdin.channel.shutdown_write()
        out = stdout.read()
        err = stderr.read().decode()
        return {"code": stdout.channel.recv_exit_status(), "out": out, "err": err}

    def text(ran):
        return {**ran, "out": ran["out"].decode()}

    walk = {}
    olga, ana = connect(OLGA), connect(ANA)
    try:
        walk["ran"] = text(run(olga, "echo out; echo err >&2; exit 7"))
        walk["echoed"] = hashlib.sha256(run(olga, "cat", BYTES)["out"]).hexdigest()
        walk["denied"] = text(run(ana, DENIED))
        walk["afterDenial"] = text(run(ana, "echo still here"))["out"]
        channels = [olga.get_transport().open_session() for _ in range(3)]
        for i, channel in enumerate(channels):
            channel.exec_command(f"echo {i}; sleep 0.2; echo {i}")
        walk["atOnce"] = [channel.makefile("r").read().decode() for channel in channels]
        walk["terminal"] = text(run(olga, "tty", pty=True))["out"]
        walk["variable"] = text(run(olga, "echo $LC_TIME", environment={"LC_TIME": "C.UTF-8"}))["out"]
        olga.get_transport().set_keepalive(1)
        # The library answers by itself, and hangs up where nobody does.
        walk["afterKeepAlive"] = text(run(olga, "sleep 2; echo alive"))["out"]
    finally:
        olga.close()
        ana.close()
    return walk


async def by_asyncssh():
    import asyncssh

    def connect(key, **more):
        return asyncssh.connect(
            HOST, PORT, username="web1", client_keys=[key], known_hosts=KNOWN_HOSTS, agent_path=None, config=None, **more
        )

    async def run(connection, line, **more):
        done = await connection.run(line, timeout=60, **more)
        return {"code": done.exit_status, "out": done.stdout, "err": done.stderr}

    walk = {}
    async with connect(OLGA, keepalive_interval=1) as olga, connect(ANA) as ana:
        if "signals" in sys.argv:
            return {name: await ended_by(olga, name) for name in ("INT", "TERM", "KILL")}
        walk["ran"] = await run(olga, "echo out; echo err >&2; exit 7")
        walk["echoed"] = hashlib.sha256((await run(olga, "cat", input=BYTES, encoding=None))["out"]).hexdigest()
        walk["denied"] = await run(ana, DENIED)
        walk["afterDenial"] = (await run(ana, "echo still here"))["out"]
        together = await asyncio.gather(*(run(olga, f"echo {i}; sleep 0.2; echo {i}") for i in range(3)))
        walk["atOnce"] = [ran["out"] for ran in together]
        walk["terminal"] = (await run(olga, "tty", term_type="xterm"))["out"]
        walk["variable"] = (await run(olga, "echo $LC_TIME", env={"LC_TIME": "C.UTF-8"}))["out"]
        walk["afterKeepAlive"] = (await run(olga, "sleep 2; echo alive"))["out"]
        ended = await olga.run("kill -USR1 $$", timeout=60)
        walk["endedBySignal"] = ended.exit_signal[0]
    return walk


async def ended_by(connection, name):
    process = await connection.create_process("echo started; exec sleep 600")
    await process.stdout.readline()
    process.send_signal(name)
    return (await process.wait(timeout=60)).exit_signal[0]


client = sys.argv[1]
print(json.dumps(by_paramiko() if client == "paramiko" else asyncio.run(by_asyncssh())))
