"""Mutations of messages that know their structure, so that most of them reach deep into a reader."""

import re
from collections.abc import Callable, Sequence
from random import Random

from tests.markup.documents import NAMESPACE

_TOKENS = re.compile(rb"<[^>]*>|[^<]+")
_NAMES = (
    b"Document GrpHdr MsgId NbOfTxs PmtInf PmtInfId CdtTrfTxInf PmtId EndToEndId InstdAmt Cdtr Nm CdtrAcct Id IBAN Othr "
    b"RmtInf Ustrd Strd AddtlRmtInf PstlAdr AdrLine Ctry SplmtryData Foo x a:Nm Nm.x Nm- _ 1 \xc3\xa9l"
).split()
_SNIPPETS = (
    b"<!-- c -->", b"<!---->", b"<!-- a--b -->", b"<!--->", b"<!-- \xc3\xa9 -->", b"<?pi x?>", b"<?xml version='1.0'?>",
    b"<![CDATA[x]]>", b"<![CDATA[<a>]]>", b"&amp;", b"&lt;", b"&#65;", b"&#x41;", b"&#xE9;", b"&#0;", b"&#13;", b"&#32;",
    b"&#x110000;", b"&#xD800;", b"&#xFFFF;", b"&#000000000065;", b"&foo;", b"&amp", b"&", b"&#;", b"&#x;", b"]]>", b"]]",
    b"]", b"<", b">", b"/", b"\0", b"\x01", b"\x0b", b"\x1f", b"\x7f", b"\xc2\x80", b"\x80", b"\xc3", b"\xc0\x80",
    b"\xed\xa0\x80", b"\xef\xbf\xbe", b"\xef\xbf\xbf", b"\xf4\x90\x80\x80", b"\xf0\x9f\x98\x80", b"\xe2\x82\xac",
    b"\xef\xbb\xbf", b"\xf8\x88\x80\x80\x80", b"\r\n", b"\r", b"\t", b" ", b"\n\n", b"<Foo/>", b"<Foo></Foo>",
    b"<a:b xmlns:a='u'/>", b"<Nm/>", b"<Nm>X</Nm>", b"<Ustrd/>", b"</Nm>", b"</>", b"< Nm>", b"<Nm", b"<!DOCTYPE x>",
    b"<!DOCTYPE x [<!ENTITY e 'y'>]>", b"<!ENTITY e 'y'>", b"<Foo a='1' b='2'/>", b"<Foo a='1' a='2'/>", b"<Foo 1='a'/>",
    b"<Foo><Bar>t<!-- c --></Bar></Foo>", b"<Foo>\xc3\xa9&#233;</Foo>", b"<Foo xmlns='other'><Nm/></Foo>", b"junk",
)  # fmt: skip
_DOCTYPES = (b"<!DOCTYPE x>", b"<!DOCTYPE x [<!ENTITY e 'y'>]>", b"<!DOCTYPE x SYSTEM 'y'>") * 8
_ATTRIBUTES = (
    b" Ccy='EUR'", b' Ccy="USD"', b" a='1'", b" a = '1'", b' xmlns="x"', b" xmlns=''", b" xmlns:a='u'", b" a:b='1'",
    b" xml:lang='fr'", b" xsi:type='x'", b" Ccy=EUR", b" Ccy", b" a='<'", b" a='&amp;'", b" a='&foo;'", b" a='\xc3\xa9'",
    b" a='\x01'", b" a='x\ny'", b" a=''", b"\n", b"  ", b" a='1'b='2'", b" Ccy='EUR' Ccy='EUR'", b" 1a='x'",
    b" xmlns:xsi='http://www.w3.org/2001/XMLSchema-instance' xsi:schemaLocation='u v'", b" xmlns:xml='x'", b" xmlns:a=''",
)  # fmt: skip

Tokens = list[bytes]
Mutation = Callable[[Random, Tokens], None]


def mutate(random: Random, document: bytes) -> bytes:
    """Apply one to three mutations to a message."""
    tokens = _TOKENS.findall(document)
    for _ in range(random.choice((1, 1, 1, 2, 3))):
        random.choice(_TOKEN_MUTATIONS)(random, tokens)
        if not tokens:
            tokens.append(b"")
    text = b"".join(tokens)
    return random.choice(_BYTE_MUTATIONS)(random, text) if random.random() < 0.3 else text


def _list_tags(tokens: Tokens) -> list[int]:
    return [at for at, token in enumerate(tokens) if token.startswith(b"<") and token[1:2].isalpha()] or [0]


def _pick_element(random: Random, tokens: Tokens) -> tuple[int, int]:
    """Return the span of some element."""
    start = random.choice(_list_tags(tokens))
    depth = 0
    for at in range(start, len(tokens)):
        token = tokens[at]
        if token.startswith(b"</"):
            depth -= 1
        elif token.startswith(b"<") and token[1:2] not in (b"?", b"!") and not token.endswith(b"/>"):
            depth += 1
        if depth <= 0:
            return start, at + 1
    return start, len(tokens)


def _drop_token(random: Random, tokens: Tokens) -> None:
    del tokens[random.randrange(len(tokens))]


def _repeat_token(random: Random, tokens: Tokens) -> None:
    at = random.randrange(len(tokens))
    tokens.insert(random.choice((at, random.randrange(len(tokens)))), tokens[at])


def _swap_tokens(random: Random, tokens: Tokens) -> None:
    first, second = random.randrange(len(tokens)), random.randrange(len(tokens))
    tokens[first], tokens[second] = tokens[second], tokens[first]


def _drop_element(random: Random, tokens: Tokens) -> None:
    start, end = _pick_element(random, tokens)
    del tokens[start:end]


def _repeat_element(random: Random, tokens: Tokens) -> None:
    start, end = _pick_element(random, tokens)
    tokens[end:end] = tokens[start:end]


def _move_element(random: Random, tokens: Tokens) -> None:
    start, end = _pick_element(random, tokens)
    moved = tokens[start:end]
    del tokens[start:end]
    at = random.randrange(len(tokens) + 1)
    tokens[at:at] = moved


def _rename(random: Random, tokens: Tokens) -> None:
    """Rename a tag, or both tags of an element."""
    start, end = _pick_element(random, tokens)
    name = random.choice(_NAMES)
    tokens[start] = re.sub(rb"^<[^\s/>]+", b"<" + name, tokens[start])
    if random.random() < 0.7 and tokens[end - 1].startswith(b"</"):
        tokens[end - 1] = b"</" + name + b">"


def _add_prefix(random: Random, tokens: Tokens) -> None:
    """Write all names with a prefix that the root declares for the namespace."""
    declared = random.choice((b"xmlns:p=", b"xmlns:q="))
    for at, token in enumerate(tokens):
        if token.startswith(b"<") and token[1:2] not in (b"?", b"!"):
            named = re.sub(rb"^<(/?)", rb"<\1p:", token)
            tokens[at] = named.replace(b"xmlns=", declared) if b"Document" in token else named


def _insert(random: Random, tokens: Tokens) -> None:
    at = random.randrange(len(tokens))
    snippet, token = random.choice(_SNIPPETS), tokens[at]
    cut = random.choice((0, len(token), random.randrange(len(token) + 1)))
    tokens[at] = token[:cut] + snippet + token[cut:]


def _insert_in_text(random: Random, tokens: Tokens) -> None:
    """Insert into a text that is not white space."""
    texts = [at for at, token in enumerate(tokens) if not token.startswith(b"<") and token.strip()] or [0]
    at = random.choice(texts)
    cut = random.randrange(len(tokens[at]) + 1)
    tokens[at] = tokens[at][:cut] + random.choice(_SNIPPETS) + tokens[at][cut:]


def _add_attribute(random: Random, tokens: Tokens) -> None:
    at = random.choice(_list_tags(tokens))
    token = tokens[at]
    cut = len(token) - (2 if token.endswith(b"/>") else 1)
    tokens[at] = token[:cut] + random.choice(_ATTRIBUTES) + token[cut:]


def _spell_tag(random: Random, tokens: Tokens) -> None:
    """White space where tags allow it, and where they do not; other quotes; empty-element tags."""
    at = random.choice([at for at, token in enumerate(tokens) if token.startswith(b"<")] or [0])
    token = tokens[at]
    tokens[at] = random.choice(
        (
            token.replace(b">", b" >"),
            token.replace(b">", b"\n\t>"),
            token.replace(b"<", b"< "),
            token.replace(b"</", b"</ "),
            token.replace(b'"', b"'"),
            token.replace(b">", b"/>"),
            token.replace(b">", b"/ >"),
            token.replace(b"=", b" = "),
        )
    )


def _lengthen(random: Random, tokens: Tokens) -> None:
    """Make a text about as long as it may be."""
    at = random.choice([at for at, token in enumerate(tokens) if not token.startswith(b"<")] or [0])
    piece = random.choice((b"x", b"\xc3\xa9", b"&amp;", b" ", b"x&#65;"))
    size = random.choice((10, 100, 65_535, 65_536, 65_537, 70_000))
    tokens[at] += piece * (size // len(piece)) + random.choice((b"", b"y"))


def _deepen(random: Random, tokens: Tokens) -> None:
    at = random.randrange(len(tokens) + 1)
    name, depth = (
        random.choice((b"Foo", b"PstlAdr", b"Id")),
        random.choice((3, 54, 55, 56, 57, 58, 59, 60, 61, 62, 63, 100)),
    )
    tokens[at:at] = [b"<" + name + b">"] * depth + [b"</" + name + b">"] * depth


def _change_root(random: Random, tokens: Tokens) -> None:
    """Change namespace, version or an attribute of the root, or insert something before or after it."""
    at = next((at for at, token in enumerate(tokens) if b"<Document" in token), 0)
    new = random.choice((b"pain.001.001.03", b"pain.001.001.09", b"pain.001.001.10", b"camt.053.001.02", b""))
    change = random.randrange(5)
    if change == 0:
        tokens[at] = re.sub(rb"pain.001.001.0[39]", new, tokens[at])
    elif change == 1:
        tokens[at] = tokens[at].replace(b">", random.choice(_ATTRIBUTES) + b">")
    elif change == 2:
        tokens.insert(at, random.choice((*_SNIPPETS, *_DOCTYPES)))
    elif change == 3:
        tokens.append(random.choice((*_SNIPPETS, b"<Document/>", tokens[at])))
    else:
        tokens[0] = random.choice(
            (b"", b"\xef\xbb\xbf" + tokens[0], b" " + tokens[0], b"<?xml version='1.1'?>", b"<?xml version='1.0'?>",
             b"<?xml version='1.0' encoding='utf-8' standalone='yes'?>", b"<?xml version='1.0' encoding='ISO-8859-1'?>",
             b"<?xml version='1.0' encoding='ASCII'?>", b"<?xml version='1.0' encoding='UTF-16'?>",
             b"<?xml encoding='UTF-8'?>", b"<?xml version='1.0' encoding='nonsense'?>")
        )  # fmt: skip


_TOKEN_MUTATIONS: Sequence[Mutation] = (
    _drop_token,
    _repeat_token,
    _swap_tokens,
    _drop_element,
    _repeat_element,
    _move_element,
    _rename,
    _add_prefix,
    _insert,
    _insert,
    _insert,
    _insert_in_text,
    _insert_in_text,
    _add_attribute,
    _spell_tag,
    _lengthen,
    _deepen,
    _change_root,
    _change_root,
)


def _cut(random: Random, text: bytes) -> bytes:
    return text[: random.randrange(len(text) + 1)]


def _flip(random: Random, text: bytes) -> bytes:
    at = random.randrange(len(text) + 1)
    return text[:at] + bytes((random.randrange(256),)) + text[at + random.randrange(2) :]


def _lose(random: Random, text: bytes) -> bytes:
    at = random.randrange(len(text) + 1)
    return text[:at] + text[at + random.choice((1, 1, 2, 8, 64)) :]


def _recode(random: Random, text: bytes) -> bytes:
    """Use another encoding than declared, or one that is declared."""
    letters = text.decode("utf-8", "replace")
    encoding = random.choice(("utf-16", "utf-16-le", "utf-16-be", "latin-1", "utf-8-sig", "cp1252", "utf-32"))
    declared = random.choice(("UTF-8", encoding))
    return letters.replace('encoding="UTF-8"', f'encoding="{declared}"').encode(encoding, "replace")


def _change_line_ends(_random: Random, text: bytes) -> bytes:
    return text.replace(b"\n", b"\r\n")


_BYTE_MUTATIONS: Sequence[Callable[[Random, bytes], bytes]] = (
    _cut,
    _cut,
    _flip,
    _flip,
    _lose,
    _recode,
    _change_line_ends,
)
ROOTS = tuple(NAMESPACE + name for name in ("pain.001.001.03", "pain.001.001.09"))
