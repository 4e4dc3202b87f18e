"""Refused lines whose predecessor is missing in their exercise, while an earlier one has it: it must not be sent again."""

from collections.abc import AsyncIterator, Mapping, Sequence

import msgspec

from core.catalog import CATALOG, KIND_NUMBERS, Family, list_kinds
from core.outcome_codes import Outcome
from reporting import refusals
from reporting.act_views import RefusedHistory
from reporting.code_names import CodeNames
from reporting.refusals import Language, RefusedLine
from reporting.report_queries import Connection, fetch

_LINES_MAX = 200
"""Refused lines of a page that are looked up: each needs a look-up of its own, and one tells what to do with the others."""
_STEPS: Mapping[Family, str] = {
    Family.COMMITMENT: "C06",
    Family.SERVICE: "C06",
    Family.PAYMENT_REQUEST: "C04",
}
"""The step of the closing that carries the acts of a family into the next exercise."""
_TEXTS: Mapping[Language, str] = {
    "en": "{exercise} has this reference (@{entry}), the exercise of this line does not: it is not carried yet, or nothing of"
    " it is open. Do not send that act again: have {step} executed, and look with explain.",
    "fr": "{exercise} a cette référence (@{entry}), l'exercice de cette ligne ne l'a pas : l'acte n'est pas encore basculé, ou"
    " rien n'en est ouvert. Ne pas le présenter de nouveau : faire exécuter {step}, puis consulter explain.",
}


async def stream_refused_lines(
    connection: Connection, names: CodeNames, submission: int, *, language: Language = "en"
) -> AsyncIterator[list[RefusedLine]]:
    """Yield all lines of a submission that are refused by now, a page at a time; see ``name_earlier_acts``."""
    async for lines in refusals.stream_refused_lines(connection, names, submission, language=language):
        yield await name_earlier_acts(connection, lines, language)


async def name_earlier_acts_in_histories(
    connection: Connection, histories: Sequence[RefusedHistory]
) -> list[RefusedHistory]:
    """Return the histories of refused lines; see ``name_earlier_acts``."""
    lines = await name_earlier_acts(connection, [history.refusal for history in histories])
    return [
        msgspec.structs.replace(history, refusal=line) for history, line in zip(histories, lines, strict=True)
    ]


async def name_earlier_acts(
    connection: Connection, lines: Sequence[RefusedLine], language: Language = "en"
) -> list[RefusedLine]:
    """Return ``lines``; what to do about a missing predecessor names the act that an earlier exercise has."""
    by_step = {step: [line for line in lines if _find_step(line) == step] for step in ("C06", "C04")}
    actions: dict[tuple[int, int], str] = {}
    for step, missing in by_step.items():
        actions |= await _find_actions(connection, missing[:_LINES_MAX], step, language=language)
    return [
        msgspec.structs.replace(line, action=actions.get((line.submission, line.line), line.action))
        for line in lines
    ]


def _find_step(line: RefusedLine) -> str:
    """Return the step that carries the predecessor that a line lacks; empty if it lacks none, or only a line of it."""
    if line.code != Outcome.PREDECESSOR_MISSING.name or line.found.startswith("@") or "#" in line.found:
        return ""
    return _STEPS.get(CATALOG[KIND_NUMBERS[line.kind]].follows, "")


async def _find_actions(
    connection: Connection, lines: Sequence[RefusedLine], step: str, *, language: Language
) -> dict[tuple[int, int], str]:
    """Return the action of each line whose sender has the missing reference already, by submission and line."""
    if not lines:
        return {}
    kinds = list_kinds(lambda kind: _STEPS.get(kind.family) == step)
    columns = [[getattr(line, name) for line in lines] for name in ("submission", "line", "batch", "found")]
    rows = await fetch(connection, "earlier_acts", *columns, list(kinds))
    return {(row["submission"], row["line"]): _TEXTS[language].format(**row, step=step) for row in rows}
