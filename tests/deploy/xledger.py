"""The simulator as Xledger, behind a wire on which a test can hold answers back or change them."""

import importlib.util
import sys
from contextlib import contextmanager
from pathlib import Path

READERS = Path(__file__).resolve().parents[1] / "readers"
sys.path.append(str(READERS))

import oracle  # noqa: E402
from wire import wire  # noqa: E402

# Its name is taken by the fixtures of this directory.
_specification = importlib.util.spec_from_file_location("readers", READERS / "conftest.py")
readers = importlib.util.module_from_spec(_specification)
sys.modules["readers"] = readers
_specification.loader.exec_module(readers)
Order = readers.Order


class Xledger:
    """A company's Xledger, with its books."""

    def __init__(self, server, books):
        self.token = server.token
        self.endpoint = ""
        self.delay_s = 0
        """By how much each answer is held back."""
        self.alter = None
        """What changes an answer's `data` in place, if anything does."""
        self._wire = None
        self._books = books
        self._screened = oracle.screen(books) if books else None

    @contextmanager
    def with_answers(self, alter=None, delay_s=0):
        """Changes or holds back answers for a while."""
        self.alter, self.delay_s = alter, delay_s
        self._before = len(self._wire.requests)
        try:
            yield
        finally:
            self.alter, self.delay_s = None, 0

    def is_asked(self):
        """Whether a question was answered since answers are changed or held back."""
        return len(self._wire.requests) > self._before

    @property
    def line_counts(self):
        return self._screened.line_counts

    def spend(self):
        """The rows that `spend` must have."""
        return oracle.spend(self._books, self._screened)

    def supplier(self):
        """The rows that `supplier` must have."""
        return oracle.supplier(self._books, self.spend())

    def payroll_line_ids(self):
        return self._books.payroll_line_ids()


@contextmanager
def xledger(order, directory):
    """Runs a company's Xledger and exports its books."""
    with readers.serve(order) as server:
        running = Xledger(server, readers.export_books(order, directory))

        def alter(data):
            if running.alter:
                running.alter(data)

        with wire(server, delay_s=lambda body: running.delay_s, alter=alter) as passing:
            running.endpoint, running._wire = passing.endpoint, passing
            yield running


@contextmanager
def bare_xledger(order):
    """The same without a wire and without books: as fast as it gets, for a large company."""
    with readers.serve(order) as server:
        running = Xledger(server, None)
        running.endpoint = server.endpoint
        yield running
