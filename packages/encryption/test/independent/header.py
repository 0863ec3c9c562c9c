"""Header, key slots and certificates of format 1, read as docs/format.md describes them. Independent of the TypeScript code."""

from canonical_cbor import Refused, decode, encode
from fields import check_fields, check_name, is_bytes, is_text, is_uint
from primitives import ed25519_public, ed25519_valid, kdf, open_box, require, sha256, x25519_public


def read_signed(data):
    pair = decode(data)
    require(isinstance(pair, list) and len(pair) == 2, "pair")
    require(isinstance(pair[0], bytes) and is_bytes(pair[1], 64), "pair")
    return pair


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
