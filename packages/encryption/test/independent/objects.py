"""The objects of format 1, read as docs/format.md describes them. Independent of the TypeScript code."""

import base64

from canonical_cbor import MAX_SAFE, Refused, decode, encode
from primitives import (
    ed25519_public,
    ed25519_valid,
    gcm_open,
    hmac_sha256,
    hmac_sha512,
    hpke_open,
    kdf,
    open_box,
    require,
    sha256,
    x25519_public,
)


def base32(data):
    return base64.b32encode(data).decode().lower().rstrip("=")


# Fields


def is_uint(value, most=MAX_SAFE):
    return isinstance(value, int) and not isinstance(value, bool) and 0 <= value <= most


def is_int(value):
    return isinstance(value, int) and not isinstance(value, bool)


def is_bytes(value, length):
    return isinstance(value, bytes) and len(value) == length


def is_text(value, most):
    return isinstance(value, str) and len(value.encode("utf-8")) <= most


def check_fields(fields, rules):
    """`rules`: key to (required, test). Unknown odd keys are optional, unknown even ones critical."""
    require(isinstance(fields, dict), "not a map")
    for key, value in fields.items():
        require(isinstance(key, int), "string key")
        if key in rules:
            require(rules[key][1](value), f"field {key}")
        else:
            require(key % 2 == 1, f"unknown critical field {key}")
    for key, (required, _) in rules.items():
        require(not required or key in fields, f"field {key} is missing")
    return fields


def check_name(name):
    try:
        data = name.encode("utf-8")
    except UnicodeEncodeError:
        raise Refused("surrogate")
    require("/" not in name and "\0" not in name and len(data) <= 1024, "name")
    return len(data)


def check_key(key):
    require(isinstance(key, str), "key")
    check_name(key[:-1] if key.endswith("/") else key)


def check_order(keys):
    encoded = [key.encode("utf-8") for key in keys]
    require(all(a < b for a, b in zip(encoded, encoded[1:])), "order")


# Signed pairs, header, certificates


def read_signed(data):
    pair = decode(data)
    require(isinstance(pair, list) and len(pair) == 2, "pair")
    require(isinstance(pair[0], bytes) and is_bytes(pair[1], 64), "pair")
    return pair


def text_map(value_test, entries, key_bytes):
    def test(value):
        return isinstance(value, dict) and 0 < len(value) <= entries and all(
            is_text(key, key_bytes) and value_test(item) for key, item in value.items()
        )

    return test


def check_slot(slot):
    require(isinstance(slot, dict) and slot.get(0) in (1, 2), "slot type")
    rules = {
        0: (True, is_uint),
        2: (True, lambda v: is_bytes(v, 8)),
        4: (True, lambda v: is_text(v, 128)),
        14: (True, lambda v: is_bytes(v, 112)),
    }
    if slot[0] == 1:
        rules[6] = (True, lambda v: is_uint(v) and 65536 <= v <= 1048576)
        rules[8] = (True, lambda v: is_uint(v) and 3 <= v <= 16)
        rules[10] = (True, lambda v: is_uint(v) and 1 <= v <= 4)
        rules[12] = (True, lambda v: is_bytes(v, 16))
    check_fields(slot, rules)
    return True


def parse_header(data):
    require(len(data) <= 65536, "header size")
    body, signature = read_signed(data)
    fields = check_fields(
        decode(body),
        {
            0: (True, lambda v: v == "latchkey-vault"),
            2: (True, lambda v: v == 1),
            4: (True, lambda v: v == 1),
            6: (True, lambda v: is_bytes(v, 16)),
            8: (True, lambda v: is_bytes(v, 32)),
            10: (True, is_uint),
            12: (True, is_uint),
            14: (True, lambda v: is_bytes(v, 32)),
            16: (True, lambda v: isinstance(v, list) and len(v) <= 8 and all(check_slot(s) for s in v)),
            18: (True, lambda v: isinstance(v, bytes) and len(v) <= 4096),
            20: (True, lambda v: v in (0, 1)),
            22: (True, lambda v: isinstance(v, bytes) and len(v) <= 1024),
        },
    )
    return fields, body, signature


def open_slots(fields, kind, keys):
    slots = [slot for slot in fields[16] if slot[0] == kind]
    for slot, key in zip(slots, keys if kind == 1 else keys * len(slots)):
        try:
            public = {name: value for name, value in slot.items() if name != 14}
            return open_box(key, "slot", fields[6], encode(public), slot[14])
        except Refused:
            continue
    raise Refused("no slot opens")


def root_keys(vault, root):
    keys = {}
    for name, label in (
        ("signSeed", "sign"),
        ("authorSeed", "author"),
        ("escrowSecret", "escrow"),
        ("exchangeSecret", "exchange"),
        ("topKey", "top"),
        ("selfTagKey", "self-tag"),
        ("leaseKey", "lease"),
        ("movesKey", "moves"),
    ):
        keys[name] = kdf(root, label, vault)
    keys["signPublic"] = ed25519_public(keys["signSeed"])
    keys["authorPublic"] = ed25519_public(keys["authorSeed"])
    keys["escrowPublic"] = x25519_public(keys["escrowSecret"])
    keys["exchangePublic"] = x25519_public(keys["exchangeSecret"])
    return keys


def verify_header(data, root):
    fields, body, signature = parse_header(data)
    vault = fields[6]
    keys = root_keys(vault, root)
    require(fields[8] == keys["signPublic"] and fields[14] == keys["escrowPublic"], "foreign keys")
    require(ed25519_valid(keys["signPublic"], encode(["latchkey/1/header", body]), signature), "signature")
    top = check_fields(
        decode(open_box(keys["topKey"], "top", vault, encode([vault]), fields[22])),
        {
            0: (True, lambda v: is_bytes(v, 16)),
            2: (True, is_uint),
            4: (True, lambda v: is_bytes(v, 32)),
            6: (True, lambda v: is_bytes(v, 16)),
        },
    )
    owner, identifier = verify_certificate(fields[18], keys["signPublic"], vault)
    require(owner[4] == keys["authorPublic"] and owner[8][0] == top[0], "owner certificate")
    return top, identifier


def check_scope(scope):
    check_fields(scope, {0: (True, lambda v: is_bytes(v, 16)), 2: (False, lambda v: is_text(v, 1024))})
    if 2 in scope:
        check_name(scope[2])
    return True


def verify_certificate(wire, issuer, vault):
    require(len(wire) <= 4096, "certificate size")
    body, signature = read_signed(wire)
    require(ed25519_valid(issuer, encode(["latchkey/1/certificate", body]), signature), "signature")
    fields = check_fields(
        decode(body),
        {
            0: (True, lambda v: v == vault),
            2: (True, lambda v: v == issuer),
            4: (True, lambda v: is_bytes(v, 32)),
            6: (True, lambda v: is_bytes(v, 32)),
            8: (True, check_scope),
            10: (True, lambda v: is_uint(v, 511)),
            12: (True, is_uint),
            14: (True, is_uint),
            16: (True, is_uint),
            18: (True, lambda v: is_uint(v, 16)),
            20: (True, lambda v: is_bytes(v, 16)),
        },
    )
    return fields, sha256(wire)[:16]


def verify_chain(vault, root_public, wires):
    require(1 <= len(wires) <= 17, "chain length")
    issuer, parent, ids = root_public, None, []
    for wire in wires:
        fields, identifier = verify_certificate(wire, issuer, vault)
        if parent is not None:
            ends = lambda f: f[14] or float("inf")
            life = lambda f: f[16] or float("inf")
            require(parent[10] & 32 and fields[10] & ~parent[10] == 0, "operations")
            require(fields[18] < parent[18], "depth")
            require(fields[12] >= parent[12] and ends(fields) <= ends(parent) and life(fields) <= life(parent), "time")
            require(2 not in parent[8] or fields[8] == parent[8], "scope")
        issuer, parent = fields[4], fields
        ids.append(identifier)
    return ids


# Records

KINDS = ("file", "symlink", "directory")


def check_listing(data):
    require(len(data) <= 8192, "size")
    flag = lambda v: v is True
    nanoseconds = lambda v: is_uint(v, 999999999) and v > 0
    metadata = text_map(lambda v: is_text(v, 4096), 256, 256)
    fields = decode(data)
    directory = isinstance(fields, dict) and fields.get(0) == 2
    rules = {
        0: (True, lambda v: is_uint(v, 2)),
        2: (True, is_uint),
        4: (True, is_uint),
        6: (True, lambda v: is_bytes(v, 16)),
        8: (True, is_uint),
        10: (True, is_int),
        11: (False, nanoseconds),
        12: (True, is_int),
        13: (False, nanoseconds),
        14: (True, lambda v: is_uint(v, 0o7777)),
        16: (False, metadata),
        18: (False, metadata),
        26: (False, flag),
    }
    if directory:
        rules[30] = (True, lambda v: is_bytes(v, 16))
        rules[32] = (True, is_uint)
        rules[34] = (True, lambda v: is_bytes(v, 16))
        rules[36] = (True, lambda v: is_bytes(v, 32))
        rules[38] = (False, flag)
    return check_fields(fields, rules)


def read_pieces(value, most):
    require(isinstance(value, list) and len(value) <= most, "pieces")
    pieces, total, literal = [], 0, 0
    for item in value:
        require(isinstance(item, list) and len(item) > 0 and is_uint(item[0], 2), "piece")
        if item[0] == 0:
            require(len(item) == 7, "piece")
            _, segment, key, root, size, offset, length = item
            require(is_bytes(segment, 26) and is_bytes(key, 32) and is_bytes(root, 32), "piece")
            require(is_uint(size, 67108864) and is_uint(offset) and is_uint(length), "piece")
            require(size > 0 and length > 0 and offset + length <= size, "piece")
            total += length
            pieces.append(
                {
                    "kind": "data",
                    "segment": segment.hex(),
                    "key": key.hex(),
                    "root": root.hex(),
                    "segmentSize": size,
                    "offset": offset,
                    "length": length,
                }
            )
        elif item[0] == 1:
            require(len(item) == 2 and is_uint(item[1]) and item[1] > 0, "hole")
            total += item[1]
            pieces.append({"kind": "hole", "length": item[1]})
        else:
            require(len(item) == 2 and isinstance(item[1], bytes) and len(item[1]) > 0, "literal")
            total += len(item[1])
            literal += len(item[1])
            pieces.append({"kind": "literal", "bytes": item[1].hex()})
    require(total <= MAX_SAFE and literal <= 1024, "content size")
    return pieces


def check_map_ref(ref):
    check_fields(
        ref,
        {
            0: (True, lambda v: is_bytes(v, 26)),
            2: (True, lambda v: is_bytes(v, 32)),
            4: (True, lambda v: is_uint(v, 4)),
            6: (True, lambda v: is_uint(v, 1024)),
            8: (True, is_uint),
            10: (True, lambda v: is_bytes(v, 32)),
        },
    )
    return True


def check_draft(draft):
    check_fields(
        draft,
        {
            0: (False, lambda v: read_pieces(v, 8) is not None),
            2: (False, check_map_ref),
            4: (True, is_uint),
            6: (True, is_uint),
        },
    )
    return not (0 in draft and 2 in draft)


def check_content(data):
    require(len(data) <= 8192, "size")
    fields = check_fields(
        decode(data),
        {
            0: (False, lambda v: is_text(v, 255)),
            2: (False, text_map(lambda v: isinstance(v, bytes) and len(v) <= 64, 16, 32)),
            4: (False, lambda v: is_text(v, 255)),
            6: (False, lambda v: isinstance(v, list) and all(is_uint(item) for item in v)),
            8: (False, lambda v: is_text(v, 4096) and v != "" and "\0" not in v),
            10: (False, lambda v: isinstance(v, list) and len(v) > 0),
            12: (False, check_map_ref),
            14: (False, lambda v: v is True),
            16: (False, check_draft),
            18: (False, lambda v: is_bytes(v, 32)),
        },
    )
    require(not (10 in fields and 12 in fields), "pieces and map")
    return read_pieces(fields.get(10, []), 8)


def verify_record(vault, uid, public, certificate, key, listing, content, signature, self_tag_key=None):
    require(len(signature) == 80, "signature length")
    fields = check_listing(listing)
    require(fields[6] == certificate, "certificate")
    message = encode(["latchkey/1/record", vault, uid, key, sha256(listing), sha256(content)])
    if self_tag_key is not None and hmac_sha256(self_tag_key, message)[:16] == signature[64:]:
        return fields
    require(ed25519_valid(public, message, signature[:64]), "signature")
    return fields


# Directories, heads, pages


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


# Segments


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
