"""The state that must be equal in two databases that processed the same files, whatever interrupted one of them."""

import asyncpg

_STATE = {
    "journal": "select md5(string_agg(e::text, '|' order by entry_id)) from entry e",
    "refusals": "select md5(string_agg(r::text, '|' order by batch, position)) from refusal r",
    "duplicates": "select md5(string_agg(d::text, '|' order by batch, position)) from duplicate d",
    "payees": "select md5(string_agg(p::text, '|' order by payee)) from payee p",
    "cells": "select md5(string_agg(c::text, '|' order by cell)) from cell c",
    "node balances": "select md5(string_agg(b::text, '|' order by batch, node)) from node_balance b",
    "account balances": """select md5(string_agg(b::text, '|' order by batch, accountant, account, period))
                           from account_balance b""",
    "chain": "select string_agg(encode(chain, 'hex'), ' ' order by batch) from batch",
    "receipts": """select string_agg(concat_ws(' ', submission, done, accepted, duplicate, refused, suspended,
                       accepted_cents, duplicate_cents, refused_cents, suspended_cents), '|' order by submission)
                   from (select distinct on (submission) * from progress order by submission, batch desc) p""",
}


async def read_state(connection: asyncpg.Connection) -> dict[str, str]:
    """Return digests of everything that processing leaves in the database."""
    return {name: str(await connection.fetchval(query)) for name, query in _STATE.items()}
