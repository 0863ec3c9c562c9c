"""Replays the published vectors with an implementation of docs/format.md that shares no code with ours.

Success vectors must open to the published values, failure vectors must be refused. Needs Python 3 and the package
cryptography. Argon2id is not in that package: the vectors carry its results, and its own vectors are counted as
not checked. Exit status 0 when everything agrees.

    python3 verify.py [folder of vectors]
"""

import json
import pathlib
import sys

import directories
import fields
import header
import records
import segments
from canonical_cbor import Refused, decode, encode
from primitives import ed25519_valid, hpke_open, kdf, open_box, require, sha256, x25519

FOLDER = pathlib.Path(sys.argv[1]) if len(sys.argv) > 1 else pathlib.Path(__file__).parent / "../../vectors"


class Inputs(dict):
    def b(self, name):
        value = self[name]
        return bytes(value["zeros"]) if isinstance(value, dict) else bytes.fromhex(value)

    def directory(self):
        return directories.Directory(self.b("vaultId"), self.b("uid"), self["generation"], self.b("readSecret"))


def hex_values(values):
    return {name: value.hex() if isinstance(value, bytes) else value for name, value in values.items()}


def cbor_decode(v):
    return {"bytes": encode(decode(v.b("bytes"))).hex()}


def derive_directory(v):
    d = v.directory()
    keys = {"listSecret": d.list_secret, "listingKey": d.listing_key, "contentKey": d.content_key}
    return {**hex_values(keys), "place": d.place}


def parse_header(v):
    found, _, _ = header.parse_header(v.b("header"))
    return {"vaultId": found[6].hex(), "revision": found[10], "slots": len(found[16])}


def unlock_passphrase(v):
    found, _, _ = header.parse_header(v.b("header"))
    require(v["passphrase"] != "", "empty")
    keys = [bytes.fromhex(key) for key in v["slotKeys"]]
    return {"rootSecret": header.open_slots(found, 1, keys).hex()}


def unlock_words(v):
    found, _, _ = header.parse_header(v.b("header"))
    require("entropy" in v and len(v.b("entropy")) == 32, "words")
    key = kdf(v.b("entropy"), "recovery", found[6])
    return {"rootSecret": header.open_slots(found, 2, [key]).hex()}


def verify_header(v):
    top, identifier = header.verify_header(v.b("header"), v.b("rootSecret"))
    return hex_values(
        {"uid": top[0], "generation": top[2], "readSecret": top[4], "linkId": top[6], "certificateId": identifier}
    )


def decode_listing(v):
    found = records.check_listing(v.b("listing"))
    return {"kind": records.KINDS[found[0]], "size": found[8], "revision": found[2], "mode": found[14]}


def verify_record(v):
    found = records.verify_record(
        v.b("vaultId"),
        v.b("uid"),
        v.b("publicKey"),
        v.b("certificateId"),
        v["key"],
        v.b("listing"),
        v.b("content"),
        v.b("signature"),
        v.b("selfTagKey") if "selfTagKey" in v else None,
    )
    return {"kind": records.KINDS[found[0]], "size": found[8]}


def open_segment(v, blob):
    plain = segments.open_segment(v.b("vaultId"), v.b("key"), v.b("root"), v["segmentSize"], blob)
    return {"sha256": sha256(plain).hex()}


def open_segment_file(v):
    data = (FOLDER / "three-chunks.segment").read_bytes()
    blob = bytearray(b"".join(data[start:end] for start, end in v["parts"]))
    for at in v["flips"]:
        blob[at] ^= 1
    return open_segment(v, bytes(blob))


def open_escrow(v):
    found = directories.open_escrow(v.b("vaultId"), v.b("escrowSecret"), v.b("escrow"))
    names = {"uid": 0, "generation": 2, "readSecret": 4, "parentUid": 6, "name": 8}
    return hex_values({name: found[key] for name, key in names.items()})


def open_lease(v):
    found = directories.open_lease(v.b("vaultId"), v.b("leaseKey"), v.b("session"), v.b("lease"))
    return {"started": found[0], "state": ("live", "ended")[found[2]]}


def identity(found):
    return {"uid": found[2].hex(), "generation": found[4], "readSecret": found[6].hex()}


def open_moves(v):
    found = directories.open_moves(v.b("vaultId"), v.b("movesKey"), v.b("moves"))
    if 0 not in found:
        return {"free": True}
    return {"id": found[0].hex(), "child": identity(found), "unfenced": [identity(one) for one in found.get(8, [])]}


def open_mark(v):
    found = directories.open_mark(v.b("vaultId"), v.b("movesKey"), v.b("uid"), v["key"], v.b("mark"))
    return {"operation": found[0].hex(), "target": identity(found), "newest": found.get(8, b"").hex()}


def verify_chain(v):
    wires = [Inputs({"w": wire}).b("w") for wire in v["chain"]]
    return {"ids": [i.hex() for i in header.verify_chain(v.b("vaultId"), v.b("rootPublicKey"), wires)]}


def ed25519_verify(v):
    require(ed25519_valid(v.b("publicKey"), v.b("message"), v.b("signature")), "signature")
    return {}


def compare_keys(v):
    a, b = v["a"].encode(), v["b"].encode()
    return {"order": (a > b) - (a < b)}


def base32_decode(v):
    text, alphabet, bits = v["text"], "abcdefghijklmnopqrstuvwxyz234567", ""
    for character in text:
        require(character in alphabet, "character")
        bits += format(alphabet.index(character), "05b")
    whole = len(bits) // 8 * 8
    data = bytes(int(bits[at : at + 8], 2) for at in range(0, whole, 8))
    require(fields.base32(data) == text, "not the one spelling")
    return {"bytes": data.hex()}


def padme_size(v):
    length = v["length"]
    if length < 2:
        return {"padded": length}
    exponent = length.bit_length() - 1
    kept = exponent.bit_length() if exponent else 1
    mask = (1 << max(0, exponent - kept)) - 1
    return {"padded": (length + mask) & ~mask}


def hpke(v):
    return {"plaintext": hpke_open(v.b("secret"), v.b("info"), v.b("aad"), v.b("enc"), v.b("ct")).hex()}


OPERATIONS = {
    "cbor-decode": cbor_decode,
    "kdf": lambda v: {
        "key": kdf(v.b("key"), v["label"], v.b("vaultId"), *(decode(bytes.fromhex(c)) for c in v["context"])).hex()
    },
    "open": lambda v: {
        "plaintext": open_box(v.b("key"), v["label"], v.b("vaultId"), v.b("ad"), v.b("box")).hex()
    },
    "root-keys": lambda v: hex_values(header.root_keys(v.b("vaultId"), v.b("rootSecret"))),
    "derive-directory": derive_directory,
    "parse-header": parse_header,
    "unlock-passphrase": unlock_passphrase,
    "unlock-words": unlock_words,
    "verify-header": verify_header,
    "decode-listing": decode_listing,
    "decode-content": lambda v: {"pieces": records.check_content(v.b("content"))},
    "verify-record": verify_record,
    "open-head": lambda v: directories.open_head(v.directory(), v.b("publicKey"), v.b("head")),
    "open-page": lambda v: directories.open_page(v.directory(), v.b("blob"), v.b("sha256"), v.b("page")),
    "open-map": lambda v: directories.open_map(v.b("vaultId"), decode(v.b("ref")), v.b("map")),
    "open-segment": lambda v: open_segment(v, v.b("blob")),
    "open-segment-file": open_segment_file,
    "open-escrow": open_escrow,
    "hpke-open": hpke,
    "open-lease": open_lease,
    "open-moves": open_moves,
    "open-mark": open_mark,
    "open-releases": lambda v: {"releases": directories.open_releases(v.directory(), v.b("blob"), v.b("releases"))},
    "verify-chain": verify_chain,
    "ed25519-verify": ed25519_verify,
    "x25519": lambda v: {"shared": x25519(v.b("secret"), v.b("publicKey")).hex()},
    "check-name": lambda v: {"bytes": fields.check_name(v["name"])},
    "compare-keys": compare_keys,
    "base32-decode": base32_decode,
    "padme-size": padme_size,
}
NOT_CHECKED = {"argon2id"}


def main():
    opened = refused = skipped = wrong = 0
    for path in sorted(FOLDER.glob("*.json")):
        for vector in json.loads(path.read_text("utf-8"))["vectors"]:
            if vector["operation"] in NOT_CHECKED:
                skipped += 1
                continue
            try:
                found = {"ok": OPERATIONS[vector["operation"]](Inputs(vector["inputs"]))}
            except Refused as error:
                found = {"refused": str(error)}
            if "error" in vector["outcome"]:
                agrees, refused = "refused" in found, refused + 1
            else:
                agrees, opened = found == vector["outcome"], opened + 1
            if not agrees:
                wrong += 1
                print(f"{path.name} {vector['id']}: expected {vector['outcome']}, got {found}")
    print(f"{opened} opened, {refused} refused, {skipped} not checked, {wrong} wrong")
    return 1 if wrong or opened == 0 or refused == 0 else 0


sys.exit(main())
