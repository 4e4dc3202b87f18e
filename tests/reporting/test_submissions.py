"""The list of submissions: every one, and all lines by outcome."""

from reporting import submissions
from reporting.report_queries import Connection


async def test_every_submission_is_listed_with_its_lines(reader: Connection) -> None:
    report = await submissions.load_submissions(reader)
    rows = report.submissions
    assert [row.submission for row in rows] == list(range(1, len(rows) + 1))
    assert all(row.sender and row.file and row.state == "done" for row in rows)
    assert sum(row.accepted for row in rows) == await reader.fetchval("select count(*) from entry")
    assert sum(row.refused for row in rows) == await reader.fetchval("select sum(lines) from refusal")
    assert sum(row.duplicate for row in rows) == await reader.fetchval("select count(*) from duplicate")
    table = submissions.build_table(report)
    assert len(table.rows) == len(rows) > 0
    assert table.footer[3] == sum(row.accepted for row in rows)
