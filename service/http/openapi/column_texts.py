"""What each column of the flat act format, and each header of a file, contains: the descriptions of the interface."""

from collections.abc import Mapping

from core.act_fields import Field
from service.http.upload_headers import ENVELOPE_HEADERS, FLAG_HEADERS, SENDER_HEADER

COLUMN_TEXTS: Mapping[Field, str] = {
    Field.REFERENCE: "The sender's name for the act, unique for the sender, the family of kinds and the exercise",
    Field.LINE: "1, 2, 3 ... within the act; empty for an act of one line",
    Field.KIND: "A kind of act, as docs/format.md lists them",
    Field.EXERCISE: "The year the act belongs to",
    Field.DATE: "The day of the act, as in 2018-12-31",
    Field.POSTING_DATE: "The day of posting, if it differs from `date`",
    Field.FUND_CENTRE: "PPPP-BBBB-UUUU: programme, BOP, UO; budget acts may name a higher level",
    Field.FUNCTIONAL_AREA: "The functional area, as in 0177-12",
    Field.COMMITMENT_ITEM: "The commitment item, as text: 31, or T2 or HT2 for acts on the budget",
    Field.FUND: "The fund; empty for ordinary credits",
    Field.OPERATION: "The investment operation",
    Field.BUDGET_YEAR: "The year of the credits, if it differs from the exercise",
    Field.ACCOUNT: "An account other than the usual one of the commitment item",
    Field.AMOUNT: "Euros, at most two decimals",
    Field.PREDECESSOR: "The act this line follows: REFERENCE, REFERENCE#2, @DOCUMENT-NUMBER or #2",
    Field.PAYEE: "The code of the payee",
    Field.PAYEE_NAME: "The name of the payee",
    Field.IBAN: "The IBAN of the payee, which must be the registered one",
    Field.BIC: "The BIC of the payee's bank",
    Field.COUNTERPART: "For a budget move: the place the credits come from",
    Field.METHOD: "`sepa` if only SEPA is acceptable",
    Field.RECEIVED: "Of a payment request: the day it was received; of an advance: the day from which its term runs",
    Field.DUE: "Of a payment request or a receivable: the day it is due",
    Field.PRIORITY: "Of a payment request: 0 (first) to 9",
    Field.INVOICE_NUMBER: "Of a payment request: the number of the invoice",
    Field.INVOICE_DATE: "Of a payment request: the date of the invoice",
    Field.INVOICE_PART: "Of a payment request for a part of an invoice: which part, 1 to 99",
    Field.RIGHT_YEAR: "Of a payment request: the year in which the right arose",
    Field.PRESCRIPTION_STOP: "Of a payment request: why the debt has not lapsed, such as `relief 2018-114`",
    Field.REMITTANCE: "Of a payment request: the text for the payee",
    Field.CONTRACT: "Of a payment request: works, works_balance, supplies, services, concession or none, if not its item's",
    Field.SUSPENSION_NOTIFIED: "Of a payment request: the day its term was suspended, before the order",
    Field.SUSPENSION_ENDED: "Of a payment request: the day what was missing arrived",
    Field.REASON: "Of a claim of late interest: why it is made; of a justification: why the amount stays on its account",
    Field.ACTIVITY: "The activity: kept with the file",
    Field.COST_CENTRE: "The cost centre: kept with the file",
    Field.ACCOUNTANT: "The accountant: kept with the file",
    Field.NATURE: "The nature of the expense: one that may be paid before service, on a request without service",
    Field.RANK: "The rank: kept with the file",
    Field.ENTERED_BY: "The code of the person who entered the act; with `validated_by`",
    Field.VALIDATED_BY: "The code of the person who validated the act: another one than in `entered_by`",
    Field.DELEGATION: "The number of the delegation by which the act was validated, if not by a role of the person's own",
    Field.DOCUMENT_HASH: "The hash of a supporting document: kept with the file",
    Field.ORIGIN: "Of an opening: what opened the credits, such as `finance_law` or `transfer`",
    Field.SERVICE_START: "Of a commitment on the next year's credits: the first day of the service",
    Field.EVIDENCE_HASH: "Of a change of bank details: the SHA-256 of the document of the payee, 64 hexadecimal digits",
    Field.RECYCLING_CASE: "Of a withdrawal of a commitment of an earlier year: the case in which its AE are available again",
    Field.CALL_BACK: "Of a change of bank details: how the payee was called back: who was reached, at which number, when",
    Field.REFERENCE_SENDER: "Of a carry into the next year: the sender whose reference it has; no other line states it",
    Field.PREDECESSOR_SENDER: "The sender of the act named in `predecessor` by reference, if it is another",
}
"""By column of a form; docs/format.md has the details."""

HEADER_TEXTS: Mapping[str, str] = {
    SENDER_HEADER: "The sender of the file: only that of the key is accepted",
    ENVELOPE_HEADERS["batch_id"]: "The sender's name for the file",
    ENVELOPE_HEADERS["version"]: "The version of the flat act format",
    ENVELOPE_HEADERS["count"]: "The number of lines that the file must have",
    ENVELOPE_HEADERS["control_sum"]: "The sum of the amounts that the file must have, in euros",
    ENVELOPE_HEADERS["sha256"]: "The SHA-256 of the file, in hexadecimal",
    ENVELOPE_HEADERS["charset"]: "The charset of a CSV file that is not in UTF-8",
    FLAG_HEADERS["sepa_only"]: "true: nothing of the file may be paid outside SEPA",
    FLAG_HEADERS[
        "extra_columns"
    ]: "true: the file may have columns that the format does not have; they are not read",
    "Content-Digest": "The SHA-256 of the file, as RFC 9530 writes it",
    "Content-Disposition": "The sender's name for the file: attachment; filename=\"...\", or filename*=UTF-8''... (RFC 6266)",
}
"""By header that describes a file."""
