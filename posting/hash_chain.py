"""The hash chain: the hash of each batch covers its rows and the hash of the batch before."""

import hashlib
from collections.abc import Mapping
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

HASHED_TABLES: tuple[str, ...] = ("entry", "refusal", "duplicate", "payee", "cell", "request_detail")
"""Tables whose rows a batch's hash covers, in this order."""


class ChainHead(NamedTuple):
    """The end of the hash chain: the last batch and its hash."""

    batch: int
    chain_hash: bytes


def link_batch(head: ChainHead, streams: Mapping[str, NDArray[np.uint8]]) -> ChainHead:
    """Return the head of the chain after the next batch, whose rows are ``streams``, the COPY bytes of each hashed table.

    The rows are hashed before the previous hash, so that they can be hashed before that is known.
    """
    digest = hashlib.sha256()
    for name in HASHED_TABLES:
        digest.update(streams[name].data)
    digest.update(head.chain_hash)
    return ChainHead(head.batch + 1, digest.digest())
