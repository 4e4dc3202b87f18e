"""Another message, invented: rows in rows in rows, texts after inner rows, children in any order."""

from random import Random

from core.tables.xml import XmlElement, XmlMessage

NAMESPACE = "urn:example:statement"
_E = XmlElement

MESSAGE = XmlMessage(
    NAMESPACE,
    _E(
        "Document",
        (
            _E(
                "Stmt",
                (
                    _E("Id", column="id", is_required=True),
                    _E(
                        "Ntry",
                        (
                            _E(
                                "Amt",
                                column="amount",
                                attribute=("Ccy", "currency"),
                                is_trimmed=True,
                                is_required=True,
                            ),
                            _E(
                                "NtryDtls",
                                (
                                    _E(
                                        "TxDtls",
                                        (
                                            _E(
                                                "Refs",
                                                (_E("EndToEndId", column="reference"),),
                                                is_lenient=True,
                                            ),
                                            _E("Prtry", (_E("Id", column="reference"),), is_alternative=True),
                                            _E("RltdPties", is_ignored=True),
                                            _E("Ustrd", column="words", joiner="|", is_repeatable=True),
                                        ),
                                        record="detail",
                                        is_repeatable=True,
                                    ),
                                ),
                                is_repeatable=True,
                            ),
                            _E("AddtlNtryInf", column="more"),
                            _E("AVeryLongNameOfThirtyTwoLetters_", column="long"),
                        ),
                        record="entry",
                        is_repeatable=True,
                        is_lenient=True,
                    ),
                ),
                record="statement",
                is_repeatable=True,
                is_lenient=True,
            ),
        ),
        is_lenient=True,
    ),
)
MESSAGES = {NAMESPACE: MESSAGE}


def build_document(random: Random) -> bytes:
    """Build a document of a few statements."""
    parts = [_build_statement(random, number) for number in range(random.choice((0, 1, 1, 2, 3)))]
    text = (
        f'<Document xmlns="{NAMESPACE}">\n'
        + "".join(parts)
        + random.choice(("", "<Extra>x</Extra>"))
        + "</Document>"
    )
    return text.encode()


def _build_statement(random: Random, number: int) -> str:
    parts = [f"<Id>S-{number}</Id>", *(_build_entry(random) for _ in range(random.randrange(4)))]
    parts += random.choice(([], ["<Bal><Amt Ccy='EUR'>1</Amt></Bal>"], ["<Unknown/>"]))
    random.shuffle(parts)
    return "<Stmt>\n " + "\n ".join(parts) + "\n</Stmt>\n"


def _build_entry(random: Random) -> str:
    details = "".join(_build_detail(random) for _ in range(random.randrange(3)))
    parts = [f"<Amt Ccy='EUR'> {random.randrange(1000)}.50\n</Amt>", f"<NtryDtls>{details}</NtryDtls>"]
    parts += random.choice(([], ["<AddtlNtryInf>é</AddtlNtryInf>"], ["<Foo><Bar>x</Bar></Foo>"]))
    parts += random.choice(([], ["<AVeryLongNameOfThirtyTwoLetters_>v</AVeryLongNameOfThirtyTwoLetters_>"]))
    random.shuffle(parts)
    return f"<Ntry>{''.join(parts)}</Ntry>"


def _build_detail(random: Random) -> str:
    reference = random.choice(
        (
            "",
            "<Refs><MsgId>m</MsgId><EndToEndId>E&amp;E</EndToEndId></Refs>",
            "<Prtry><Id>P</Id></Prtry>",
            "<Refs/>",
        )
    )
    parties = random.choice(("", "<RltdPties><Dbtr><Nm>X</Nm></Dbtr></RltdPties>"))
    words = "".join(
        f"<Ustrd>{word}</Ustrd>" for word in random.choices(("", "a", "b c", "&#233;"), k=random.randrange(4))
    )
    return f"<TxDtls>{reference}{parties}{words}</TxDtls>"
