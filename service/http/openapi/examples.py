"""Example responses for the OpenAPI document: recorded from a running service, lists cut to their first entries."""

from collections.abc import Mapping
from importlib.resources import files
from typing import Any

import msgspec


def _read_examples(name: str) -> dict[str, Any]:
    content = files("service.http.openapi").joinpath(name).read_bytes()
    return msgspec.json.decode(content, type=dict[str, Any])


QUERY_EXAMPLES: Mapping[str, Any] = _read_examples("examples.json")
"""Queries by path: the address asked for (``asked``), the response (``answer``), and for reports the ``csv``."""

LIVE_EXAMPLES: Mapping[str, Any] = _read_examples("live_examples.json")
"""Responses of the live page's routes, by path."""


def find_example(path: str) -> Any:
    """Return the example response to GET of a path; None if there is none."""
    if path in LIVE_EXAMPLES:
        return LIVE_EXAMPLES[path]
    return QUERY_EXAMPLES[path]["answer"] if path in QUERY_EXAMPLES else None


FORM_EXAMPLE: Mapping[str, str] = {
    "reference": "EJ-2018-000017",
    "kind": "commitment",
    "exercise": "2018",
    "date": "2018-05-02",
    "fund_centre": "0177-D013-DD13",
    "functional_area": "0177-12",
    "commitment_item": "31",
    "amount": "1250.00",
}
FILE_EXAMPLES: Mapping[str, str] = {
    "text/csv": f"{','.join(FORM_EXAMPLE)}\n{','.join(FORM_EXAMPLE.values())}\n",
    "application/x-ndjson": f"{msgspec.json.encode(FORM_EXAMPLE).decode()}\n",
}
"""Example files in the formats that people can read, by media type."""

PAIN002_EXAMPLE = (
    '<Document xmlns="urn:iso:std:iso:20022:tech:xsd:pain.002.001.10"><CstmrPmtStsRpt>'
    "<GrpHdr><MsgId>CRSC-2-7</MsgId><CreDtTm>2018-12-14T16:02:11.094Z</CreDtTm></GrpHdr>"
    "<OrgnlGrpInfAndSts><OrgnlMsgId>LOT-12</OrgnlMsgId><OrgnlMsgNmId>crescendo.acts.1</OrgnlMsgNmId>"
    "<OrgnlNbOfTxs>2</OrgnlNbOfTxs><GrpSts>ACCP</GrpSts></OrgnlGrpInfAndSts></CstmrPmtStsRpt></Document>"
)
