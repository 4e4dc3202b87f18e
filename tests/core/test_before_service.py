"""What may be paid before service: the shipped lists, and the errors of a file."""

from pathlib import Path

import pytest

from core import before_service, nomenclature
from core.errors import ReferenceDataError
from core.reference.files import SAMPLE_FOLDER

HEAD = "category,code,label,source\n"


def test_the_sample_lists_the_natures_of_the_order_part_payments_and_grants() -> None:
    codes = nomenclature.load(SAMPLE_FOLDER / "2018")
    ordered = [code for code, nature in codes.natures.items() if "2018 unread" in nature.source]
    assert len(ordered) == 12
    assert codes.natures.keys() - ordered == {"acompte"}
    assert codes.unserved_items == {"32", "61", "62", "63", "64"}


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("nature,location,Location,order\nnature,location,Location,order", "location is listed twice"),
        ("nature,Location!,Location,order", "nature 'Location!' is unknown"),
        ("item,99,Autres,GBCP", "item '99' is unknown"),
        ("grant,63,Transferts,GBCP", "category 'grant' is unknown"),
        ("item,63,Transferts,", "63 has no source"),
    ],
)
def test_a_faulty_line_is_refused_by_place(line: str, message: str, tmp_path: Path) -> None:
    path = tmp_path / "before_service.csv"
    path.write_text(HEAD + line + "\n")
    with pytest.raises(ReferenceDataError, match=message) as refused:
        before_service.read(path, {"63"})
    assert "before_service.csv, line " in str(refused.value)
