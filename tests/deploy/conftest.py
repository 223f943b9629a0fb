"""What every test here starts from: the built function, Xledger, and the stack deployed into accounts that end with the tests.

Run with `pytest tests/deploy`, after `make rust-build` and `make tools`. The tests of a file build on each other: they tell
what a user does, in order.
"""

import os
import platform
import shutil

import pytest

import cloud
import stack as deployment
from xledger import Order, xledger as run_xledger

def pytest_collection_modifyitems(items):
    """The first deployment comes first; the other tests go on from its end."""
    items.sort(key=lambda item: item.path.name != "test_deployed.py")


@pytest.fixture(scope="session")
def company(tmp_path_factory):
    """A small company's Xledger."""
    with run_xledger(Order(3_000, 7), tmp_path_factory.mktemp("books")) as company:
        yield company


@pytest.fixture(scope="session")
def built(tmp_path_factory):
    """The function, built by SAM."""
    if platform.machine() != "x86_64":
        pytest.skip(f"the function is built for x86_64 and cannot run on {platform.machine()}")
    missing = [name for name in ("sam", "cargo-lambda", "aws") if not (cloud.TOOLS / name).is_file()]
    if missing:
        pytest.exit(f"{', '.join(missing)} not in {cloud.TOOLS}: run `make tools`", 2)
    if not os.environ.get("FUNCTION_IS_BUILT"):
        deployment.build(cloud.Shell(tmp_path_factory.mktemp("builder")))


@pytest.fixture(scope="session")
def account(tmp_path_factory):
    """An account."""
    with cloud.account(tmp_path_factory.mktemp("plain") / "account") as account:
        yield account


@pytest.fixture(scope="session")
def guarded_account(tmp_path_factory):
    """An account that checks signatures and rights."""
    with cloud.account(tmp_path_factory.mktemp("guarded") / "account", checks_rights=True) as account:
        yield account


@pytest.fixture(scope="session")
def stack(built, account, company):
    """The stack as it is after the first `sam deploy`, with a schedule that is off, and fires soon once it is on."""
    return deployment.deploy(
        account,
        XledgerEndpoint=company.endpoint,
        ScheduleExpression="rate(1 minute)",
        ScheduleState="DISABLED",
        AlarmEmail="purchasing@example.org",
        # Its account 5500 is one of wages by its flag, and is no pay.
        AccountsConfirmed=1,
        ReserveConcurrency="yes",
    )


@pytest.fixture(scope="session")
def running(stack, company):
    """The stack with its token, and without its schedule: runs are those that a test starts."""
    stack.stop_schedule()
    stack.put_token(company.token)
    stack.take_undelivered()
    return stack


@pytest.fixture
def workbench(tmp_path):
    """A directory with the sample events, in which commands leave their answers."""
    shutil.copytree(cloud.REPOSITORY / "events", tmp_path / "events")
    return tmp_path
