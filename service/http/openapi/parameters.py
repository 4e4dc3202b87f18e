"""Query parameters that several routes share, and builders for their schemas."""

from collections.abc import Mapping
from typing import Any

from service.http.openapi.operation import Parameter
from service.http.query_scope import BATCH_NUMBER_MAX, REFERENCE_LENGTH_MAX, SENDER_LENGTH_MAX, YEAR_RANGE

NUMBER_MAX = 2**31 - 1


def build_text_schema(length_max: int, length_min: int = 1) -> Mapping[str, Any]:
    """Return the schema of a text without NUL."""
    return {"type": "string", "minLength": length_min, "maxLength": length_max, "pattern": "^[^\\u0000]*$"}


def build_number_schema(minimum: int, maximum: int) -> Mapping[str, Any]:
    """Return the schema of a whole number."""
    return {"type": "integer", "minimum": minimum, "maximum": maximum}


def build_limit(limit_max: int) -> Parameter:
    """Return the parameter that sets the length of a page."""
    return Parameter("limit", "Items per page, at most", build_number_schema(1, limit_max))


WAIT = Parameter("wait", "How many seconds to wait for the end, at most", build_number_schema(0, 300))
ATOMIC = Parameter("atomic", "Accept all acts of the form or file, or none", {"type": "boolean"})
DRY_RUN = Parameter("dry_run", "Decide against the current state and store nothing", {"type": "boolean"})
AGAIN = Parameter("again", "Decide a file again that has been decided before", {"type": "boolean"})
PAIN002_VERSION = Parameter(
    "version", "Version of pain.002.001", {"type": "string", "enum": ["03", "10", "12"]}
)

REFERENCE = Parameter(
    "reference",
    "The sender's reference of the act",
    build_text_schema(REFERENCE_LENGTH_MAX),
    is_required=True,
)
SENDER = Parameter(
    "sender",
    "Only this sender's acts; only auditors may name another sender than their own",
    build_text_schema(SENDER_LENGTH_MAX),
)
EXERCISE = Parameter(
    "exercise", "Only this exercise (budget year of the act)", build_number_schema(*YEAR_RANGE)
)
EXERCISE_OF_ACCEPTED = EXERCISE._replace(
    description="Only this exercise; applies to accepted lines, as refused lines are stored without one"
)
YEAR = Parameter("year", "Only this budget year", build_number_schema(*YEAR_RANGE))
BATCH = Parameter(
    "batch",
    "State just after this batch; after the last one if left out",
    build_number_schema(0, BATCH_NUMBER_MAX),
)
AFTER = Parameter(
    "after",
    "Start of the page, as `next` of the page before gives it",
    build_number_schema(0, BATCH_NUMBER_MAX),
)

VISIBILITY = (
    "A key reads the acts of its sender, and only those in its programmes if it is limited to some; auditors read all"
    " senders. The response does not tell an act that does not exist from one that the caller may not see."
)
IBAN_MASKING = "Accountants and auditors see whole IBANs, others only the first and last four characters."
