"""Problems: their texts for people, in English and French."""

import pytest

from core.errors import FormatUnknown
from ingest.formats.flat_schema import check_columns
from service.client.http_service import Refused
from service.http.problems import from_input_error


@pytest.mark.parametrize(
    ("column", "remedy"),
    [
        ("amout", "Did you mean amount"),
        ("Reference", "Did you mean reference"),
        ("functional_aera", "Did you mean functional_area"),
        ("zzz", "The columns are reference, "),
    ],
)
def test_an_unknown_column_gets_the_nearest_one_or_all_of_them_once(column: str, remedy: str) -> None:
    with pytest.raises(FormatUnknown) as refusal:
        check_columns([column], "acts.jsonl")
    assert refusal.value.remedy.startswith(remedy)
    problem = from_input_error(refusal.value)
    assert problem.encode().decode().count("payee_name") == (column == "zzz")
    document = {"detail": problem.detail, **problem.extensions}
    assert str(Refused("acts.jsonl", document)).count(refusal.value.remedy) == 1
