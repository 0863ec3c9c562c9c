"""Segments of format 1, read as docs/format.md describes them. Independent of the TypeScript code."""

from canonical_cbor import encode
from primitives import gcm_open, hmac_sha512, require, sha256


def tree_root(leaves):
    """Merkle tree hash of RFC 9162 over leaf hashes."""
    if len(leaves) == 1:
        return leaves[0]
    split_at = 1
    while split_at * 2 < len(leaves):
        split_at *= 2
    return sha256(b"\x01" + tree_root(leaves[:split_at]) + tree_root(leaves[split_at:]))


def open_segment(vault, key, root, size, blob):
    chunks = max(1, -(-size // 65536))
    require(len(blob) == 80 + size + 16 * chunks + 32 * (chunks + 1), "size")
    header = blob[:80]
    require(header[:16] == b"LKSEG1\0\0" + bytes([1, 16]) + bytes(6), "header")
    keys = hmac_sha512(key, encode(["latchkey/1/segment", vault, header[16:48]]))
    require(keys[32:] == header[48:], "commitment")
    sealed, at = [], 80
    for index in range(chunks):
        length = min(65536, size - index * 65536) + 16
        sealed.append(blob[at : at + length])
        at += length
    leaves = [sha256(b"\x00" + data) for data in (header, *sealed)]
    require(b"".join(leaves) == blob[at:] and tree_root(leaves) == root, "tree")
    plain = b""
    for index, chunk in enumerate(sealed):
        nonce = index.to_bytes(11, "big") + bytes([index == chunks - 1])
        plain += gcm_open(keys[:32], nonce, header, chunk)
    return plain
