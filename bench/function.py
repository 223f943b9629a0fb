"""On a Lambda: how long the function takes to start, and how long refreshes take with the processor that goes with each `MemorySize`.

A `MemorySize` of 1,769 MB has one processor, others a share of it by their size: here a quota of cgroups, where this machine lets one be set.
"""

import http.server
import json
import os
import re
import statistics
import subprocess
import tempfile
import threading
import time
from collections import Counter
from contextlib import contextmanager
from pathlib import Path

from processes import BEFORE_MS, DAY_MS, Failed, Simulator, built, environment, refresh

SIZES = (100_000, 300_000, 1_000_000)
DELAY_MS = 300
STARTS = 11
CGROUP = Path("/sys/fs/cgroup")
PERIOD_US = 100_000


class NoQuota(Exception):
    """Why no quota of the processor can be set on this machine."""


@contextmanager
def throttled(memory_mb):
    """What to put before a command so that it gets no more of the processor than goes with so much memory."""
    is_version_2 = (CGROUP / "cgroup.controllers").exists()
    group = (CGROUP if is_version_2 else CGROUP / "cpu") / f"xledger-spend-bench-{os.getpid()}"
    quota_us = PERIOD_US * memory_mb // 1_769
    values = {"cpu.max": f"{quota_us} {PERIOD_US}"} if is_version_2 else {"cpu.cfs_period_us": PERIOD_US, "cpu.cfs_quota_us": quota_us}
    try:
        group.mkdir()
    except OSError as failed:
        raise NoQuota(str(failed)) from None
    try:
        try:
            for name, value in values.items():
                (group / name).write_text(str(value))
        except OSError as failed:
            raise NoQuota(str(failed)) from None
        yield ["sh", "-c", f'echo $$ > {group}/cgroup.procs && exec "$@"', "sh"]
    finally:
        group.rmdir()


# ---------------------------------------------------------------------------------------------------------------- refreshes


def refreshes(binary, sizes_mb):
    """By size of company and of memory: a full refresh, and one after half a percent of the lines changed."""
    found = []
    for lines in SIZES:
        with Simulator(binary, lines, DELAY_MS) as simulator, tempfile.TemporaryDirectory() as name:
            for round_, memory_mb in enumerate(sizes_mb):
                lake, days = Path(name) / str(memory_mb), 30 * round_
                with throttled(memory_mb) as before:
                    full, _ = refresh(simulator, binary, lake, BEFORE_MS + days * DAY_MS, "full", before=before)
                    simulator.change()
                    changed, _ = refresh(simulator, binary, lake, BEFORE_MS + (days + 3) * DAY_MS, "incremental", before=before)
                found.append({
                    "lines": lines,
                    "memory_mb": memory_mb,
                    "peak_bytes": max(full.peak_bytes, changed.peak_bytes),
                    "full_s": full.wall_s,
                    "changed_s": changed.wall_s,
                })
                print(f"{lines:,} lines with {memory_mb} MB: {full.wall_s:.1f} and {changed.wall_s:.1f} s, {found[-1]['peak_bytes'] / 2**20:.0f} MiB", flush=True)
    return found


# -------------------------------------------------------------------------------------------------------------------- start


class Lambda(http.server.BaseHTTPRequestHandler):
    """The runtime API with one event, an empty bucket, Secrets Manager, and an Xledger that does not answer. Notes when each is asked first."""

    protocol_version = "HTTP/1.1"

    def do_GET(self):
        if self.path.startswith("/bucket"):
            self.note("aws")
            self.answer(b"<Error><Code>NoSuchKey</Code></Error>", status=404)
        elif "next" not in self.server.times:
            self.note("next")
            headers = {
                "Lambda-Runtime-Aws-Request-Id": "00000001-0000-4000-8000-000000000000",
                "Lambda-Runtime-Deadline-Ms": str(int((time.time() + 600) * 1_000)),
                "Lambda-Runtime-Invoked-Function-Arn": "arn:aws:lambda:us-east-1:123456789012:function:xledger-spend",
            }
            self.note("event")
            self.answer(b'{"action": "check"}', headers)
        else:
            self.server.asked.wait(60)

    def do_POST(self):
        self.rfile.read(int(self.headers.get("Content-Length", 0)))
        if self.path == "/graphql":
            self.note("question")
            self.server.asked.set()
        elif "secretsmanager" in self.headers.get("X-Amz-Target", ""):
            self.note("aws")
            self.answer(json.dumps({"SecretString": "simulated-token-0001", "Name": "token"}).encode())
        else:
            self.server.asked.set()

    def note(self, what):
        self.server.times.setdefault(what, time.monotonic())

    def answer(self, body, headers={}, status=200):
        self.send_response(status)
        for name, value in (headers | {"Content-Length": str(len(body))}).items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


def start(program, before=()):
    """The milliseconds of one start: until the function asks for an event, from there until it asks AWS, and from there until it asks Xledger."""
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Lambda)
    server.daemon_threads, server.times, server.asked = True, {}, threading.Event()
    threading.Thread(target=server.serve_forever, daemon=True).start()
    here = f"127.0.0.1:{server.server_port}"
    env = environment(
        AWS_LAMBDA_RUNTIME_API=here,
        AWS_LAMBDA_FUNCTION_NAME="xledger-spend",
        AWS_LAMBDA_FUNCTION_MEMORY_SIZE="512",
        AWS_LAMBDA_FUNCTION_VERSION="$LATEST",
        AWS_LAMBDA_LOG_GROUP_NAME="/aws/lambda/xledger-spend",
        AWS_LAMBDA_LOG_STREAM_NAME="stream",
        AWS_REGION="us-east-1",
        AWS_ACCESS_KEY_ID="test",
        AWS_SECRET_ACCESS_KEY="test",
        AWS_ENDPOINT_URL=f"http://{here}",
        XLEDGER_ENDPOINT=f"http://{here}/graphql",
        XLEDGER_TOKEN_SECRET_ID="token",
        LAKE_URL="s3://bucket/prefix/",
    )
    began = time.monotonic()
    process = subprocess.Popen([*before, program], env=env, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        if not server.asked.wait(60) or "question" not in server.times:
            raise Failed(f"the function asked for nothing but {', '.join(server.times)}")
    finally:
        process.kill()
        process.wait()
        server.shutdown()
        server.server_close()
    times = server.times
    return {
        "next": (times["next"] - began) * 1e3,
        "aws": (times["aws"] - times["event"]) * 1e3,
        "question": (times["question"] - times["aws"]) * 1e3,
    }


def starts(program, sizes_mb):
    """Medians, by size of memory."""
    found = {}
    for memory_mb in sizes_mb:
        with throttled(memory_mb) as before:
            all_ = [start(program, before) for _ in range(STARTS)]
        found[str(memory_mb)] = {what: statistics.median(each[what] for each in all_) for what in all_[0]}
    return found


# --------------------------------------------------------------------------------------------------------------------- size

SHARED = {"core", "alloc", "std", "compiler_builtins", "hashbrown"}
"""Whose code is that of whoever asked for it, where a name says who."""
IN_C = {"zstd": r"^_?(ZSTD|HUF|FSE|HIST|XXH|ERR_|POOL_|COVER)", "aws-lc": r"^(aws_lc|s2n|bignum|p256|p384|p521|curve25519|edwards25519|sha|ml_|mlk|mld|ec|x509|bn_)"}


def crate(name):
    """Of which crate the code of a symbol is."""
    if named := re.findall(r"(?<![:\w])([a-z]\w*)::", name):
        return next((each for each in named if each not in SHARED), "std")
    return next((library for library, pattern in IN_C.items() if re.match(pattern, name)), "other C and assembler")


def sizes(program):
    """Bytes of code by crate, the largest first."""
    symbols = subprocess.run(["nm", "--demangle", "--print-size", "--defined-only", program], capture_output=True, check=True, text=True).stdout
    found = Counter()
    for line in symbols.splitlines():
        if size := re.match(r"[0-9a-f]+ ([0-9a-f]+) [tTwWiu] (.*)", line):
            found[crate(size[2])] += int(size[1], 16)
    return found.most_common()


def measure(binary, sizes_mb):
    """Of the function, as it is released: what it consists of, how it starts, and what refreshes take with each size of memory; `None` where no quota of
    the processor can be set."""
    try:
        with throttled(sizes_mb[0]):
            pass
    except NoQuota as failed:
        print(f"SKIPPED: the function on shares of a processor, for no quota can be set here (root can): {failed}")
        return None
    command = ["cargo", "rustc", "--locked", "--release", "--quiet", "--package", "xledger-spend", "--bin", "lambda", "--message-format"]
    with_symbols = built([*command, "json-render-diagnostics", "--", "-C", "strip=none"], "lambda")
    with tempfile.TemporaryDirectory() as name:
        program = Path(name) / "bootstrap"
        subprocess.run(["strip", "-o", program, with_symbols], check=True)
        found = {"binary_bytes": program.stat().st_size, "code": sizes(with_symbols), "starts": starts(program, sizes_mb)}
    return found | {"refreshes": refreshes(binary, sizes_mb)}
