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
    return Parameter("limit", "Maximum number of items per page", build_number_schema(1, limit_max))


WAIT = Parameter(
    "wait", "Maximum number of seconds to wait until the submission is decided", build_number_schema(0, 300)
)
ATOMIC = Parameter("atomic", "Accept all acts of the form or file, or none", {"type": "boolean"})
DRY_RUN = Parameter(
    "dry_run", "Show how the lines would be decided now, and store nothing", {"type": "boolean"}
)
AGAIN = Parameter("again", "Decide again a file that was decided before", {"type": "boolean"})
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
    "Only this sender's acts; only accountants and auditors may name another sender than their own",
    build_text_schema(SENDER_LENGTH_MAX),
)
EXERCISE = Parameter("exercise", "Only this exercise (accounting year)", build_number_schema(*YEAR_RANGE))
EXERCISE_OF_ACCEPTED = EXERCISE._replace(
    description="Only accepted lines of this exercise (accounting year); refused lines are stored without an exercise, and all"
    " are returned"
)
YEAR = Parameter("year", "Only this budget year", build_number_schema(*YEAR_RANGE))
BATCH = Parameter(
    "batch",
    "The figures just after this batch; by default, those after the last batch",
    build_number_schema(0, BATCH_NUMBER_MAX),
)
AFTER = Parameter(
    "after",
    "Where the page starts: the value that `next` of the previous page gives",
    build_number_schema(0, BATCH_NUMBER_MAX),
)

VISIBILITY = (
    "A key can read the acts of its sender; if the key is limited to programmes, only the acts in these programmes."
    " Auditors can read the acts of all senders. The response is the same for an act that does not exist and for an act"
    " that the caller may not see. Of an act of another sender before or behind an own one, a key that is not limited"
    " to programmes sees number and day alone."
)
REPORT_SCOPE = (
    "The report is of what the key can read: the acts of its sender and what follows them, such as their payments, within"
    " the programmes of the key. Auditors and operators get it for all senders. Credits belong to programmes and not to"
    " senders: the budget is of all programmes of the key."
)
IBAN_MASKING = "Accountants and auditors see whole IBANs, others only the first and last four characters."
