"""A company of 200,000 ledger lines, through the deployed function with the template's memory."""

from pathlib import Path

from alarms import metrics
from xledger import Order, bare_xledger

LINES = 200_000
LIMIT_MB = 512
LONGEST_S = 90


def test_200_000_lines_fit_the_memory(running, record_property):
    function = running.account.client("lambda").get_function_configuration(FunctionName=running.outputs["FunctionName"])
    assert function["MemorySize"] == LIMIT_MB, "the template's default"
    with bare_xledger(Order(LINES, 3)) as xledger, running.configured(XLEDGER_ENDPOINT=xledger.endpoint):
        answer = running.refresh()
        peak_mb = held_by_the_function(running.account.server_pid) / 1_024
    told = metrics(answer.records)
    record_property("duration_s", told["Duration"] / 1_000)
    record_property("peak_mb", peak_mb)
    print(f"200,000 lines: {told['Duration'] / 1_000:.1f} s, {peak_mb:.0f} MB of {LIMIT_MB} MB at most")
    assert answer.payload["lines"]["listed"] == LINES
    assert running.query("SELECT count(*) AS lines FROM spend") == [{"lines": str(answer.payload["lines"]["kept"])}]
    running.refresh(accept_shrink=True)
    # Lambda would have ended the run at the limit; here nobody does, so it is measured from outside and as the function reports it.
    assert peak_mb < 0.8 * LIMIT_MB
    assert abs(told["MemoryPeak"] - peak_mb) <= 2
    assert told["Duration"] < LONGEST_S * 1_000


def held_by_the_function(server_pid):
    """The most memory that the function's process held, in KiB: the child of the account's process that runs `bootstrap`."""
    peaks = []
    for status in Path("/proc").glob("[0-9]*/status"):
        try:
            fields = dict(line.split(":\t", 1) for line in status.read_text().splitlines() if ":\t" in line)
        except OSError:
            # It ended in the meantime.
            continue
        if fields.get("PPid", "").strip() == str(server_pid) and fields["Name"].strip() == "bootstrap":
            peaks.append(int(fields["VmHWM"].split()[0]))
    [peak] = peaks
    return peak
