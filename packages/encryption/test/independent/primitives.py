"""Key derivation, sealed boxes, strict signatures and HPKE of docs/format.md, on Python's cryptography."""

import hashlib
import hmac

from cryptography.exceptions import InvalidSignature, InvalidTag
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.ciphers.aead import AESGCM, ChaCha20Poly1305

from canonical_cbor import Refused, encode

RAW = (serialization.Encoding.Raw, serialization.PublicFormat.Raw)


def sha256(data):
    return hashlib.sha256(data).digest()


def hmac_sha256(key, data):
    return hmac.new(key, data, hashlib.sha256).digest()


def hmac_sha512(key, data):
    return hmac.new(key, data, hashlib.sha512).digest()


def require(condition, why):
    if not condition:
        raise Refused(why)


def kdf(key, label, vault, *context):
    return hmac_sha256(key, encode(["latchkey/1", label, vault, *context]) + b"\x01")


def open_box(key, label, vault, ad, box):
    require(len(box) >= 80, "box is too short")
    keys = hmac_sha512(key, encode(["latchkey/1/seal", label, vault, box[:32]]))
    require(hmac.compare_digest(keys[32:], box[32:64]), "commitment")
    try:
        return ChaCha20Poly1305(keys[:32]).decrypt(bytes(12), box[64:], ad)
    except InvalidTag:
        raise Refused("tag")


def gcm_open(key, nonce, ad, sealed):
    try:
        return AESGCM(key).decrypt(nonce, sealed, ad)
    except InvalidTag:
        raise Refused("tag")


P = 2**255 - 19
ORDER = 2**252 + 27742317777372353535851937790883648493
D = -121665 * pow(121666, P - 2, P) % P


def _doubled_is_neutral(y, times):
    """Whether the point with this y has an order that divides 2**times, by x**2 and y alone."""
    x2 = (y * y - 1) * pow(D * y * y + 1, P - 2, P) % P
    y2 = y * y % P
    for _ in range(times):
        # Doubling on -x^2 + y^2 = 1 + d x^2 y^2, kept as the squares of the coordinates and y itself.
        dxy = D * x2 * y2 % P
        if (1 - dxy) % P == 0 or (1 + dxy) % P == 0:
            return False
        y = (y2 + x2) * pow(1 - dxy, P - 2, P) % P
        x2 = 4 * x2 * y2 % P * pow(1 + dxy, 2 * (P - 2), P) % P
        y2 = y * y % P
    return y == 1 and x2 == 0


def acceptable_point(data):
    y = int.from_bytes(data, "little") & (2**255 - 1)
    return len(data) == 32 and y < P and not _doubled_is_neutral(y, 3)


def ed25519_valid(public, message, signature):
    if len(signature) != 64 or not acceptable_point(public) or not acceptable_point(signature[:32]):
        return False
    if int.from_bytes(signature[32:], "little") >= ORDER:
        return False
    try:
        Ed25519PublicKey.from_public_bytes(public).verify(signature, message)
        return True
    except (InvalidSignature, ValueError):
        return False


def ed25519_public(seed):
    return Ed25519PrivateKey.from_private_bytes(seed).public_key().public_bytes(*RAW)


def x25519_public(secret):
    return X25519PrivateKey.from_private_bytes(secret).public_key().public_bytes(*RAW)


def x25519(secret, public):
    try:
        return X25519PrivateKey.from_private_bytes(secret).exchange(X25519PublicKey.from_public_bytes(public))
    except ValueError:
        raise Refused("small order")


def _extract(suite, salt, label, ikm):
    return hmac_sha256(salt, b"HPKE-v1" + suite + label + ikm)


def _expand(suite, prk, label, info, length):
    return hmac_sha256(prk, length.to_bytes(2, "big") + b"HPKE-v1" + suite + label + info + b"\x01")[:length]


def hpke_open(secret, info, aad, enc, ct):
    """RFC 9180 base mode, KEM 0x0020, KDF 0x0001, AEAD 0x0003."""
    require(len(enc) == 32, "enc")
    kem, suite = b"KEM\x00\x20", b"HPKE\x00\x20\x00\x01\x00\x03"
    prk = _extract(kem, b"", b"eae_prk", x25519(secret, enc))
    shared = _expand(kem, prk, b"shared_secret", enc + x25519_public(secret), 32)
    context = b"\x00" + _extract(suite, b"", b"psk_id_hash", b"") + _extract(suite, b"", b"info_hash", info)
    prk = _extract(suite, shared, b"secret", b"")
    try:
        key, nonce = _expand(suite, prk, b"key", context, 32), _expand(suite, prk, b"base_nonce", context, 12)
        return ChaCha20Poly1305(key).decrypt(nonce, ct, aad)
    except InvalidTag:
        raise Refused("tag")
