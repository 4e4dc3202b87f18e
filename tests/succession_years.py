"""Reference data of two years of which the second has other programmes, and the orders that give commitments to them."""

from pathlib import Path

from tests.reference_years import copy_reference, copy_year, replace_text

HEAD = "fund_centre,functional_area,sender,reference,new_fund_centre,new_functional_area,order,date\n"
SUPPRESSED, FOLLOWERS = "0177", ("0135", "0203")


def write_successions(reference: Path, *rows: str, year: int = 2019) -> None:
    """Write the orders into ``year``."""
    path = reference / str(year) / "successions.csv"
    path.write_text(HEAD + "".join(f"{row}\n" for row in rows), encoding="utf-8")


def cut_programme_anew(folder: Path, *, is_shared: bool = False) -> Path:
    """Return reference data whose 2019 has 0135 and 0203 in place of 0177, unless it is the same as 2018."""
    reference = copy_reference(folder)
    if not is_shared:
        suppress_programme(reference)
    return reference


def suppress_programme(reference: Path) -> None:
    """Give 2019 its own files, with 0135 and 0203 in place of 0177: each has its fund centres and areas, and its accountants.

    0203 has those of 0217 too, which goes on, with the accountants of 0177.
    """
    copy_year(reference)
    for name in ("programmes.csv", "centres.csv", "areas.csv", "assigned.csv", "invoice_services.csv"):
        path = reference / "2019" / name
        lines = path.read_text(encoding="utf-8").splitlines(keepends=True)
        of_programme = [line for line in lines if line.startswith(SUPPRESSED)]
        others = [line for line in lines if not line.startswith(SUPPRESSED)]
        added = [line.replace(SUPPRESSED, code) for code in FOLLOWERS for line in of_programme]
        added += [line.replace("0217", "0203") for line in lines if line.startswith(("0217-", "OP-0217"))]
        path.write_text("".join(others + added), encoding="utf-8")
    replace_text(
        reference, "2019/funds.csv", "2-1-00041,assigned_revenue,0217", "2-1-00041,assigned_revenue,0203"
    )
