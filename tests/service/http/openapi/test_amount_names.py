"""The names of amounts: every field in cents says so, and its old name is marked as deprecated."""

from collections.abc import Iterator
from typing import Any

from service.http.openapi.document import build_document
from service.http.routes import ROUTES

_COUNTS = frozenset(
    "accepted accounts acts after_batch age_days answered attempt batch batches blocked certified_in"
    " change commitment_year commitments days days_overdue days_waited decision document done duplicates"
    " entries entry executions exercise failed files first_entry follows forms found in_time in_treatment"
    " integrated invoice_part item items last_batch last_line last_lines left_out line lines month months"
    " movements not_justified number offset origin origin_year paid partly_integrated payments persons"
    " position priority proven received refusals refused registered_by right_year run seconds set_offs"
    " settlements size_bytes status submission submissions suspended suspended_days task title total"
    " under_way uploads within_bar year".split()
)
"""Whole numbers that are no amounts."""
_EITHER = frozenset({"stated", "counted"})
"""Of a proof: an amount or a count; an amount is repeated as ``..._cents``."""
SCHEMAS = build_document(ROUTES)["components"]["schemas"]


def _is_whole_number(schema: dict[str, Any]) -> bool:
    return any(part.get("type") == "integer" for part in (schema, *schema.get("anyOf", ())))


def _list_numbers() -> Iterator[tuple[str, str, dict[str, Any]]]:
    for type_name, schema in SCHEMAS.items():
        for name, field in schema.get("properties", {}).items():
            if _is_whole_number(field):
                yield type_name, name, field


def test_a_field_in_cents_is_named_so() -> None:
    unnamed = {
        (type_name, name)
        for type_name, name, field in _list_numbers()
        if not (name in _COUNTS | _EITHER or name == "cents" or name.endswith("_cents"))
        and not field.get("deprecated")
    }
    assert unnamed == set()


def test_an_old_name_is_deprecated_and_has_its_new_one_beside_it() -> None:
    old_names = {(type_name, name) for type_name, name, field in _list_numbers() if field.get("deprecated")}
    assert ("RefusedLine", "missing") in old_names
    for type_name, name in old_names:
        schema = SCHEMAS[type_name]
        assert f"{name}_cents" in schema["properties"], (type_name, name)
        is_always_there = name in schema.get("required", [])
        assert (f"{name}_cents" in schema.get("required", [])) == is_always_there, (type_name, name)
