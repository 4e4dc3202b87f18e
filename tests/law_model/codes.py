"""The codes of rules that the page of codes gained one by one; a code that it lacks means that the rule is not built."""

INVOICE_TWICE = "INVOICE_ALREADY_REQUESTED"
LAPSED = "PRESCRIBED"
TITLE_TWO_COMMITMENT = "TITLE_TWO_COMMITMENT"
NATURE_NOT_LISTED = "SERVICE_REQUIRED"
RECEIVABLE_MISSING = "RECEIVABLE_MISSING"
