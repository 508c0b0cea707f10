"""The walk of ../sftp-walk.ts by paramiko and by asyncssh: `sftp_walk.py paramiko|asyncssh` prints it as JSON."""

import asyncio
import hashlib
import io
import json
import os
import stat
import sys

HOST = "127.0.0.1"
PORT = int(os.environ["SALLYPORT_PORT"])
KNOWN_HOSTS = os.environ["SALLYPORT_KNOWN_HOSTS"]
OLGA = os.environ["SALLYPORT_OLGA"]
ANA = os.environ["SALLYPORT_ANA"]
DIR = os.environ["SALLYPORT_DIR"]
LOCAL = os.environ["SALLYPORT_LOCAL"]
BYTES = bytes(i % 251 for i in range(1_000_000))


def at(name):
    return f"{DIR}/{name}"


def by_paramiko():
    import paramiko

    def connect(key):
        client = paramiko.SSHClient()
        client.load_host_keys(KNOWN_HOSTS)
        client.set_missing_host_key_policy(paramiko.RejectPolicy())
        client.connect(HOST, PORT, "web1", key_filename=key, allow_agent=False, look_for_keys=False, timeout=30)
        return client

    walk = {}
    clients = [connect(OLGA), connect(ANA)]
    try:
        olga, ana = (client.open_sftp() for client in clients)
        # Writes ahead of their answers, and compares the size in the end.
        olga.putfo(io.BytesIO(BYTES), at("up"), confirm=True)
        walk["size"] = olga.stat(at("up")).st_size
        back = io.BytesIO()
        # Asks for all pieces at once.
        olga.getfo(at("up"), back, prefetch=True)
        walk["back"] = hashlib.sha256(back.getvalue()).hexdigest()
        with olga.open(at("up")) as file:
            file.seek(500_000)
            walk["piece"] = file.read(4).hex()
        olga.mkdir(at("sub"))
        olga.rename(at("up"), at("sub/moved"))
        olga.symlink("sub/moved", at("link"))
        olga.chmod(at("sub/moved"), 0o640)
        walk["listed"] = olga.listdir(DIR)
        walk["leadsTo"] = olga.readlink(at("link"))
        walk["mode"] = stat.S_IMODE(olga.stat(at("link")).st_mode)
        olga.truncate(at("sub/moved"), 10)
        walk["cut"] = olga.stat(at("sub/moved")).st_size
        try:
            ana.remove(at("sub/moved"))
        except PermissionError as error:
            walk["denied"] = {"isPermissionError": True, "text": error.strerror}
        walk["afterDenial"] = ana.listdir(at("sub"))
        try:
            olga.stat(at("missing"))
        except FileNotFoundError:
            walk["missing"] = True
        olga.remove(at("sub/moved"))
        olga.remove(at("link"))
        olga.rmdir(at("sub"))
        walk["left"] = olga.listdir(DIR)
    finally:
        for client in clients:
            client.close()
    return walk


async def by_asyncssh():
    import asyncssh

    def connect(key):
        return asyncssh.connect(
            HOST, PORT, username="web1", client_keys=[key], known_hosts=KNOWN_HOSTS, agent_path=None, config=None
        )

    walk = {}
    async with connect(OLGA) as by_olga, connect(ANA) as by_ana:
        async with by_olga.start_sftp_client() as olga, by_ana.start_sftp_client() as ana:
            given, back = f"{LOCAL}/given", f"{LOCAL}/back"
            with open(given, "wb") as file:
                file.write(BYTES)
            # Many pieces at once, both ways.
            await olga.put(given, at("up"))
            walk["size"] = (await olga.stat(at("up"))).size
            await olga.get(at("up"), back)
            with open(back, "rb") as file:
                walk["back"] = hashlib.sha256(file.read()).hexdigest()
            async with olga.open(at("up"), "rb") as file:
                walk["piece"] = (await file.read(4, 500_000)).hex()
            await olga.mkdir(at("sub"))
            await olga.posix_rename(at("up"), at("sub/moved"))
            await olga.symlink("sub/moved", at("link"))
            await olga.chmod(at("sub/moved"), 0o640)
            walk["listed"] = await names(olga, DIR)
            walk["leadsTo"] = await olga.readlink(at("link"))
            walk["mode"] = stat.S_IMODE((await olga.stat(at("link"))).permissions)
            await olga.truncate(at("sub/moved"), 10)
            walk["cut"] = (await olga.stat(at("sub/moved"))).size
            try:
                await ana.remove(at("sub/moved"))
            except asyncssh.SFTPPermissionDenied as error:
                walk["denied"] = {"isPermissionError": True, "text": error.reason}
            walk["afterDenial"] = await names(ana, at("sub"))
            try:
                await olga.stat(at("missing"))
            except asyncssh.SFTPNoSuchFile:
                walk["missing"] = True
            await olga.remove(at("sub/moved"))
            await olga.remove(at("link"))
            await olga.rmdir(at("sub"))
            walk["left"] = await names(olga, DIR)
    return walk


async def names(sftp, path):
    return [name for name in await sftp.listdir(path) if name not in (".", "..")]


client = sys.argv[1]
print(json.dumps(by_paramiko() if client == "paramiko" else asyncio.run(by_asyncssh())))
