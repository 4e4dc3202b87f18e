"""The layout of the stored rows: a ledger of an earlier one is refused, as its rows were decided by other rules."""

from core.errors import LedgerOutdated

LAYOUT = 4
"""The version of the journal's rows, over which a batch's hash is computed."""


def check_layout(layout: int, place: str = "the database") -> None:
    """Check that a ledger has the layout that this version reads and writes, before anything of it is changed.

    Raises
    ------
    LedgerOutdated
        It has an earlier one; ``place`` is the folder or database that contains it.
    """
    if layout < LAYOUT:
        raise LedgerOutdated(
            f"{place} contains a ledger of layout {layout}, and this version reads layout {LAYOUT} alone: the earlier one was "
            "decided by other rules, so it is not brought over, and nothing of it is changed. Read it with the version that "
            "wrote it. To begin anew, name an empty folder or database: crescendo db create --name NAME --number NN "
            "--data FOLDER (or --database ADDRESS), then send the files of the year again"
        )
