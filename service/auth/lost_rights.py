"""Rights that keys have lost with this version: the start of the service names these keys, until they are ended."""

from collections.abc import Callable

from service.auth import access_queries

_NAMES_MAX = 10


async def report_former_openers(pool: access_queries.Pool, report: Callable[[str], None]) -> None:
    """Report, in one line, the keys whose role opened credits before only the budget directorate could."""
    names = await access_queries.list_former_openers(pool)
    if not names:
        return
    more = f" and {len(names) - _NAMES_MAX:,} more" if len(names) > _NAMES_MAX else ""
    report(
        f"programme_manager no longer opens credits, and these had it before: {', '.join(names[:_NAMES_MAX])}{more}."
        " Whoever opens credits needs a key of its own: crescendo access create SENDER --role budget_directorate"
    )
