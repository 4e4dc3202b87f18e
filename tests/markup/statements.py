"""Another message, made up: rows in rows in rows, texts behind inner rows, children in any order."""

from random import Random

from core.tables.xml import Element, Message

NAMESPACE = "urn:example:statement"
_E = Element

MESSAGE = Message(
    NAMESPACE,
    _E(
        "Document",
        (
            _E(
                "Stmt",
                (
                    _E("Id", column="id", needed=True),
                    _E(
                        "Ntry",
                        (
                            _E(
                                "Amt", column="amount", attribute=("Ccy", "currency"), trims=True, needed=True
                            ),
                            _E(
                                "NtryDtls",
                                (
                                    _E(
                                        "TxDtls",
                                        (
                                            _E("Refs", (_E("EndToEndId", column="reference"),), lenient=True),
                                            _E("Prtry", (_E("Id", column="reference"),), either=True),
                                            _E("RltdPties", ignored=True),
                                            _E("Ustrd", column="words", joiner="|", many=True),
                                        ),
                                        record="detail",
                                        many=True,
                                    ),
                                ),
                                many=True,
                            ),
                            _E("AddtlNtryInf", column="more"),
                            _E("AVeryLongNameOfThirtyTwoLetters_", column="long"),
                        ),
                        record="entry",
                        many=True,
                        lenient=True,
                    ),
                ),
                record="statement",
                many=True,
                lenient=True,
            ),
        ),
        lenient=True,
    ),
)
MESSAGES = {NAMESPACE: MESSAGE}


def statement(random: Random) -> bytes:
    """A document of a few statements."""
    parts = [_statement(random, number) for number in range(random.choice((0, 1, 1, 2, 3)))]
    text = (
        f'<Document xmlns="{NAMESPACE}">\n'
        + "".join(parts)
        + random.choice(("", "<Extra>x</Extra>"))
        + "</Document>"
    )
    return text.encode()


def _statement(random: Random, number: int) -> str:
    parts = [f"<Id>S-{number}</Id>", *(_entry(random) for _ in range(random.randrange(4)))]
    parts += random.choice(([], ["<Bal><Amt Ccy='EUR'>1</Amt></Bal>"], ["<Unknown/>"]))
    random.shuffle(parts)
    return "<Stmt>\n " + "\n ".join(parts) + "\n</Stmt>\n"


def _entry(random: Random) -> str:
    details = "".join(_detail(random) for _ in range(random.randrange(3)))
    parts = [f"<Amt Ccy='EUR'> {random.randrange(1000)}.50\n</Amt>", f"<NtryDtls>{details}</NtryDtls>"]
    parts += random.choice(([], ["<AddtlNtryInf>é</AddtlNtryInf>"], ["<Foo><Bar>x</Bar></Foo>"]))
    parts += random.choice(([], ["<AVeryLongNameOfThirtyTwoLetters_>v</AVeryLongNameOfThirtyTwoLetters_>"]))
    random.shuffle(parts)
    return f"<Ntry>{''.join(parts)}</Ntry>"


def _detail(random: Random) -> str:
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
