"""The expected figures of the page: ``/metrics`` before and after it was read, and SQL up to the last batch shown."""

import time
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

import asyncpg
import httpx
from prometheus_client.parser import text_string_to_metric_families

from core.catalog import CATALOG
from core.periods import YEAR_FIRST
from monitoring.spending_steps import sum_steps
from posting.book.registry import CENTRES_A_YEAR, SHEETS

Row = Mapping[str, Any]
_BATCH = "select first_entry + entries from batch where batch = $1"
_SENDERS = "select submission, sender, format from submission"
STATEMENTS: Mapping[str, str] = {
    "accepted": f"""
        select sender, format = 'form' as is_form, count(*) as lines, sum(amount)::bigint as cents
        from entry join ({_SENDERS}) s using (submission) where entry_id < ({_BATCH}) group by 1, 2""",
    "kinds": f"select kind, sum(amount)::bigint as cents from entry where entry_id < ({_BATCH}) group by 1",
    "duplicate": f"""
        select s.sender, s.format = 'form' as is_form, count(*) as lines, sum(e.amount)::bigint as cents
        from duplicate d join ({_SENDERS}) s using (submission) join entry e using (entry_id)
        where d.batch <= $1 group by 1, 2""",
    "refused": f"""
        select sender, format = 'form' as is_form, count(*) as lines, sum(amount)::bigint as cents
        from refusal join ({_SENDERS}) s using (submission) where batch <= $1 group by 1, 2""",
    "reasons": "select code, count(*) as lines from refusal where batch <= $1 group by 1",
    "batches": "select * from batch where batch <= $1 order by batch desc",
    "ended": f"""
        select sender, refused = 0 as is_whole, accepted + duplicate = 0 as is_none, count(*) as files
        from progress join ({_SENDERS}) s using (submission)
        where done and format <> 'form' and batch <= $1 group by 1, 2, 3""",
    "balances": f"""
        select code, b.* from (
            select distinct on (node) * from node_balance where batch <= $1 order by node, batch desc
        ) b join reference_text on kind = 1 and id = (node / {SHEETS}) % {CENTRES_A_YEAR} where length(code) = 4""",
}
_TICKETS = """
    select distinct on (submission) submission, format, file_name, sender, batch, done, accepted, refused
    from submission left join progress using (submission) order by submission, batch desc nulls last"""


class Metrics(NamedTuple):
    """All metrics at one moment, between two readings of the clock."""

    started_at: float
    ended_at: float
    samples: Mapping[tuple[str, frozenset[tuple[str, str]]], float]

    def iterate_values(self, name: str, **labels: str) -> Iterator[float]:
        """Return the values of a metric over all labels that are not given."""
        label_items = set(labels.items())
        return (
            value
            for (sample, sample_labels), value in self.samples.items()
            if sample == name and label_items <= sample_labels
        )

    def total(self, name: str, **labels: str) -> float:
        return sum(self.iterate_values(name, **labels))

    def count(self, name: str, **labels: str) -> int:
        return round(self.total(name, **labels))

    def buckets(self, name: str) -> dict[float, int]:
        counts = {
            float(dict(labels)["le"]): round(value)
            for (sample, labels), value in self.samples.items()
            if sample == f"{name}_bucket"
        }
        return dict(sorted(counts.items()))


async def read_metrics(client: httpx.AsyncClient) -> Metrics:
    started_at = time.time()
    families = text_string_to_metric_families((await client.get("/metrics")).text)
    samples = {
        (sample.name.removeprefix("crescendo_"), frozenset(sample.labels.items())): sample.value
        for family in families
        for sample in family.samples
    }
    return Metrics(started_at, time.time(), samples)


class DatabaseState(NamedTuple):
    """The rows of the database up to one batch, which later batches do not change."""

    tables: Mapping[str, list[Row]]

    def lines(self, outcome: str, sender: str | None = None, *, is_form: bool | None = None) -> int:
        return sum(int(row["lines"]) for row in self._rows(outcome, sender, is_form))

    def steps(self) -> dict[str, int]:
        """Add up the accepted cents by step of spending."""
        return sum_steps({CATALOG[row["kind"]].name: int(row["cents"]) for row in self.tables["kinds"]})

    def files(self, sender: str, *, is_whole: bool = False, is_none: bool = False) -> int:
        """Count the files of a sender that ended in this state: all lines accepted, or none."""
        rows = [row for row in self.tables["ended"] if row["sender"] == sender]
        return sum(
            int(row["files"]) for row in rows if (row["is_whole"], row["is_none"]) == (is_whole, is_none)
        )

    def programmes(self) -> dict[tuple[str, str, str], tuple[int, int]]:
        """Return the credits opened and available, by year, programme and measure."""
        credits_by_key: dict[tuple[str, str, str], tuple[int, int]] = {}
        for row in self.tables["balances"]:
            year = int(row["node"]) // SHEETS // CENTRES_A_YEAR + YEAR_FIRST
            for measure in ("ae", "cp"):
                key = str(year), str(row["code"]), measure
                opened_cents, reserved, consumed = (
                    int(row[f"{measure}_{name}"]) for name in ("opened", "reserved", "consumed")
                )
                before = credits_by_key.get(key, (0, 0))
                credits_by_key[key] = before[0] + opened_cents, before[1] + opened_cents - reserved - consumed
        return {
            key: cents
            for key, cents in credits_by_key.items()
            if any(credits_by_key[*key[:2], measure][0] for measure in ("ae", "cp"))
        }

    def _rows(self, outcome: str, sender: str | None, is_form: bool | None) -> list[Row]:
        return [
            row
            for row in self.tables[outcome]
            if sender in {None, row["sender"]} and is_form in {None, row["is_form"]}
        ]


async def read_database(dsn: str, batch: int) -> DatabaseState:
    connection = await asyncpg.connect(dsn)
    try:
        return DatabaseState(
            {name: await connection.fetch(statement, batch) for name, statement in STATEMENTS.items()}
        )
    finally:
        await connection.close()


async def read_tickets(dsn: str) -> dict[int, Row]:
    """Read the progress of each submission: files, and the forms of a sender together."""
    connection = await asyncpg.connect(dsn)
    try:
        return {row["submission"]: row for row in await connection.fetch(_TICKETS)}
    finally:
        await connection.close()
