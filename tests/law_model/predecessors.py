"""The act that a line follows (docs/format.md, "The predecessor"; docs/rules.md)."""

from tests.law_model.inventory import check_stage
from tests.law_model.kinds import (
    ASSET_CHANGES,
    CLEARINGS,
    IDENTIFICATIONS,
    INVENTORY_CHANGES,
    JUSTIFICATION,
    LEAVES_ON_SUSPENSE,
    OPENING_ITEMS,
    OPENING_REDUCTIONS,
    PREDECESSORS,
    RECEIPT_REVERSAL,
    REVERSALS,
)
from tests.law_model.state import Act, Document, State


def find_predecessor(act: Act, state: State, earlier: list[Document]) -> tuple[Document | None, list[str]]:
    """Return the document that a line follows, and the code that refuses the line if it follows none."""
    if act.kind not in PREDECESSORS:
        return None, []
    text = act.text("predecessor")
    if text.startswith("@"):
        return _find_entry(act, state, int(text[1:]))
    if text.startswith("#"):
        lines = [document for document in earlier if document.line == int(text[1:])]
        return (lines[0], []) if lines else (None, ["PREDECESSOR_MISSING"])
    return _find_reference(act, state, text)


def _find_entry(act: Act, state: State, number: int) -> tuple[Document | None, list[str]]:
    if number > len(state.documents):
        return None, ["PREDECESSOR_MISSING"]
    document = state.documents[number - 1]
    return document, check_kind(act, document)


def check_kind(act: Act, document: Document) -> list[str]:
    """Return the code that refuses to follow a document of this kind; nothing follows what was reversed (A05)."""
    if act.kind in REVERSALS:
        return [] if document.kind in PREDECESSORS[act.kind] else ["REVERSAL_FORBIDDEN"]
    if act.kind in CLEARINGS | OPENING_ITEMS | OPENING_REDUCTIONS | IDENTIFICATIONS | {JUSTIFICATION}:
        return [] if document.kind in LEAVES_ON_SUSPENSE else ["NOT_ON_SUSPENSE"]
    if act.kind in ASSET_CHANGES:
        return [] if document.kind == "asset_service" else ["PREDECESSOR_STAGE"]
    if act.kind in INVENTORY_CHANGES:
        return check_stage(act, document)
    is_followed = document.kind in PREDECESSORS[act.kind] and not document.is_reversed
    codes = [] if is_followed else ["PREDECESSOR_STAGE"]
    return (
        [*codes, "COMMITMENT_CARRIED"] if document.carried_to else codes
    )  # it goes on in the next year (A64)


def _hide(act: Act) -> frozenset[str]:
    """Return the kinds that no reference names for an act: a set-off is an act on a debt, and no receipt has its reference."""
    return frozenset({"set_off_receipt"}) if act.kind == RECEIPT_REVERSAL else frozenset()


def _find_reference(act: Act, state: State, text: str) -> tuple[Document | None, list[str]]:
    reference, _, line = text.partition("#")
    sender = act.text("predecessor_sender") or act.sender
    for document in state.acts.get((sender, act.exercise, reference), []):
        if document.line == int(line or 1) and document.kind in PREDECESSORS[act.kind] - _hide(act):
            return document, check_kind(act, document)
    return None, ["PREDECESSOR_MISSING"]
