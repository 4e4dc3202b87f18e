"""The life of an act, for people."""

from collections.abc import Iterator

from core.money import euros
from reporting.explanation import AcceptedLine, Assignment, Brief, Code, Explanation, Origin, RefusedStory
from reporting.grids import Column, Grid, Kind
from reporting.proofs import LinkProof
from service.console import count, heading, say, show

_MARGIN = 12
_FOLLOWERS_SHOWN = 20


def tell(found: Explanation) -> None:
    """Write everything known of a reference."""
    for line in found.accepted:
        _tell_accepted(line)
    for story in found.refused:
        _tell_refused(story)
    for link in found.proofs:
        say()
        say(_proof(link))


def _tell_accepted(line: AcceptedLine) -> None:
    heading(f"{line.reference}, line {line.origin.line:,} of its file: accepted as entry {line.entry:,}")
    for name, text in _facts(line):
        _fact(name, text)
    if line.nodes:
        show(_budget(line))


def _facts(line: AcceptedLine) -> Iterator[tuple[str, str]]:
    yield "kind", f"{line.kind} ({line.french})"
    yield "amount", f"{euros(line.amount)} euros, {line.day}, posted in {line.month}"
    yield "sent", _origin(line.origin)
    yield "file", f"SHA-256 {line.origin.sha256}"
    if line.assignment:
        yield from _assignment(line.assignment)
    if line.payee:
        bank = f", {line.payee.iban} {line.payee.bic}".rstrip()
        yield "payee", f"{line.payee.code} {line.payee.name}{bank}"
    if line.debit and line.credit:
        yield "debit", _coded(line.debit)
        yield "credit", _coded(line.credit)
    if line.predecessor:
        yield "follows", _brief(line.predecessor)
    for each in line.followers[:_FOLLOWERS_SHOWN]:
        yield "followed by", _brief(each)
    if len(line.followers) > _FOLLOWERS_SHOWN:
        yield "", f"and {count(len(line.followers) - _FOLLOWERS_SHOWN, 'more entry', 'more entries')}"
    for each in line.duplicates:
        yield "sent again", _origin(each)
    yield "batch", f"{line.batch:,}, committed {line.committed_at}"


def _assignment(found: Assignment) -> Iterator[tuple[str, str]]:
    for depth, centre in enumerate(found.centres):
        yield "budget" if depth == 0 else "", f"{'  ' * depth}{_coded(centre)}"
    yield "area", _coded(found.area)
    yield "item", f"{_coded(found.item)}; fund {found.fund}; budget year {found.year}"


def _budget(line: AcceptedLine) -> Grid:
    columns = [
        Column("available, with the act's batch"),
        *(Column(name, Kind.MONEY) for name in ("AE before", "AE after", "CP before", "CP after")),
    ]
    rows = [
        [
            each.node,
            *(each.ae_before.available, each.ae_after.available),
            *(each.cp_before.available, each.cp_after.available),
        ]
        for each in line.nodes
    ]
    return Grid("", columns, rows)


def _tell_refused(story: RefusedStory) -> None:
    refusal = story.refusal
    heading(f"{refusal.reference}, line {story.origin.line:,} of its file: refused, {refusal.code}")
    _fact("kind", refusal.kind)
    _fact("amount", f"{euros(refusal.amount)} euros")
    _fact("sent", _origin(story.origin))
    if refusal.field:
        _fact("field", f"{refusal.field}: {refusal.found!r}" if refusal.found else refusal.field)
    if refusal.node:
        _fact(
            "node",
            f"{refusal.node}, {euros(refusal.missing)} euros missing" if refusal.missing else refusal.node,
        )
    _fact("finding", refusal.finding)
    _fact("remedy", refusal.action)
    _fact("batch", f"{refusal.batch:,}")


def _fact(name: str, text: str) -> None:
    say(f"  {name:<{_MARGIN}}{text}")


def _origin(origin: Origin) -> str:
    return (
        f"line {origin.line:,} of {origin.file}, submission {origin.submission:,} of {origin.sender}, "
        f"received {origin.received_at}"
    )


def _coded(code: Code) -> str:
    return f"{code.code} {code.label}".rstrip()


def _brief(brief: Brief) -> str:
    return f"{brief.reference}, {brief.kind}, {euros(brief.amount)} euros, {brief.day}, entry {brief.entry:,}"


def _proof(link: LinkProof) -> str:
    if link.holds:
        return f"Batch {link.batch:,}: its rows hash to what is stored, {link.stored}"
    return f"Batch {link.batch:,} does NOT hold: stored {link.stored}, computed {link.computed}"
