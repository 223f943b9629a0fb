"""What the peers share: the questions, the token, Xledger's limits and paging. How answers are sent for, decoded, judged and joined is each peer's own.

No peer retries but after a refusal by these limits, judges fetched lines a second time, or keeps what it fetched: the program does.
"""

import os
import re
import sys
import threading
import time
from pathlib import Path
from queue import Empty, Queue, SimpleQueue

# Xledger takes 20 requests in 5 s, and five at once.
REQUESTS, SECONDS, AT_ONCE = 19, 5.05, 5
LIST_ROWS, FETCH_ROWS = 10_000, 5_000

OBJECTS = [f"glObject{slot}" for slot in range(1, 6)]
# By name: the root, and the fields of a row. Of a line that is not admitted yet, these lists ask for index fields alone. The id comes last, for
# the next page begins above the last one.
QUESTIONS = {
    "accounts": (
        "accounts",
        "code description asset liabilities equity revenue cost costWagesSalaries costOfGoodsSold costOtherOperating finance "
        "accountGroup { description } chartOfAccount { dbId }",
    ),
    "suppliers": ("suppliers", "ownerDbId companyDbId code description address { country { code } }"),
    "ledger": (
        "transactions",
        "ownerDbId accountDbId matchId period { year monthNumber fiscalYear fiscalPeriod } "
        "header { dbId modifiedAt transactionSource { dbId code description } }",
    ),
    "payables": ("apTransactions", "ownerDbId matchId headerTransactionSourceDbId transactionHeader { dbId }"),
    "lines": (
        "transactions",
        "text amount invoiceAmount taxAmount companyDbId " + " ".join(f"{each}DbId" for each in OBJECTS) + " currency { code } "
        "taxRule { code } header { transactionNumber postedDate createdAt }",
    ),
    "payable_lines": ("apTransactions", "subledgerDbId invoiceNumber invoiceDate dueDate company { dbId }"),
    # Owners and dimension values, read off one line for each.
    "names": (
        "transactions",
        "owner { dbId code description } glDimension { "
        + " ".join(f"{each} {{ dbId code description objectKind {{ name }} }}" for each in OBJECTS) + " }",
    ),
    # As the program asks: lists of ids alone, and one line for each id of a period or a document type, which says what it means.
    "ledger_ids": ("transactions", "ownerDbId accountDbId matchId periodId header { dbId modifiedAt transactionSource { dbId } }"),
    "references": (
        "transactions",
        "periodId period { year monthNumber fiscalYear fiscalPeriod } header { transactionSource { dbId code description } }",
    ),
}
# What a person's expense report says of trips is nobody's business.
QUESTIONS["expense_lines"] = ("transactions", QUESTIONS["lines"][1].removeprefix("text "))
FILTERS = {"accounts": "Account", "suppliers": "Supplier", "transactions": "Transaction", "apTransactions": "APTransaction"}

LAST_ID = re.compile(rb'"dbId":"?(\d+)')


def document(name):
    root, fields = QUESTIONS[name]
    closed_too = ", objectStatus: ALL" if root in ("accounts", "suppliers") else ""
    return (
        f"query {name}($first: Int, $last: Int, $filter: {FILTERS[root]}_Filter, $ownerSet: OwnerSet) "
        f"{{ {root}(first: $first, last: $last, filter: $filter, ownerSet: $ownerSet{closed_too}) "
        f"{{ edges {{ node {{ {fields} dbId }} }} pageInfo {{ hasNextPage }} }} }}"
    )


class Refused(Exception):
    """An answer with errors."""


class Xledger:
    """`post` sends a question, given as what JSON is made of, with headers to an address, and gives the answer's body, inflated."""

    def __init__(self, post):
        self.endpoint, self.post = sys.argv[1], post
        self.headers = {"Authorization": f"token {os.environ['XLEDGER_TOKEN']}", "Accept-Encoding": "gzip"}
        self.at_once, self.lock, self.sent = threading.Semaphore(AT_ONCE), threading.Lock(), []

    def pace(self):
        with self.lock:
            if len(self.sent) >= REQUESTS:
                time.sleep(max(0.0, self.sent[-REQUESTS] + SECONDS - time.monotonic()))
            self.sent.append(time.monotonic())

    def ask(self, name, owner_set="MINE", **variables):
        question = {"query": document(name), "operationName": name, "variables": {"ownerSet": owner_set, **variables}}
        with self.at_once:
            self.pace()
            body = self.post(self.endpoint, question, self.headers)
        if b"_LIMIT_REACHED" in body[:500]:
            time.sleep(SECONDS)
            return self.ask(name, owner_set, **variables)
        if b'"errors"' in body[:200] or b'"errors"' in body[-2_000:]:
            raise Refused(body[:500])
        return body

    def list(self, name, take):
        """What `take` makes of each page of a list, as they come. Long lists are walked in five ranges of ids at once."""
        root, _ = QUESTIONS[name]
        bounds = [(0, None)]
        if root in ("transactions", "apTransactions"):
            last = last_id(self.ask(name, last=1))
            step = last // AT_ONCE + 1
            bounds = [(low, low + step) for low in range(0, last + 1, step)]

        def walk(low, high):
            more = True
            while more:
                within = {"dbId_gt": low} | ({"dbId_lte": high} if high else {})
                within = {key: str(id) for key, id in within.items()} if root == "transactions" else within
                body = self.ask(name, first=LIST_ROWS, filter=within)
                low, more = last_id(body), b'"hasNextPage":true' in body[-100:]
                yield take(body)

        return self.several(walk(*each) for each in bounds)

    def fetch(self, name, ids, take, owner_set="MINE"):
        """What `take` makes of each answer to a question for these ids, as they come."""
        if QUESTIONS[name][0] == "transactions":
            ids = [str(id) for id in ids]

        def answer(batch):
            yield take(self.ask(name, owner_set, first=len(batch), filter={"dbId_in": batch}))

        return self.several(answer(ids[at : at + FETCH_ROWS]) for at in range(0, len(ids), FETCH_ROWS))

    def several(self, walks):
        """What several walks yield, five of them at once. None holds up those of another list whose pages nobody takes yet."""
        pages, left = Queue(AT_ONCE), SimpleQueue()
        for walk in walks:
            left.put(walk)
        under_way = left.qsize()

        def work():
            while not left.empty():
                try:
                    for page in left.get_nowait():
                        pages.put((page, None))
                    pages.put((None, None))
                except Empty:
                    return
                except Exception as failure:
                    pages.put((None, failure))

        for _ in range(min(AT_ONCE, under_way)):
            threading.Thread(target=work, daemon=True).start()
        while under_way:
            page, failure = pages.get()
            if failure:
                raise failure
            if page is None:
                under_way -= 1
            else:
                yield page


def last_id(body):
    """The id of the last row of a page; 0 if it has none."""
    ids = LAST_ID.findall(body[-200:])
    return int(ids[-1]) if ids else 0


def table():
    """Where the table is to be written."""
    return Path(sys.argv[2])
