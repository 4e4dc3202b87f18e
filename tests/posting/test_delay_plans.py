"""The plan of the query of debits: the journal is read a fixed number of times, however many transfers were sent again."""

import json

from core.tables.delays import DebitedPayments
from posting.delays import delay_queries
from posting.delays.day_span import ALL_DAYS
from posting.store.migrate import migrate
from tests.databases import open_connection

_RECORD_PLANS = """
load 'auto_explain';
set auto_explain.log_min_duration = 0;
set auto_explain.log_format = json;
set client_min_messages = log;
"""


def ignore(_: DebitedPayments) -> None:
    """Ignore the rows."""


async def test_no_part_of_the_query_reads_the_journal_once_a_transfer(dsn: str) -> None:
    messages: list[str] = []
    async with open_connection(dsn) as connection:
        await migrate(connection)
        connection.add_log_listener(lambda _, message: messages.append(message.message))
        await connection.execute(_RECORD_PLANS)
        async with connection.transaction(isolation="repeatable_read", readonly=True):
            await delay_queries.read_debits(connection, ALL_DAYS, ignore)
    plans = [json.loads(message[message.index("{") :]) for message in messages if "Query Text" in message]
    (plan,) = (plan for plan in plans if "reissued" in plan["Query Text"])
    assert "Hash Join" in json.dumps(plan)
    assert "Nested Loop" not in json.dumps(plan)
