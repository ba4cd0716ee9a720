"""Everything that both ends of the approval protocol derive, with each step's value.

Written from docs/protocol.md §3 and §7, with hmac, hashlib and unicodedata alone.
"""

import datetime
import hashlib
import hmac
import unicodedata

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from protocol_wire import b64, sha256, to_json, unb64

# Categories whose code points are written out.
UNSEEN = {"Cc", "Cf", "Zl", "Zp", "Co", "Cs", "Cn"}
TEXT_MAX = 120


def labelled(label, *fields):
    return label.encode() + b"\0" + b"".join(fields)


def secret_bytes(secret):
    """A scanned secret is 16 bytes in base64url; a typed one is 13 digits."""
    return secret.encode() if len(secret) == 13 and secret.isdigit() else unb64(secret)


def commitment(case):
    return {"commit": b64(sha256(unb64(case["nonce"])))}


def proof(case):
    fields = [unb64(case[name]) for name in ("device", "approval", "commit")]
    data = labelled("cs-proof/1", *fields)
    key = secret_bytes(case["secret"])
    return {
        "key_hex": key.hex(),
        "input_hex": data.hex(),
        "proof": b64(hmac.new(key, data, hashlib.sha256).digest()),
    }


def attestation_challenge(case):
    audience = sha256(case["aud"].encode())
    data = labelled("cs-attest/1", audience, unb64(case["commit"]))
    return {"audience_hex": audience.hex(), "input_hex": data.hex(), "challenge": b64(sha256(data))}


def check_number(case):
    salt, nonce = unb64(case["enrol"]), unb64(case["nonce"])
    info = labelled("cs-check/1", unb64(case["account"]))
    key = hmac.new(salt, nonce, hashlib.sha256).digest()
    # RFC 5869 §2.3: the first block is enough.
    okm = hmac.new(key, info + b"\x01", hashlib.sha256).digest()[:8]
    library = HKDF(algorithm=hashes.SHA256(), length=8, salt=salt, info=info).derive(nonce)
    assert okm == library, "two ways to one HKDF"
    return {
        "prk_hex": key.hex(),
        "info_hex": info.hex(),
        "okm_hex": okm.hex(),
        "number": f"{int.from_bytes(okm) % 10**6:06}",
    }


def offline_response(case):
    data = labelled("cs-offline/1", unb64(case["statement"]))
    tag = hmac.new(unb64(case["offline_key"]), data, hashlib.sha256).digest()
    # RFC 4226 §5.3.
    offset = tag[-1] & 0xF
    truncated = int.from_bytes(tag[offset : offset + 4]) & 0x7FFF_FFFF
    return {
        "input_hex": data.hex(),
        "tag_hex": tag.hex(),
        "offset": offset,
        "truncated": truncated,
        "response": f"{truncated % 10**8:08}",
    }


def thumbprint(case):
    jwk = case["jwk"]
    document = '{"crv":"%s","kty":"%s","x":"%s","y":"%s"}' % (
        jwk["crv"], jwk["kty"], jwk["x"], jwk["y"],
    )
    return {"document": document, "thumbprint": b64(sha256(document.encode()))}


def shown_text(text):
    escaped = "".join(
        f"\\u{{{ord(letter):04X}}}" if unicodedata.category(letter) in UNSEEN else letter
        for letter in text
    )
    return escaped if len(escaped) <= TEXT_MAX else escaped[: TEXT_MAX - 1] + "…"


def lines_of(claims):
    """The lines of a statement's claims."""
    acts = ("test", "sign-in", "reset", "change", "action")
    lines = [["server", claims["iss"].split("://")[1].split("/")[0]]]
    lines += [["act", claims["act"]]] if claims["act"] in acts else []
    lines += [[name, claims[name]] for name in ("app", "origin", "user")]
    if place := claims.get("place"):
        lines.append(["place", f"{place['city']}, {place['country']}"])
    if client := claims.get("client"):
        lines += [[name, client[name]] for name in ("ip", "browser", "os")]
    details = claims.get("details")
    if details and details["type"] == "pay":
        lines.append(["amount", f"{details['amount']} {details['currency']}"])
        lines.append(["payee", details["to"]])
    made = datetime.datetime.fromtimestamp(claims["iat"], datetime.timezone.utc)
    lines.append(["time", made.strftime("%Y-%m-%d %H:%M:%S UTC")])
    return [[name, shown_text(text)] for name, text in lines]


def shown(case):
    lines = lines_of(case["claims"])
    # For lists of texts without controls this is the form of RFC 8785.
    document = to_json(lines)
    return {"lines": lines, "document": document.decode(), "shown": b64(sha256(document))}


DERIVED = {
    "commitment": commitment,
    "proof": proof,
    "attestation_challenge": attestation_challenge,
    "check_number": check_number,
    "offline_response": offline_response,
    "thumbprint": thumbprint,
    "shown": shown,
}


def derive(case):
    """The value of a case, with its steps."""
    return DERIVED[case["value"]](case["of"])
