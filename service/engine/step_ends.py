"""With what an execution of a step ends: it is proven if each of its acts was decided, and nothing blocks."""

from collections.abc import Sequence

from posting.store.step_executions import INTERRUPTED, PROVEN, REFUSED, StepEnd, StepFinding
from service.engine.processing_result import ProcessingResult
from service.engine.year_closing import StepResult
from service.results.receipts import Receipt

_FILE = "a file of the step"
_UNDECIDED = "acts that are not decided"
_LOST = (
    "submission {submission} is set aside: {reason}. Call the same command again: it presents its file again"
)
_CANCELLED = "submission {submission}, {file}, was cancelled: call the same command again, which computes its acts again"
_WAITING = (
    "submission {submission}, {file}: crescendo report submissions shows its state; once its lines are decided, call the "
    "same command again"
)


def list_undecided_acts(posted: ProcessingResult | None) -> list[StepFinding]:
    """List what of the acts of an execution nobody decided, which blocks the step; none where a signal stopped it."""
    if posted is None or posted.is_interrupted:
        return []
    lost = [
        StepFinding(_UNDECIDED, 1, 0, True, _LOST.format(submission=row.submission, reason=row.reason))
        for row in posted.lost
    ]
    return [*lost, *(_describe_receipt(row) for row in posted.receipts if _is_open(row))]


def _is_open(receipt: Receipt) -> bool:
    return bool(receipt.cancelled or receipt.suspended.lines or not receipt.done)


def _describe_receipt(receipt: Receipt) -> StepFinding:
    decided = (receipt.accepted, receipt.duplicate, receipt.refused)
    lines = receipt.lines - sum(totals.lines for totals in decided)
    cents = receipt.cents - sum(totals.cents for totals in decided)
    remedy = _CANCELLED if receipt.cancelled else _WAITING
    return StepFinding(
        *(_UNDECIDED, lines, cents, True), remedy.format(submission=receipt.submission, file=receipt.file)
    )


def build_end(result: StepResult) -> StepEnd:
    """Return with what an execution ends: it is proven if nothing of it blocks."""
    receipts = result.posted.receipts if result.posted else []
    findings = [*result.findings, *_list_files(receipts), *_list_obstacles(result)]
    is_blocked = any(finding.blocks for finding in findings)
    state = INTERRUPTED if result.is_interrupted else REFUSED if is_blocked else PROVEN
    counted = result.findings if not receipts else ()
    return StepEnd(
        state,
        sum(receipt.accepted.lines for receipt in receipts) or sum(row.lines for row in counted),
        sum(receipt.accepted.cents for receipt in receipts) or sum(row.cents for row in counted),
        findings,
        receipts[-1].submission if receipts else None,
        result.seal,
    )


def _list_files(receipts: Sequence[Receipt]) -> list[StepFinding]:
    """Name the files of an execution that has several, as its end states the last one alone."""
    if len(receipts) < 2:
        return []
    return [
        StepFinding(
            *(_FILE, row.accepted.lines, row.accepted.cents),
            detail=f"submission {row.submission}, {row.file}, SHA-256 {row.sha256}",
        )
        for row in receipts
    ]


def _list_obstacles(result: StepResult) -> list[StepFinding]:
    """List what keeps the acts of a step from being proven: obstacles, refusals, and why it does not begin."""
    blocked = result.sums.blocked if result.sums else []
    reasons = result.posted.reasons if result.posted else []
    waits = (
        [StepFinding("the step cannot begin", 0, blocks=True, detail=result.waits)] if result.waits else []
    )
    return [
        *waits,
        *(StepFinding(row.kind, row.lines, row.cents, True, row.obstacle) for row in blocked),
        *(StepFinding(str(reason.code), reason.lines, reason.cents, True) for reason in reasons),
    ]
