"""A wire between the product and the simulator that can be slow in its own way, and can change what is answered."""

import gzip
import http.client
import json
import threading
import time
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import urlsplit

LONGEST_ANSWER_S = 60


class Wire:
    """Where the wire begins, and what went over it."""

    def __init__(self, endpoint):
        self.endpoint = endpoint
        self.requests = []
        """Bodies of requests in the order in which their answers were sent."""


@contextmanager
def wire(server, delay_s=lambda body: 0, alter=None):
    """Passes requests on to a simulator.

    `delay_s` says for a request's body how long its answer is held back. `alter` is given each answer's `data` to change in place.
    """
    address = urlsplit(server.endpoint)
    lock = threading.Lock()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self):
            body = self.rfile.read(int(self.headers["Content-Length"]))
            headers = {name: value for name, value in self.headers.items() if name.lower() not in ("host", "connection", "content-length")}
            upstream = http.client.HTTPConnection(address.hostname, address.port, timeout=LONGEST_ANSWER_S)
            upstream.request("POST", address.path, body, headers)
            answer = upstream.getresponse()
            content, encoding = answer.read(), answer.getheader("Content-Encoding")
            upstream.close()
            if alter:
                content, encoding = altered(content, encoding), None
            time.sleep(delay_s(body))
            with lock:
                passing.requests.append(body)
            self.send_response(answer.status)
            self.send_header("Content-Type", answer.getheader("Content-Type", "application/json"))
            self.send_header("Content-Length", str(len(content)))
            if encoding:
                self.send_header("Content-Encoding", encoding)
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, *_):
            pass

    def altered(content, encoding):
        answer = json.loads(gzip.decompress(content) if encoding == "gzip" else content)
        alter(answer.get("data") or {})
        return json.dumps(answer).encode()

    listener = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    listener.daemon_threads = True
    passing = Wire(f"http://127.0.0.1:{listener.server_port}{address.path}")
    thread = threading.Thread(target=listener.serve_forever, daemon=True)
    thread.start()
    try:
        yield passing
    finally:
        listener.shutdown()
        listener.server_close()
        thread.join()


def nodes(data, root):
    """The rows that an answer has for a root field."""
    connection = data.get(root) or {}
    return [edge["node"] for edge in connection.get("edges") or [] if edge and edge.get("node")]
