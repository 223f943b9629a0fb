"""What `make bench` found, as bench/RESULTS.md and as bench/results.svg, which the README shows."""

import datetime
import os
import platform
import subprocess
import textwrap
from importlib.metadata import version
from pathlib import Path
from xml.sax.saxutils import escape

HERE = Path(__file__).resolve().parent
RESULTS, CHART = HERE / "RESULTS.md", HERE / "results.svg"
BY_HAND = "<!-- By hand from here on: `make bench` keeps it. -->\n"

PROGRAM = "this program"
FASTEST = ("Python", "Python, asking as the program")
MIB = 2**20
USD_A_GB_SECOND = 0.0000166667
"""List price of Lambda on x86_64 in US East and most regions, November 2026."""


def allowed_s(requests):
    """How long Xledger's limit of 20 requests in 5 s takes for so many, the last one's answer not counted."""
    return (requests - 1) // 20 * 5


def times(value, base):
    return f"{value / base:.1f}" if base else "-"


def table(head, rows):
    lines = [f"| {' | '.join(head)} |", f"|{'---|' * len(head)}", *(f"| {' | '.join(row)} |" for row in rows)]
    return "\n".join(lines) + "\n"


def machine():
    """Where it was measured, and with what."""
    said = lambda *command: subprocess.run(command, cwd=HERE, capture_output=True, text=True).stdout.strip()
    cpu = next((line.partition(": ")[2] for line in Path("/proc/cpuinfo").read_text().splitlines() if line.startswith("model name")), platform.machine())
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    changed = " with changes" if said("git", "status", "--porcelain", "--untracked-files=no") else ""
    profile = " ".join(f"{name}={value}" for name, value in sorted(os.environ.items()) if name.startswith("CARGO_PROFILE_RELEASE_"))
    names = ("dlt", "pandas", "polars", "duckdb", "pyarrow", "msgspec", "isal", "urllib3", "requests", "pysimdjson", "zstandard")
    text = (
        f"{datetime.datetime.now(datetime.UTC):%Y-%m-%d}, commit `{said('git', 'rev-parse', '--short=12', 'HEAD')}`{changed}; {os.cpu_count()} cores of {cpu}, "
        f"{memory:.0f} GiB, Linux {platform.release().split('-')[0]}; {said('rustc', '--version').split(' (')[0]}"
        + (f", not in the profile of a release but with {profile}" if profile else "")
        + f"; Python {platform.python_version()}, "
        + ", ".join(f"{name} {version(name)}" for name in names)
        + "."
    )
    return textwrap.fill(text, 150, break_on_hyphens=False)


def floor_s(company):
    return sum(company["floor"][part] for part in ("inflate", "scan", "compress"))


def full_table(calm, late):
    """A full refresh of one size: `calm` without delay, and `late` with each other delay."""
    full, kept = calm["full"], calm["kept"]
    base = full[PROGRAM]
    head, nothing = ["", *full], [""] * (len(full) - 1)
    row = lambda name, what, digits=1, scale=1.0: [
        name,
        *(
            f"**{what(run) / scale:,.{digits}f}**" if who == PROGRAM else f"{what(run) / scale:,.{digits}f} ({times(what(run), what(base))})"
            for who, run in full.items()
        ),
    ]
    rows = [
        row("CPU, s (times the program's)", lambda run: run["cpu_s"], 2),
        row("peak memory, MiB", lambda run: run["peak_bytes"], 0, MIB),
        row("requests", lambda run: run["requests"], 0),
        row("down, MB", lambda run: run["bytes_down"], 1, 1e6),
        row("time without delay, s", lambda run: run["wall_s"], 0),
    ]
    for company in late:
        cells = [
            f"{run['wall_s']:,.0f} ({run['wall_s'] / (allowed_s(run['requests']) + company['delay_ms'] / 1_000):.2f})"
            for run in company["full"].values()
        ]
        rows.append([f"time with {company['delay_ms']} ms an answer, s (of what the rate limit allows)", *cells])
    if "floor" in calm:
        rows.append([f"CPU, of the floor ({floor_s(calm):.2f} s)", times(base["cpu_s"], floor_s(calm)), *nothing])
    shared = {who: each["peer_bytes"] / kept for who, each in calm["tables"].items()}
    if shared:
        [columns, program_bytes] = [next(iter(calm["tables"].values()))[key] for key in ("columns", "program_bytes")]
        cells = (f"{program_bytes / kept if who == PROGRAM else shared[who]:.1f}" for who in full)
        rows.append([f"bytes a kept line, of the {columns} columns that all make", *cells])
    rows.append(["bytes a kept line, all columns", f"{calm['table_bytes'][PROGRAM] / kept:.1f}", *nothing])
    return table(head, rows)


def again_table(calm, late):
    """Incremental refreshes, which only the program has."""
    runs = {"nothing changed": calm["unchanged"], "half a percent changed": calm["changed"]}
    rows = [
        ["CPU, s", *(f"{run['cpu_s']:.2f}" for run in runs.values())],
        ["peak memory, MiB", *(f"{run['peak_bytes'] / MIB:.0f}" for run in runs.values())],
        ["requests", *(f"{run['requests']:.0f}" for run in runs.values())],
        ["down, MB", *(f"{run['bytes_down'] / 1e6:.1f}" for run in runs.values())],
        ["time without delay, s", *(f"{run['wall_s']:.0f}" for run in runs.values())],
    ]
    for company in late:
        rows.append([f"time with {company['delay_ms']} ms an answer, s", *(f"{company[run]['wall_s']:.0f}" for run in ("unchanged", "changed"))])
    return table(["the program's incremental refreshes", *runs], rows)


def queries_table(calm):
    """What typical queries take, over the files of each: of Python once, for both write the same."""
    cell = lambda query: f"{query['bytes'] / 1e6:,.2f}, {query['cpu_ms']:,.1f}"
    found = dict(calm["queries"])
    if FASTEST[0] in found:
        found.pop(FASTEST[1], None)
    rows = [[name, *(cell(queries[name]) for queries in found.values())] for name in found[PROGRAM]]
    return table(["queries in DuckDB: MB read, ms of CPU", *found], rows)


def function_tables(function):
    """How the function starts, and what each `MemorySize` means for refreshes."""
    starts = function["starts"]
    share = lambda memory: f"{min(1.0, int(memory) / 1_769):.2f} of a processor"
    rows = [
        [f"{memory} MB ({share(memory)})", *(f"{starts[memory][what]:.0f}" for what in ("next", "aws", "question"))] for memory in starts
    ]
    code = function["code"]
    largest = ", ".join(f"{crate} {size / MIB:.1f}" for crate, size in code[:5])
    text = textwrap.fill(
        f"The function's program has {function['binary_bytes'] / MIB:.1f} MiB, {sum(size for _, size in code) / MIB:.1f} of them code; its largest crates: {largest}.", 150
    )
    text += "\n\n"
    text += table(["a cold start, ms", "to the runtime's first request", "from the event to the first at AWS", "from there to the first at Xledger"], rows)
    rows = []
    for each in function["refreshes"]:
        memory, fits = each["memory_mb"], each["peak_bytes"] / MIB <= 0.8 * each["memory_mb"]
        cost = lambda seconds: seconds * memory / 1_024 * USD_A_GB_SECOND * 1_000
        month = cost(each["full_s"] + 9 * each["changed_s"])
        cells = [f"{each['full_s']:.0f}", f"{each['changed_s']:.0f}", f"{each['peak_bytes'] / MIB:.0f}", f"{month:.2f}" if fits else f"({month:.2f})"]
        rows.append([f"{each['lines']:,}", f"{memory:,} MB", *cells])
    head = ["lines", "`MemorySize`", "full, s", "half a percent changed, s", "peak memory, MiB", "a month of 10 runs, 1/1000 USD"]
    return text + "\n" + table(head, rows)


def aims(calm, late):
    """What is aimed at for 1,000,000 lines, and what is measured."""
    full, kept = calm["full"], calm["kept"]
    own, peers = full[PROGRAM], {who: run for who, run in full.items() if who != PROGRAM}
    fastest = min(full[who]["cpu_s"] for who in FASTEST)
    least = [
        ("requests, fewer than any peer's", own["requests"], min(run["requests"] for run in peers.values()) - 1, 0),
        ("MB down, full", own["bytes_down"] / 1e6, 26, 1),
        ("MB down, half a percent changed", calm["changed"]["bytes_down"] / 1e6, 14, 1),
        ("CPU, full, in floors", own["cpu_s"] / floor_s(calm), 3, 2),
        ("CPU, nothing changed, s", calm["unchanged"]["cpu_s"], 1.1, 2),
        ("peak memory, MiB", own["peak_bytes"] / MIB, 120, 0),
        ("peak memory, MiB, of a tenth of the leanest peer's", own["peak_bytes"] / MIB, min(run["peak_bytes"] for run in peers.values()) / MIB / 10, 0),
        ("bytes a kept line, all columns", calm["table_bytes"][PROGRAM] / kept, 46, 1),
    ]
    for company in late:
        slow, delay_ms = company["full"][PROGRAM], company["delay_ms"]
        wall = slow["wall_s"] / (allowed_s(slow["requests"]) + delay_ms / 1_000)
        least.append((f"time with {delay_ms} ms an answer, of what the rate limit allows", wall, 1.15, 2))
    most = [
        ("CPU of the fastest Python, times the program's", fastest / own["cpu_s"], 2.5, 2),
        ("CPU of dlt, times the program's", full["dlt"]["cpu_s"] / own["cpu_s"], 40, 1),
    ]
    rows = [(what, value, f"at most {aim:,.{digits}f}", value <= aim, value / aim, digits) for what, value, aim, digits in least]
    rows += [(what, value, f"at least {aim:,.{digits}f}", value >= aim, aim / value, digits) for what, value, aim, digits in most]
    cells = [
        [what, f"{value:,.{digits}f}", aim, "reached" if is_reached else f"missed by {missed - 1:.0%}"] for what, value, aim, is_reached, missed, digits in rows
    ]
    return table([f"{calm['lines']:,} lines", "measured", "aim", ""], cells)


def by_size(companies):
    """By size: the company without delay, and those with."""
    sizes = {}
    for company in companies:
        sizes.setdefault(company["lines"], []).append(company)
    return {lines: (min(each, key=lambda one: one["delay_ms"]), [one for one in each if one["delay_ms"]]) for lines, each in sizes.items()}


def figures(companies, function):
    text = machine() + "\n"
    for lines, (calm, late) in by_size(companies).items():
        text += f"\n## {lines:,} lines, {calm['kept']:,} of them kept\n\n" + full_table(calm, late) + "\n" + again_table(calm, late)
        text += "\n" + queries_table(calm) if "queries" in calm else ""
    if function:
        text += ON_A_LAMBDA + function_tables(function)
    return text


INTRODUCTION = """# How the program compares

Written by `make bench`: in one run, the program and its peers refresh the same company of the simulator, one after the other, by the same rules,
with Xledger's limits. Each peer is code as somebody who knows the tool would write it (`bench/peers`), and makes the table `spend`, whose lines
and values must be the program's.

CPU time is that of all processes of a run, memory that of the largest one. {rounds} Requests and bytes are the simulator's.
The **floor** is what these answers and tables cost at the very least: inflating (ISA-L), finding the values of the JSON (simdjson), compressing the
tables' pages (zstd, level 1), by one thread.

The program does more than a peer: it judges each fetched line a second time, retries, caches what it fetched, makes all columns, the table
`supplier` and a page. No peer has an incremental refresh: ledger lines have no time by which to ask for changes.

"""


ON_A_LAMBDA = """
## On a Lambda

With the processor's share of each `MemorySize`, by a quota of the kernel; 300 ms an answer; the lake in a directory: S3 adds some seconds. In
brackets: more than 80 % of the memory. Prices of x86_64 in US East, without the free tier.

"""


def write(companies, function):
    kept = RESULTS.read_text("utf-8").partition(BY_HAND)[2] if RESULTS.exists() else "\n"
    sizes = by_size(companies)
    calm, late = sizes[max(sizes)]
    many = f"Figures of the program and of Python are medians of {calm['rounds']} runs, those of the others of one."
    rounds = many if calm["rounds"] > 1 else "Each figure is of one run."
    text = INTRODUCTION.format(rounds=rounds) + figures(companies, function)
    text += "\n## What is aimed at\n\n" + aims(calm, late) + "\n" + BY_HAND + kept
    RESULTS.write_text(text, "utf-8")
    CHART.write_text(chart(calm), "utf-8")
    print(f"written: {RESULTS.relative_to(HERE.parent)}, {CHART.relative_to(HERE.parent)}")


# ----------------------------------------------------------------------------------------------------------------- the chart

STYLE = """
  text { font: 13px system-ui, sans-serif; fill: #1f2328 }
  .head { font-weight: 600 }
  .faint { fill: #59636e }
  .own { fill: #1a7f64 }
  .peer { fill: #8c959f }
  @media (prefers-color-scheme: dark) {
    text { fill: #e6edf3 }
    .faint { fill: #9198a1 }
    .own { fill: #3fb68b }
    .peer { fill: #6e7681 }
  }
"""
LABEL, BAR, GAP, STEP, TOP = 224, 190, 130, 24, 56


def chart(calm):
    """CPU time and memory of each, as bars."""
    full = calm["full"]
    panels = [("CPU, s", {who: run["cpu_s"] for who, run in full.items()}, 1), ("memory, MiB", {who: run["peak_bytes"] / MIB for who, run in full.items()}, 0)]
    width, height = LABEL + len(panels) * (BAR + GAP), TOP + STEP * len(full) + 10
    title = f"A full refresh of {calm['lines']:,} ledger lines"
    parts = [f'<text x="0" y="16" class="head">{title}</text>']
    for number, who in enumerate(full):
        weight = ' class="head"' if who == PROGRAM else ""
        parts.append(f'<text x="{LABEL - 10}" y="{TOP + STEP * number + 13}" text-anchor="end"{weight}>{escape(who)}</text>')
    for place, (name, values, digits) in enumerate(panels):
        left, most = LABEL + place * (BAR + GAP), max(values.values())
        parts.append(f'<text x="{left}" y="{TOP - 14}" class="faint">{name}</text>')
        for number, (who, value) in enumerate(values.items()):
            top, long = TOP + STEP * number, max(2, value / most * BAR)
            ratio = "" if who == PROGRAM else f" · {value / values[PROGRAM]:.1f} ×"
            parts.append(f'<rect x="{left}" y="{top}" width="{long:.0f}" height="17" rx="2" class="{"own" if who == PROGRAM else "peer"}"/>')
            parts.append(f'<text x="{left + long + 6:.0f}" y="{top + 13}">{value:,.{digits}f}<tspan class="faint">{ratio}</tspan></text>')
    described = "; ".join(f"{who} {run['cpu_s']:.1f} s, {run['peak_bytes'] / MIB:.0f} MiB" for who, run in full.items())
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" width="{width}" height="{height}" role="img" aria-labelledby="t d">\n'
        f'<title id="t">{title}: CPU time and peak memory</title>\n<desc id="d">{escape(described)}</desc>\n<style>{STYLE}</style>\n' + "\n".join(parts) + "\n</svg>\n"
    )
