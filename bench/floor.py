"""The floor: what the same bytes cost at the very least, by the fastest libraries, without a thought about what they mean.

`record ENDPOINT DIRECTORY` stands between a refresh and Xledger, and keeps the bodies that come down, as they come. `measure DIRECTORY SNAPSHOT` prints
the CPU seconds that it takes to inflate them (ISA-L), to find and check every value of their JSON (simdjson), and to compress the pages of the tables
(zstd, level 1).
"""

import http.client
import http.server
import io
import json
import statistics
import sys
import threading
import time
from itertools import count
from pathlib import Path
from urllib.parse import urlsplit

ROUNDS = 3


def record(endpoint, directory):
    """Prints its own address, and serves until standard input closes."""
    upstream, numbers = urlsplit(endpoint), count()

    class Between(http.server.BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self):
            body = self.rfile.read(int(self.headers["Content-Length"]))
            connection = http.client.HTTPConnection(upstream.hostname, upstream.port)
            headers = {name: self.headers[name] for name in ("Authorization", "Content-Type", "Accept-Encoding") if name in self.headers}
            connection.request("POST", upstream.path, body, headers)
            answer = connection.getresponse()
            came = answer.read()
            connection.close()
            is_packed = answer.headers.get("Content-Encoding") == "gzip"
            (directory / f"{next(numbers)}.json{'.gz' if is_packed else ''}").write_bytes(came)
            self.send_response(answer.status)
            for name in ("Content-Type", "Content-Encoding"):
                if name in answer.headers:
                    self.send_header(name, answer.headers[name])
            self.send_header("Content-Length", str(len(came)))
            self.end_headers()
            self.wfile.write(came)

        def log_message(self, *_):
            pass

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Between)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    print(f"http://127.0.0.1:{server.server_port}{upstream.path}", flush=True)
    sys.stdin.read()
    server.shutdown()


def measure(directory, snapshot):
    import pyarrow.parquet
    import simdjson
    import zstandard
    from isal import igzip

    tables = []
    for file in sorted(snapshot.glob("*/**/*.parquet")):
        plain = io.BytesIO()
        pyarrow.parquet.write_table(pyarrow.parquet.ParquetFile(file).read(), plain, compression="NONE")
        tables.append(plain.getvalue())
    bodies, spent = [(path.suffix == ".gz", path.read_bytes()) for path in sorted(directory.iterdir())], []
    parser, compressor = simdjson.Parser(), zstandard.ZstdCompressor(level=1)
    for _ in range(ROUNDS):
        seconds, plain_bytes = {"inflate": 0.0, "scan": 0.0}, 0
        for is_packed, body in bodies:
            began = time.process_time()
            text = igzip.decompress(body) if is_packed else body
            inflated = time.process_time()
            parser.parse(text)
            seconds["inflate"] += inflated - began
            seconds["scan"] += time.process_time() - inflated
            plain_bytes += len(text)
        began = time.process_time()
        for table in tables:
            compressor.compress(table)
        spent.append(seconds | {"compress": time.process_time() - began})
    medians = {part: statistics.median(each[part] for each in spent) for part in spent[0]}
    print(json.dumps(medians | {"json_bytes": plain_bytes, "table_bytes": sum(map(len, tables))}))


if __name__ == "__main__":
    mode, first, second = sys.argv[1:]
    record(first, Path(second)) if mode == "record" else measure(Path(first), Path(second))
