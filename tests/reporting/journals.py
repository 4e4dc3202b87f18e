"""Journals for reports and verification: one small enough to add up by hand, and the year of a small State."""

import json
from collections.abc import Sequence
from pathlib import Path

from bench.year.year_generator import Year, generate_year
from ingest.queue.file_feed import ProcessingRequest
from ingest.spool.spool import Spool
from posting.book.registry import ReferenceData
from posting.pipeline import Pipeline
from posting.store.journal_store import PostgresStore
from reporting import act_history, code_labels
from reporting.act_views import Explanation
from reporting.code_names import read_names
from tests.any_sender_feed import AnySenderFeed
from tests.databases import open_connection
from tests.file_strategies import REFERENCE

Row = dict[str, str]

ASPR = {"fund_centre": "0217-SGAC-ASPR", "functional_area": "0217-07", "commitment_item": "31"}
WORKS = {
    "fund_centre": "0217-SGAC-IMMO",
    "functional_area": "0217-07",
    "commitment_item": "51",
    "operation": "OP-0217-000001",
}
DEBT = {"fund_centre": "0117-CENT-C001", "functional_area": "0117-01", "commitment_item": "41"}
PAID = {"payee": "SUPPLIER"}
BILLED = {
    "received": "2018-03-01",
    "due": "2018-03-28",
    "method": "sepa",
    "invoice_number": "F-2018-7",
    "invoice_date": "2018-02-26",
}


def act(kind: str, reference: str, amount: str, *parts: Row, **fields: str) -> Row:
    """Build one line of the flat act format."""
    common = {"kind": kind, "reference": reference, "exercise": "2018", "date": "2018-03-15"}
    merged = {
        **common,
        **{name: text for fields_of_part in parts for name, text in fields_of_part.items()},
        **fields,
    }
    return {**merged, "amount": amount} if amount else merged


def grant(kind: str, reference: str, amount: str, centre: str, item: str = "HT2", **fields: str) -> Row:
    return act(kind, reference, amount, fund_centre=centre, commitment_item=item, **fields)


BUDGET = [
    grant("budget_opening_ae", "O1", "1000.00", "0217"),
    grant("budget_opening_cp", "O2", "800.00", "0217"),
    grant("budget_opening_ae", "O3", "500.00", "0217", "T2"),
    grant("budget_opening_cp", "O4", "500.00", "0217", "T2"),
    grant("budget_opening_ae", "O5", "10.00", "0117"),
    grant("budget_opening_cp", "O6", "10.00", "0117"),
    grant("allotment_ae", "A1", "900.00", "0217-SGAC"),
    grant("allotment_cp", "A2", "700.00", "0217-SGAC"),
    grant("allotment_ae", "A3", "300.00", "0217-SGAC-ASPR"),
    grant("allotment_cp", "A4", "300.00", "0217-SGAC-ASPR"),
    grant("allotment_ae", "A5", "500.00", "0217-SGAC-IMMO"),
    grant("allotment_cp", "A6", "400.00", "0217-SGAC-IMMO"),
    grant("budget_move_ae", "M1", "100.00", "0217", counterpart="0217/T2"),
    grant("budget_move_ae", "M2", "50.00", "0217-SGAC-IMMO", counterpart="0217-SGAC-ASPR"),
    grant("earmark", "E1", "200.00", "0217-SGAC-IMMO", operation="OP-0217-000001"),
]
SPENDING = [
    act(
        "third_party",
        "T1",
        "",
        PAID,
        payee_name="Fournisseur",
        iban="FR1420041010050500013M02606",
        bic="PSSTFRPP",
    ),
    act("payment_request", "D1", "40.00", PAID, BILLED, predecessor="C1"),  # before its commitment: held
    act("commitment", "C1", "100.00", ASPR),
    act("commitment_increase", "I1", "20.00", predecessor="C1"),
    act("commitment_decrease", "I2", "10.00", predecessor="C1"),
    act("service", "S1", "60.00", predecessor="C1"),
    act("service_cancellation", "S2", "10.00", predecessor="S1"),
    act("payment_request_without_service", "D2", "30.00", PAID, predecessor="C1", nature="location"),
    act("direct_payment_request", "D3", "25.00", ASPR, PAID, remittance="Remboursement n° 3", priority="0"),
    act(
        "direct_payment_request", "D3", "25.00", ASPR, PAID, remittance="Remboursement n° 3", priority="0"
    ),  # repeated
    act("direct_payment_request", "D3", "26.00", ASPR, PAID),  # same reference, other amount
    act("direct_payment_request", "D4", "1000.00", ASPR, PAID),  # no credit
    act("direct_payment_request", "D5", "1.00", ASPR, payee="STRANGER"),
    act("service", "S9", "1.00", predecessor="C9"),  # its commitment is never sent
    act("commitment", "C2", "150.00", WORKS),
    act("direct_payment_request", "D6", "10.00", WORKS, PAID),
    act("payment_request_without_service", "D7", "70.00", PAID, predecessor="C2", nature="logiciel"),
    act("payment_request_rejection", "R1", "4.00", predecessor="D6"),
    act("direct_payment_request", "D8", "25.00", DEBT, PAID),  # estimated credits have no ceiling
]
REJECTIONS = [act("payment_request_rejection", "R2", "15.00", predecessor="D1")]

SUBMISSIONS = (("TREASURY", BUDGET), ("MINISTRY", SPENDING), ("MINISTRY", REJECTIONS))
"""Files in order: the sender, and its rows."""


FILES_AT_ONCE = 6


async def process_files(dsn: str, folder: Path, paths: Sequence[Path], reference: ReferenceData) -> None:
    """Process files to the end, a few at a time, each time by an engine that loads its book anew."""
    for start in range(0, len(paths), FILES_AT_ONCE):
        async with PostgresStore(dsn).own_lease("test") as store:
            feed = AnySenderFeed(
                ProcessingRequest(paths[start : start + FILES_AT_ONCE]), Spool(folder / "spool"), store
            )
            await Pipeline(store, reference).run(feed)
            assert not feed.rejected, feed.rejected


async def process_senders(
    dsn: str,
    folder: Path,
    senders: Sequence[tuple[str, Sequence[Row]]],
    reference: ReferenceData | None = None,
) -> None:
    """Process the acts of each sender in a file of its own, one after the other."""
    for number, (sender, rows) in enumerate(senders):
        path = folder / f"{number}.jsonl"
        path.write_text(
            "".join(json.dumps(line) + "\n" for line in [{"envelope": {"sender": sender}}, *rows])
        )
        await process_files(dsn, folder, [path], reference or ReferenceData.load(REFERENCE))


def write_small_files(folder: Path) -> list[Path]:
    """Write the files of ``SUBMISSIONS``."""
    paths = []
    for number, (sender, rows) in enumerate(SUBMISSIONS, 1):
        path = folder / f"{number}-{sender.lower()}.jsonl"
        envelope = {"envelope": {"sender": sender, "batch_id": path.stem, "version": "1", "count": len(rows)}}
        path.write_text("".join(json.dumps(line) + "\n" for line in [envelope, *rows]))
        paths.append(path)
    return paths


def write_year_files(folder: Path) -> list[Path]:
    """Write the files of a State's year of about 1,700 lines."""
    generate_year(folder / "year", Year(seed=2, acts=1_000, senders=2))
    return sorted(folder.joinpath("year").glob("*.parquet"))


async def explain_acts(dsn: str, *references: str) -> dict[str, Explanation]:
    """Return the history of each reference."""
    async with open_connection(dsn) as connection:
        names = await read_names(connection, code_labels.load(REFERENCE))
        return {
            reference: await act_history.explain(connection, names, reference) for reference in references
        }
