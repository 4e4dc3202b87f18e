"""Reference data that a test may change, and data of two years with different meanings of the same codes."""

import shutil
from pathlib import Path

from tests.file_strategies import REFERENCE, File


def copy_reference(folder: Path) -> Path:
    """Copy the small reference data, to be changed."""
    target = folder / "reference"
    shutil.copytree(REFERENCE, target)
    return target


def replace_text(reference: Path, file: str, old: str, new: str) -> None:
    """Replace ``old`` in a file, which must contain it, by ``new``."""
    path = reference / file
    text = path.read_text()
    assert old in text, f"{file} does not contain {old!r}"
    path.write_text(text.replace(old, new))


def remove_lines(reference: Path, file: str, start: str) -> None:
    """Remove the lines of a file that begin with ``start``."""
    path = reference / file
    lines = path.read_text().splitlines(keepends=True)
    remaining = [line for line in lines if not line.startswith(start)]
    assert len(remaining) < len(lines), f"no line of {file} begins with {start!r}"
    path.write_text("".join(remaining))


def copy_year(reference: Path, year: int = 2019, model: int = 2018) -> None:
    """Give ``year`` its own copies of the files of ``model``."""
    shutil.rmtree(reference / str(year))
    shutil.copytree(reference / str(model), reference / str(year))
    (reference / str(year) / "year.toml").write_text(f"year = {year}\n")


def build_two_years(folder: Path) -> Path:
    """Build 2018 and 2019 with their own files and different meanings of codes; 2019 is open all year.

    In 2019 programme 0217 has estimated credits and 0117 has not, operation 1 has another UO, item 31 posts to other
    accounts and item 63 is staff, one fund is of another family and one of another programme, two shared roles have
    other accounts, and of each kind a code is new, removed, or at another place in its file.
    """
    reference = copy_reference(folder)
    copy_year(reference)
    replace_text(reference, "calendar.toml", "[1, 2, 3]", "[1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12]")
    for file, old, new in _IN_2019:
        replace_text(reference, f"2019/{file}", old, new)
    return reference


_IN_2019 = (
    ("programmes.csv", 'durables",Transition écologique,0', 'durables",Transition écologique,1'),
    ("programmes.csv", "Économie et finances,1", "Comptes publics,0"),
    ("centres.csv", "OP-0217-000001,0217-SGAC-IMMO", "OP-0217-000001,0217-SGAC-ASPR"),
    ("centres.csv", "0177-D013-DR13,0177-D013,uo,Direction régionale\n", ""),
    ("centres.csv", "0217-SGAC,0217,bop", "0217-NEUF,0217,bop,Nouveau\n0217-SGAC,0217,bop"),
    ("centres.csv", "0217-SGAC-IMMO,0217-SGAC,uo,Immobilier", "0217-SGAC-IMMO,0217-SGAC,uo,Bâtiments"),
    ("items.csv", "63,Transferts aux collectivités territoriales,6,0,0", "63,Transferts,2,1,0"),
    ("items.csv", "T2,Titre 2", "32,Subventions,3,0,0\nT2,Titre 2"),
    ("funds.csv", "1-1-00733,contribution,0217", "1-1-00733,assigned_revenue,0217"),
    ("funds.csv", "2-1-00041,assigned_revenue,0217", "2-1-00041,contribution,0177"),
    ("areas.csv", "0217-07,", "0217-01,0217,Nouvelle\n0217-07,"),
    ("areas.csv", "0177-12-08,0177,Pensions de famille\n", ""),
    ("accounts.csv", "2318000000,", "6311000000,Nouveau,debit,Charges,chart\n2318000000,"),
    ("accounts.csv", "5126410000,", "5126420000,"),
    (
        "roles.csv",
        "31,6188000000,4081000000,4011100000,,606 607 611",
        "31,6113110000,4286100000,4211110000,,65 611",
    ),
    ("roles.csv", "6531230000,4081000000,4011100000,,", "6531230000,4081000000,4011100000,4211180000,"),
    ("roles.csv", "21,", "32,6311000000,4081000000,4011100000,,63,chart\n21,"),
    ("visas.csv", "Économie et finances,*,10000000", "Comptes publics,*,10000000"),
    ("treasury.csv", "transit,5126410000", "transit,5126420000"),
    ("treasury.csv", "other_creditor,4678840000", "other_creditor,4671210000"),
)


def shift_to_2019(rows: File) -> File:
    """Return the same acts, a year later."""
    return [
        {name: _shift_year(text) if name in _DATED_FIELDS else text for name, text in row.items()}
        for row in rows
    ]


_DATED_FIELDS = frozenset({"exercise", "date", "posting_date", "received", "due", "invoice_date"})


def _shift_year(text: str) -> str:
    return text.replace("2019", "2020").replace("2018", "2019")
