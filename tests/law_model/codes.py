"""The codes of rules whose names the page of codes gives; a name that it lacks means that the rule is not built."""

INVOICE_TWICE = "INVOICE_ALREADY_REQUESTED"
LAPSED = "DEBT_LAPSED"
TITLE_TWO_COMMITMENT = "TITLE_TWO_COMMITMENT"
NATURE_NOT_LISTED = "SERVICE_REQUIRED"
RECEIVABLE_MISSING = "RECEIVABLE_MISSING"
