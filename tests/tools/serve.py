"""Runs a server that speaks S3, `moto` or `ministack`, on 127.0.0.1 and a port that the system picks.

Prints the port once it listens, and ends when its standard input does: so it never outlives the test that started it, however that ends.
"""

import asyncio
import os
import socket
import sys
import threading


def end_with_input():
    sys.stdin.buffer.read()
    os._exit(0)


def announce(port):
    print(port, flush=True)


def moto():
    from moto.server import ThreadedMotoServer

    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    announce(server.get_host_and_port()[1])
    threading.Event().wait()


def ministack():
    listener = socket.create_server(("127.0.0.1", 0), backlog=512)
    port = listener.getsockname()[1]
    # Read when the package is imported. The services that would listen on ports of their own stay off.
    os.environ.update(GATEWAY_PORT=str(port), BIND_HOST="127.0.0.1", IOT_MTLS_ENABLED="0", SFTP_ENABLED="0", LOG_LEVEL="ERROR")
    from hypercorn.asyncio import serve
    from hypercorn.config import Config
    from ministack.app import app

    config = Config()
    config.bind = [f"fd://{listener.fileno()}"]
    config.loglevel = "ERROR"
    announce(port)
    asyncio.run(serve(app, config))


if __name__ == "__main__":
    makes = {"moto": moto, "ministack": ministack}
    if len(sys.argv) != 2 or sys.argv[1] not in makes:
        sys.exit(f"usage: serve.py {'|'.join(makes)}")
    threading.Thread(target=end_with_input, daemon=True).start()
    makes[sys.argv[1]]()
