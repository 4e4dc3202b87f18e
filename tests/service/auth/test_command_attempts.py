"""Refused attempts of commands in the audit trail: a limited number of them in an hour."""

import pytest

from posting.store.migrate import migrate
from service.auth.access_queries import insert_command_attempt
from service.auth.person_credentials import ATTEMPTS_AN_HOUR
from tests.databases import open_connection

_BEYOND = 30


@pytest.mark.parametrize("others", [0, 2000])
async def test_an_hour_has_a_limited_number_of_attempts(dsn: str, others: int) -> None:
    """Attempts of other addresses in between do not count, and leave the limit in force."""
    row = (
        "",
        "",
        "command line",
        "prove a person",
        "person-not-proved",
        "user root names Bruno",
        ATTEMPTS_AN_HOUR,
    )
    async with open_connection(dsn) as connection:
        await migrate(connection)
        await connection.execute(
            "insert into audit (key, sender, address, action, code, detail, times)"
            " select '', '', '192.0.2.1', 'GET /v1/acts', 'key-unknown', '', 1 from generate_series(1, $1)",
            others,
        )
        for _ in range(ATTEMPTS_AN_HOUR + _BEYOND):
            await insert_command_attempt(connection, row)
        codes = [
            stored["code"]
            for stored in await connection.fetch(
                "select code from audit where address = 'command line' order by audit"
            )
        ]
        assert codes == ["person-not-proved"] * ATTEMPTS_AN_HOUR + ["attempts-beyond"]
        await connection.execute("set session_replication_role = replica")
        await connection.execute("update audit set at = at - interval '1 hour'")
        await insert_command_attempt(connection, row)
        last = await connection.fetchrow("select code, detail from audit order by audit desc limit 1")
        assert last
        assert tuple(last) == ("person-not-proved", "user root names Bruno")
