"""Reference files that did not change are read once, and what changes is read again."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from core import prescription
from core.errors import ReferenceDataError
from posting.book.registry import ReferenceData
from reporting import code_labels
from tests.reference_years import copy_reference, replace_text

LOADERS: list[Callable[[Path], Any]] = [ReferenceData.load, code_labels.load]
_CENTRES = ("2018/programmes.csv", "Cohésion des territoires", "Cohésion")


def test_files_that_did_not_change_are_read_once(tmp_path: Path) -> None:
    folder = copy_reference(tmp_path)
    first, labels = ReferenceData.load(folder), code_labels.load(folder)
    again = ReferenceData.load(folder)
    assert code_labels.load(folder) is labels
    assert again.charts is first.charts
    assert again.compared is not first.compared, "what is loaded is compared with a ledger anew"


def test_a_file_that_changed_is_read_again(tmp_path: Path) -> None:
    folder = copy_reference(tmp_path)
    before, labels = ReferenceData.load(folder), code_labels.load(folder)
    replace_text(folder, *_CENTRES)
    after = ReferenceData.load(folder)
    assert after.files["2018/programmes.csv"] != before.files["2018/programmes.csv"]
    assert after.nomenclatures[2018] is not before.nomenclatures[2018]
    assert code_labels.load(folder).programmes != labels.programmes


@pytest.mark.parametrize("load", LOADERS)
def test_files_that_change_while_they_are_read_are_refused_once(
    load: Callable[[Path], Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without that, the state of before would name what was read after the change."""
    folder, read = copy_reference(tmp_path), prescription.load

    def change_and_read(place: Path) -> Any:
        monkeypatch.setattr(prescription, "load", read)
        replace_text(folder, *_CENTRES)
        return read(place)

    monkeypatch.setattr(prescription, "load", change_and_read)
    with pytest.raises(ReferenceDataError, match="the files changed while they were read"):
        load(folder)
    load(folder)
