"""API keys with known secrets."""

from collections.abc import Mapping

import asyncpg

from posting.store.migrate import migrate
from service.auth.api_keys import format_token, hash_secret

SECRET = "s" * 43
_KEYS: Mapping[str, tuple[str, list[str], list[str]]] = {
    "ministry2222": ("MIN-09", ["authorising_officer", "programme_manager"], []),
    "paymaster222": ("DRFIP-75", ["assigned_accountant"], []),
    "certifier222": ("MIN-09", ["certifier"], []),
    "exchequer222": ("DGFIP", ["central_accountant"], []),
    "thin22222222": ("MIN-09", ["authorising_officer", "programme_manager"], ["0217"]),
    "stranger2222": ("MIN-12", ["authorising_officer", "programme_manager"], []),
    "creditgate22": ("DIRECTORATE", ["budget_directorate"], []),
    "reader222222": ("COURT", ["auditor"], []),
    "thinreader22": ("COURT", ["auditor"], ["0217"]),
    "keeper222222": ("OPS", ["operator"], []),
}


def build_headers(name: str, secret: str = SECRET) -> dict[str, str]:
    return {"authorization": f"Bearer {format_token(name, secret)}"}


MINISTRY = build_headers("ministry2222")
ACCOUNTANT = build_headers("paymaster222")
CERTIFIER = build_headers("certifier222")
CENTRAL = build_headers("exchequer222")
DIRECTORATE = build_headers("creditgate22")
LIMITED = build_headers("thin22222222")
FOREIGN = build_headers("stranger2222")
AUDITOR = build_headers("reader222222")
LIMITED_AUDITOR = build_headers("thinreader22")
OPERATOR = build_headers("keeper222222")


async def insert_keys(dsn: str) -> None:
    """Apply the migrations and insert the keys."""
    connection = await asyncpg.connect(dsn)
    try:
        await migrate(connection)
        for name, (sender, roles, programmes) in _KEYS.items():
            await connection.execute(
                "insert into access_key (key, sender, digest, roles, programmes, label) values ($1, $2, $3, $4, $5, '')",
                *(name, sender, hash_secret(SECRET), roles, programmes),
            )
    finally:
        await connection.close()
