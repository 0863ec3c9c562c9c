"""The canonical CBOR of docs/format.md, section "Encoding", written from that text alone."""


class Refused(Exception):
    """The bytes are not a valid object of format 1."""


MAX_SAFE = 2**53 - 1
MAX_DEPTH = 8


def _head(major, number):
    if number < 24:
        return bytes([major << 5 | number])
    for info, size in ((24, 1), (25, 2), (26, 4), (27, 8)):
        if number < 1 << (8 * size):
            return bytes([major << 5 | info]) + number.to_bytes(size, "big")
    raise ValueError("number too large")


def encode(value):
    if value is True or value is False:
        return b"\xf5" if value else b"\xf4"
    if isinstance(value, int):
        return _head(0, value) if value >= 0 else _head(1, -1 - value)
    if isinstance(value, bytes):
        return _head(2, len(value)) + value
    if isinstance(value, str):
        data = value.encode("utf-8")
        return _head(3, len(data)) + data
    if isinstance(value, (list, tuple)):
        return _head(4, len(value)) + b"".join(encode(item) for item in value)
    if isinstance(value, dict):
        pairs = sorted((encode(key), encode(item)) for key, item in value.items())
        return _head(5, len(pairs)) + b"".join(key + item for key, item in pairs)
    raise TypeError(type(value))


def _item(data, at, depth):
    if at >= len(data):
        raise Refused("ends early")
    major, info = data[at] >> 5, data[at] & 31
    at += 1
    if major == 7:
        if info in (20, 21):
            return info == 21, at
        raise Refused("simple value or float")
    if info > 27:
        raise Refused("indefinite length")
    number = info
    if info >= 24:
        size = 1 << (info - 24)
        if at + size > len(data):
            raise Refused("ends early")
        number = int.from_bytes(data[at : at + size], "big")
        at += size
    if number > MAX_SAFE:
        raise Refused("number too large")
    if major == 0:
        return number, at
    if major == 1:
        if number == MAX_SAFE:
            raise Refused("number too large")
        return -1 - number, at
    if major in (2, 3):
        if number > len(data) - at:
            raise Refused("ends early")
        chunk = data[at : at + number]
        if major == 2:
            return chunk, at + number
        try:
            return chunk.decode("utf-8", "strict"), at + number
        except UnicodeDecodeError:
            raise Refused("not UTF-8")
    if major == 6:
        raise Refused("tag")
    if depth >= MAX_DEPTH:
        raise Refused("too deep")
    if number > len(data) - at:
        raise Refused("ends early")
    if major == 4:
        items = []
        for _ in range(number):
            item, at = _item(data, at, depth + 1)
            items.append(item)
        return items, at
    result = {}
    for _ in range(number):
        key, at = _item(data, at, depth + 1)
        if isinstance(key, bool) or not isinstance(key, (int, str)) or (isinstance(key, int) and key < 0):
            raise Refused("map key")
        result[key], at = _item(data, at, depth + 1)
    return result, at


def decode(data):
    """The value, refused unless encoding it again gives the same bytes."""
    value, end = _item(data, 0, 0)
    if end != len(data) or encode(value) != data:
        raise Refused("not canonical")
    return value
