"""Records of format 1, read as docs/format.md describes them. Independent of the TypeScript code."""

from canonical_cbor import MAX_SAFE, decode, encode
from fields import check_fields, is_bytes, is_int, is_text, is_uint, text_map
from primitives import ed25519_valid, hmac_sha256, require, sha256

KINDS = ("file", "symlink", "directory", "marker")


def is_retention(value):
    return isinstance(value, list) and len(value) == 2 and value[0] in (1, 2) and is_uint(value[0]) and is_uint(value[1])


def check_keeping(keeping):
    mode = lambda v: is_uint(v, 2) and v > 0
    check_fields(keeping, {0: (True, mode), 2: (False, lambda v: v is True), 4: (False, mode), 6: (False, is_uint)})
    return (4 in keeping) == (6 in keeping)


def check_listing(data):
    require(len(data) <= 8192, "size")
    flag = lambda v: v is True
    nanoseconds = lambda v: is_uint(v, 999999999) and v > 0
    metadata = text_map(lambda v: is_text(v, 4096), 256, 256)
    fields = decode(data)
    directory = isinstance(fields, dict) and fields.get(0) == 2
    rules = {
        0: (True, lambda v: is_uint(v, 3)),
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
        rules[44] = (False, check_keeping)
    else:
        rules[28] = (False, lambda v: isinstance(v, bytes) and len(v) <= 256)
    if isinstance(fields, dict) and fields.get(0) in (0, 3):
        rules[42] = (False, is_uint)
    if isinstance(fields, dict) and fields.get(0) == 0:
        rules[20] = (False, is_retention)
        rules[22] = (False, flag)
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


def check_appendix(appendix):
    check_fields(
        appendix,
        {
            0: (False, lambda v: len(read_pieces(v, 8)) > 0),
            2: (False, check_map_ref),
            4: (True, lambda v: is_uint(v, 4194304)),
        },
    )
    return not (0 in appendix and 2 in appendix)


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
            20: (False, check_appendix),
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
