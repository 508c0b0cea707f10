"""`sftp_get.py paramiko|asyncssh REMOTE LOCAL` downloads a file as the library does it by itself."""

import asyncio
import os
import sys

HOST = "127.0.0.1"
PORT = int(os.environ["SALLYPORT_PORT"])
KNOWN_HOSTS = os.environ["SALLYPORT_KNOWN_HOSTS"]
OLGA = os.environ["SALLYPORT_OLGA"]


def by_paramiko(remote, local):
    import paramiko

    client = paramiko.SSHClient()
    client.load_host_keys(KNOWN_HOSTS)
    client.set_missing_host_key_policy(paramiko.RejectPolicy())
    client.connect(HOST, PORT, "web1", key_filename=OLGA, allow_agent=False, look_for_keys=False, timeout=30)
    try:
        client.open_sftp().get(remote, local)
    finally:
        client.close()


async def by_asyncssh(remote, local):
    import asyncssh

    options = {"username": "web1", "known_hosts": KNOWN_HOSTS, "client_keys": [OLGA], "config": None}
    async with asyncssh.connect(HOST, PORT, **options) as connection, connection.start_sftp_client() as sftp:
        await sftp.get(remote, local)


library, remote, local = sys.argv[1:]
if library == "paramiko":
    by_paramiko(remote, local)
else:
    asyncio.run(by_asyncssh(remote, local))
