"""The program takes what the template gives it: the function's variables, as the parameters make them, read by the program itself."""

import os
import re
import subprocess
from pathlib import Path

import pytest

from cloudformation import Stack, load

REPOSITORY = Path(__file__).resolve().parents[2]
PROGRAM = Path(os.environ.get("XLEDGER_BIN_DIR") or REPOSITORY / "target" / "debug") / "xledger-spend"

GIVEN = {
    "defaults": {},
    "everything": {
        "XledgerOwnerSet": "ALL",
        "HistoryFrom": "2023-01",
        "DocumentTypes": "AP,BA,X1",
        "ExcludedAccounts": "1900-3000,7770",
        "PayrollDocumentTypes": "PR,L\u00d8",
        "ExtraPayrollDocumentTypes": "VL,BON",
        "PayrollWords": "bonus,h\u00f8nnorar",
        "PayrollAccounts": "5000-5499,5900",
        "PayrollMatches": "off",
        "VatRates": "3=15,33=11.11",
        "Language": "no",
        "Texts": "drop",
        "ExpenseTexts": "keep",
        "Contacts": "keep",
        "PersonalNumbers": "keep",
        "ReportSuppliers": "codes",
        "LakePrefix": "finance/xledger-spend",
        "FullEvery": "1",
        "MaximumShrinkPercent": "0",
        "MaximumRefusedPercent": "100",
        "WarnDriftPercent": "0",
        "WarnMatchDropPercent": "100",
        "WarnInvoiceDays": "3650",
        "SnapshotsKept": "1000",
    },
    "lists of nothing, other names": {"NamePrefix": "spend-2-test", "ExcludedAccounts": "none", "PayrollAccounts": "none"},
}


def faults(given):
    """The settings that the program finds fault with. The address is wrong on purpose: so it ends there, and asks nobody anything."""
    assert PROGRAM.is_file(), f"{PROGRAM} is missing: run `make rust-build`"
    resources = Stack(load((REPOSITORY / "template.yaml").read_text("utf-8")), ExistingBucketName="a-bucket", **given).resources()
    variables = {name: str(value) for name, value in resources["RefreshFunction"]["Properties"]["Environment"]["Variables"].items()}
    # A reference to the database is its name.
    variables["GLUE_DATABASE"] = resources["GlueDatabase"]["Properties"]["DatabaseInput"]["Name"]
    environment = {"PATH": os.environ["PATH"], **variables, "XLEDGER_ENDPOINT": "nowhere"}
    done = subprocess.run([PROGRAM, "refresh"], env=environment, capture_output=True, encoding="utf-8", timeout=60)
    assert done.returncode == 2, done.stderr
    return set(re.findall(r"\b(?:XLEDGER|LAKE|SPEND|GLUE|REPORT)_[A-Z_]+(?=:)", done.stderr))


@pytest.mark.parametrize("given", GIVEN.values(), ids=GIVEN)
def test_the_program_takes_the_variables(given):
    assert faults(given) == {"XLEDGER_ENDPOINT"}


def test_a_variable_that_it_does_not_take_is_named():
    assert faults({"HistoryFrom": "2023-13", "PayrollAccounts": "all"}) == {"XLEDGER_ENDPOINT", "SPEND_HISTORY_FROM", "SPEND_PAYROLL_ACCOUNTS"}
