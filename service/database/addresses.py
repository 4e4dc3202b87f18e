"""Addresses of databases: shown without the password, and rewritten for another role."""

from urllib.parse import quote, urlsplit


def hide_password(dsn: str) -> str:
    """Return the address without user and password."""
    try:
        parts = urlsplit(dsn)
        port = f":{parts.port}" if parts.port else ""
    except ValueError:
        return "the database"
    return f"{parts.hostname or 'localhost'}{port}{parts.path}"


def replace_user(dsn: str, user: str, password: str) -> str:
    """Return the address of the same database for another role."""
    parts = urlsplit(dsn)
    host = parts.netloc.rpartition("@")[2]
    return parts._replace(netloc=f"{quote(user)}:{quote(password)}@{host}").geturl()
