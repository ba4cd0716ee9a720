"""What every message of the approval protocol is made of: encodings, test keys, ES256 with a low s, the compact form.

Written from docs/protocol.md, with nothing of the product. The keys are made of their names and are for tests only.
"""

import base64
import hashlib
import json

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

# The order of P-256 (SEC 2 §2.4.2).
ORDER = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551

URL = "https://login.example.org"
NOW_S = 1_800_000_000

SIZES = {"enrol": 32 * 1024, "state": 64 * 1024, "statement": 1_600}
SIZE = 8 * 1024


def sha256(data):
    return hashlib.sha256(data).digest()


def b64(data):
    return base64.urlsafe_b64encode(data).decode().rstrip("=")


def unb64(text):
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


def to_json(value):
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False).encode()


def name_bytes(label, count=32):
    """Bytes that are the same in every run and belong to nothing else."""
    return sha256(b"countersign test: " + label.encode())[:count]


def id_of(label):
    return b64(name_bytes(label, 16))


class Key:
    """A P-256 key made of its name."""

    def __init__(self, name):
        self.name = name
        self.scalar = int.from_bytes(name_bytes("key " + name)) % (ORDER - 1) + 1
        self.private = ec.derive_private_key(self.scalar, ec.SECP256R1())
        numbers = self.private.public_key().public_numbers()
        self.x, self.y = numbers.x.to_bytes(32), numbers.y.to_bytes(32)

    def jwk(self):
        return {"kty": "EC", "crv": "P-256", "x": b64(self.x), "y": b64(self.y)}

    def private_jwk(self):
        return self.jwk() | {"d": b64(self.scalar.to_bytes(32))}

    def pkcs8(self):
        """With its public half, as most readers want it (RFC 5958, RFC 5915)."""
        made = self.private.private_bytes(Encoding.DER, PrivateFormat.PKCS8, NoEncryption())
        return b64(made)

    def point(self):
        return b64(b"\x04" + self.x + self.y)

    def thumbprint_document(self):
        """RFC 7638 §3: the members in the order of their names."""
        return json.dumps(self.jwk(), separators=(",", ":"), sort_keys=True)

    def thumbprint(self):
        return b64(sha256(self.thumbprint_document().encode()))

    def sign(self, data, low=True):
        """r ‖ s. The same data gets the same signature (RFC 6979), so that the vectors can be made again."""
        der = self.private.sign(data, ec.ECDSA(hashes.SHA256(), deterministic_signing=True))
        r, s = decode_dss_signature(der)
        s = min(s, ORDER - s) if low else max(s, ORDER - s)
        return r.to_bytes(32) + s.to_bytes(32)


# A device has two keys for each account; `other` is a second phone of the same person.
KEYS = {
    name: Key(name)
    for name in [
        "server-1", "server-2", "server-3", "server-4", "device", "approval",
        "other-device", "other-approval", "stranger", "push", "vapid",
    ]
}


def header(kind, key):
    made = {"alg": "ES256", "typ": f"cs-{kind}+jws", "kid": key.thumbprint()}
    return made | ({"jwk": key.jwk()} if kind == "enrol" else {})


def compact_of(header_bytes, claims_bytes, sign):
    signed = f"{b64(header_bytes)}.{b64(claims_bytes)}"
    return f"{signed}.{b64(sign(signed.encode()))}"


def message(kind, claims, key, changed_header=None, claims_bytes=None):
    """A message; `changed_header` and `claims_bytes` are for those that are refused."""
    head = header(kind, key) if changed_header is None else changed_header
    head = head if isinstance(head, bytes) else to_json(head)
    body = to_json(claims) if claims_bytes is None else claims_bytes
    return compact_of(head, body, key.sign)


def hash_of(compact):
    return b64(sha256(compact.encode()))


def claims_of(compact):
    return json.loads(unb64(compact.split(".")[1]))


def padded(kind, claims, key, length):
    """A message of so many characters, or one more where base64 has no such length."""
    short = len(message(kind, claims | {"pad": ""}, key))
    count = max(0, (length - short) * 3 // 4 - 4)
    while len(made := message(kind, claims | {"pad": "x" * count}, key)) < length:
        count += 1
    return made
