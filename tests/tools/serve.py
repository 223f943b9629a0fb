"""Runs a server that speaks S3, `moto` or `ministack`, or a whole `account`, on 127.0.0.1 and a port that the system picks.

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
    from moto.server import DomainDispatcherApplication as Application
    from moto.server import ThreadedMotoServer

    answer, alone = Application.__call__, threading.Lock()

    def answer_alone(self, *request):
        # It looks whether an object is there, and then writes it: a request that comes in between would have two winners.
        with alone:
            return answer(self, *request)

    Application.__call__ = answer_alone
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    announce(server.get_host_and_port()[1])
    threading.Event().wait()


def ministack():
    listener = listen()
    from ministack.app import app

    serve_on(listener, app)


def account():
    """MiniStack as an AWS account to deploy into: functions that find it, Athena on DuckDB, and what `account.py` adds."""
    listener = listen()
    os.environ.update(ATHENA_ENGINE="duckdb", AWS_ENDPOINT_URL=f"http://127.0.0.1:{listener.getsockname()[1]}")
    from ministack.app import app

    import account

    account.complete()
    serve_on(listener, account.with_faults(app))


def listen():
    listener = socket.create_server(("127.0.0.1", 0), backlog=512)
    # Read when the package is imported. The services that would listen on ports of their own stay off.
    port = str(listener.getsockname()[1])
    os.environ.update(GATEWAY_PORT=port, BIND_HOST="127.0.0.1", IOT_MTLS_ENABLED="0", SFTP_ENABLED="0", LOG_LEVEL="ERROR")
    return listener


def serve_on(listener, app):
    from hypercorn.asyncio import serve
    from hypercorn.config import Config

    config = Config()
    config.bind = [f"fd://{listener.fileno()}"]
    config.loglevel = "ERROR"
    announce(listener.getsockname()[1])
    asyncio.run(serve(app, config))


if __name__ == "__main__":
    makes = {"moto": moto, "ministack": ministack, "account": account}
    if len(sys.argv) != 2 or sys.argv[1] not in makes:
        sys.exit(f"usage: serve.py {'|'.join(makes)}")
    threading.Thread(target=end_with_input, daemon=True).start()
    makes[sys.argv[1]]()
