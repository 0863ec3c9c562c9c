"""Fields and names of format 1, checked as docs/format.md describes them. Independent of the TypeScript code."""

import base64

from canonical_cbor import MAX_SAFE, Refused
from primitives import require


def base32(data):
    return base64.b32encode(data).decode().lower().rstrip("=")


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


ORDERED = "0123456789abcdefghijklmnopqrstuv"


def check_key(key):
    require(isinstance(key, str), "key")
    if "\0" in key:
        name, place = key.split("\0", 1)
        require(len(place) == 11 and all(digit in ORDERED for digit in place), "place of a version")
        require(int(place, 32) <= MAX_SAFE, "place of a version")
        check_name(name)
        return
    check_name(key[:-1] if key.endswith("/") else key)


def check_order(keys):
    encoded = [key.encode("utf-8") for key in keys]
    require(all(a < b for a, b in zip(encoded, encoded[1:])), "order")


def text_map(value_test, entries, key_bytes):
    def test(value):
        return isinstance(value, dict) and 0 < len(value) <= entries and all(
            is_text(key, key_bytes) and value_test(item) for key, item in value.items()
        )

    return test
