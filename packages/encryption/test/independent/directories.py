"""Directories, heads, pages, maps and small boxes of format 1, read as docs/format.md describes them. Independent of the TypeScript code."""

from canonical_cbor import decode, encode
from fields import base32, check_fields, check_key, check_name, check_order, is_bytes, is_text, is_uint
from primitives import ed25519_valid, hpke_open, kdf, open_box, require, sha256
from records import check_map_ref, read_pieces


class Directory:
    def __init__(self, vault, uid, generation, read_secret):
        self.vault, self.uid, self.generation = vault, uid, generation
        self.list_secret = kdf(read_secret, "list", vault)
        self.place = base32(kdf(self.list_secret, "place", vault, uid, generation)[:20])
        self.listing_key = kdf(self.list_secret, "listing", vault, uid, generation)
        self.content_key = kdf(read_secret, "content", vault, uid, generation)


def unpad(box):
    require(len(box) >= 256 and len(box) % 256 == 0, "padding")
    end = 4 + int.from_bytes(box[:4], "big")
    require(end <= len(box) and len(box) - end < 256 and not any(box[end:]), "padding")
    return decode(box[4:end])


def split(data, magic, signature_bytes, most):
    require(len(data) <= most and len(data) >= 20 and data[:8] == magic, "object")
    lengths = [int.from_bytes(data[at : at + 4], "big") for at in (8, 12, 16)]
    require(20 + sum(lengths) + signature_bytes == len(data) and lengths[2] <= 2048, "lengths")
    parts, at = [], 20
    for length in lengths:
        parts.append(data[at : at + length])
        at += length
    return (*parts, data[at:])


def read_records(flat, contents, tombstones):
    require(isinstance(flat, list) and len(flat) % 2 == 0, "records")
    require(isinstance(contents, list) and len(contents) == len(flat), "halves")
    records = []
    for at in range(0, len(flat), 2):
        key, listing, content, signature = flat[at], flat[at + 1], contents[at], contents[at + 1]
        check_key(key)
        require(all(isinstance(part, bytes) for part in (listing, content, signature)), "record")
        if listing:
            require(content and len(signature) == 80 and len(listing) + len(content) <= 8192, "record")
        else:
            require(tombstones and not content and not signature, "tombstone")
        records.append({"key": key, "listing": listing.hex(), "content": content.hex(), "signature": signature.hex()})
    check_order([record["key"] for record in records])
    return records


def read_refs(value):
    require(isinstance(value, list), "refs")
    refs = []
    for item in value:
        require(isinstance(item, list) and len(item) == 4, "ref")
        first, blob, count, digest = item
        check_key(first)
        require(is_bytes(blob, 26) and is_uint(count) and is_bytes(digest, 32), "ref")
        refs.append({"firstKey": first, "blob": blob.hex(), "count": count, "sha256": digest.hex()})
    check_order([ref["firstKey"] for ref in refs])
    return refs


RELEASES = ("unshared", "shared", "spilled")


def pack_items(packed, size):
    require(isinstance(packed, bytes) and len(packed) % size == 0, "packed items")
    return [packed[at : at + size].hex() for at in range(0, len(packed), size)]


def read_releases(value):
    require(isinstance(value, list), "releases")
    notes = []
    for item in value:
        require(isinstance(item, list) and len(item) == 3, "release")
        require(is_uint(item[0]) and is_uint(item[2], 2), "release")
        notes.append({"seconds": item[0], "blobs": pack_items(item[1], 26), "kind": RELEASES[item[2]]})
    return notes


def open_head(directory, public, data):
    listing_box, content_box, escrow, signature = split(data, b"LKHEAD1\0", 64, 262144)
    ad = encode(["head", directory.place, directory.uid, directory.generation])
    fields = check_fields(
        unpad(open_box(directory.listing_key, "head-listing", directory.vault, ad, listing_box)),
        {
            0: (True, is_uint),
            2: (True, lambda v: is_uint(v, 1)),
            4: (True, lambda v: is_bytes(v, 16)),
            6: (True, lambda v: isinstance(v, list)),
            8: (True, lambda v: is_uint(v, 8)),
            10: (True, lambda v: isinstance(v, list)),
            12: (True, lambda v: isinstance(v, list) and len(v) == 3 and all(is_uint(i) for i in v)),
            14: (True, lambda v: isinstance(v, bytes) and len(v) <= 4096),
            16: (True, lambda v: isinstance(v, list)),
            18: (True, is_uint),
        },
    )
    digests = [sha256(part) for part in (listing_box, content_box, escrow)]
    message = encode(["latchkey/1/head", directory.vault, directory.uid, directory.generation, fields[0], *digests])
    require(ed25519_valid(public, message, signature), "signature")
    contents = check_fields(
        unpad(open_box(directory.content_key, "head-content", directory.vault, ad, content_box)),
        {0: (True, lambda v: isinstance(v, list))},
    )
    require((fields[8] > 0) == (len(fields[10]) > 0), "level")
    return {
        "revision": fields[0],
        "state": ("live", "dead")[fields[2]],
        "linkId": fields[4].hex(),
        "changes": read_records(fields[6], contents[0], True),
        "level": fields[8],
        "tree": read_refs(fields[10]),
        "counters": fields[12],
        "operations": pack_items(fields[14], 16),
        "releases": read_releases(fields[16]),
        "epoch": fields[18],
        "escrow": escrow.hex(),
    }


def open_page(directory, blob, digest, data):
    require(sha256(data) == digest, "digest")
    listing_box, content_box, _, _ = split(data, b"LKPAGE1\0", 0, 524288)
    ad = encode(["page", directory.place, directory.uid, directory.generation, blob])
    fields = unpad(open_box(directory.listing_key, "page-listing", directory.vault, ad, listing_box))
    require(isinstance(fields, dict) and is_uint(fields.get(0), 8) and fields[0] > 0, "level")
    leaf = fields[0] == 1
    most = 512 if leaf else 256
    rules = {0: (True, is_uint), 2 if leaf else 4: (True, lambda v: isinstance(v, list) and len(v) <= most)}
    check_fields(fields, rules)
    contents = check_fields(
        unpad(open_box(directory.content_key, "page-content", directory.vault, ad, content_box)),
        {0: (True, lambda v: isinstance(v, list))},
    )
    return {
        "level": fields[0],
        "records": read_records(fields[2] if leaf else [], contents[0], False),
        "refs": [] if leaf else read_refs(fields[4]),
    }


def open_map(vault, ref, data):
    check_map_ref(ref)
    require(len(data) <= 262144 and sha256(data) == ref[10] and data[:8] == b"LKMAP1\0\0", "map")
    fields = check_fields(
        unpad(open_box(ref[2], "map", vault, encode([ref[0]]), data[8:])),
        {0: (True, lambda v: is_uint(v, 4)), 2: (True, lambda v: isinstance(v, list) and len(v) <= 1024)},
    )
    pieces, refs = [], []
    if fields[0] == 0:
        pieces = read_pieces(fields[2], 1024)
        length = sum(p["length"] if "length" in p else len(p["bytes"]) // 2 for p in pieces)
    else:
        refs = fields[2]
        require(all(check_map_ref(r) and r[4] == fields[0] - 1 for r in refs), "levels")
        length = sum(r[8] for r in refs)
    require(fields[0] == ref[4] and len(fields[2]) == ref[6] and length == ref[8], "reference")
    return {"level": fields[0], "pieces": pieces, "refs": [r[0].hex() for r in refs]}


def open_releases(directory, blob, data):
    key = kdf(directory.list_secret, "releases", directory.vault, directory.uid, directory.generation)
    return read_releases(unpad(open_box(key, "releases", directory.vault, encode([blob]), data)))


def open_lease(vault, key, session, data):
    return check_fields(
        decode(open_box(key, "lease", vault, encode([session]), data)),
        {0: (True, is_uint), 2: (True, lambda v: is_uint(v, 1))},
    )


IDENTITY = {2: (True, lambda v: is_bytes(v, 16)), 4: (True, is_uint), 6: (True, lambda v: is_bytes(v, 32))}
MOVE_ID = {0: (True, lambda v: is_bytes(v, 16))}


def open_moves(vault, key, data):
    fields = decode(open_box(key, "moves", vault, b"", data))
    if isinstance(fields, dict) and not any(known in fields for known in (0, 2, 4, 6, 8)):
        return check_fields(fields, {})
    unfenced = (False, lambda v: isinstance(v, list) and 0 < len(v) <= 64 and all(check_fields(one, IDENTITY) for one in v))
    return check_fields(fields, {**MOVE_ID, **IDENTITY, 8: unfenced})


def open_mark(vault, key, uid, name, data):
    require(len(data) <= 256, "size")
    fields = decode(open_box(key, "mark", vault, encode([uid, name]), data))
    return check_fields(fields, {**MOVE_ID, **IDENTITY, 8: (False, lambda v: is_bytes(v, 16))})


def open_escrow(vault, secret, data):
    box = decode(data)
    require(isinstance(box, list) and len(box) == 3 and box[0] == 0x20, "kem")
    require(isinstance(box[1], bytes) and isinstance(box[2], bytes), "form")
    fields = check_fields(
        decode(hpke_open(secret, encode(["latchkey/1/escrow", vault]), b"", box[1], box[2])),
        {
            0: (True, lambda v: is_bytes(v, 16)),
            2: (True, is_uint),
            4: (True, lambda v: is_bytes(v, 32)),
            6: (True, lambda v: is_bytes(v, 16)),
            8: (True, lambda v: is_text(v, 1024)),
        },
    )
    check_name(fields[8])
    return fields
