"""Checks an exported history from standard input, with a JOSE library alone: the chain of its lines, every message of every
entry, and the ends that the accounts' own keys signed. Says what holds, or where it does not, as a JSON document.

`docs/history.md` describes the lines.
"""

import base64
import hashlib
import json
import sys

from joserfc import jws
from joserfc.errors import JoseError
from joserfc.jwk import ECKey

REGISTRY = jws.JWSRegistry(algorithms=["ES256"])
KINDS = ["enrolled", "document", "answered", "closed", "refused", "muted", "suspended", "moved", "removed", "left",
         "key_replaced", "active"]
DECISIONS = ["approve", "deny", "report", "cancel", "offline"]
OUTCOMES = ["approved", "denied", "reported", "cancelled", "expired", "withdrawn", "elsewhere", "unknown", "wrong_number"]
ROLES = {"cs-enrol+jws": "device", "cs-history+jws": "device", "cs-account+jws": "server", "cs-statement+jws": "server",
         "cs-receipt+jws": "server", "cs-state+jws": "server", "cs-move+jws": "approval", "cs-leave+jws": "device"}


class Bad(Exception):
    """What does not hold, and at which place of the history."""


def unb64(text):
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


def b64(data):
    return base64.urlsafe_b64encode(data).decode().rstrip("=")


def field(number, value):
    return bytes([number]) + len(value).to_bytes(4) + value


def number_of(name, names):
    return bytes([names.index(name) + 1])


def entry_bytes(line):
    """The entry as the device hashed it, from what the line says."""
    parts = [field(1, line["at"].to_bytes(8)), field(2, number_of(line["kind"], KINDS)),
             field(3, bytes.fromhex(line["account"]))]
    if line["statement"] is not None:
        parts.append(field(4, unb64(line["statement"])))
    if line["decision"] is not None:
        parts.append(field(5, number_of(line["decision"], DECISIONS)))
    if line["outcome"] is not None:
        parts.append(field(6, number_of(line["outcome"], OUTCOMES)))
    if line["cause"] is not None:
        parts.append(field(7, line["cause"].encode()))
    parts += [field(8, f"{one['label']}\0{one['text']}".encode()) for one in line["messages"]]
    return b"".join(parts) + b"\0"


def follow(head, line):
    """What the chain comes to after a line."""
    pair = lambda: line["at"].to_bytes(8) + line["count"].to_bytes(8)
    if line["line"] == "cut":
        return unb64(line["start"])
    if line["line"] == "withheld":
        kind, content = 2, unb64(line["hash"])
    else:
        kind, value = {"entry": lambda: (2, entry_bytes(line)), "lost": lambda: (4, pair()),
                       "porch_lost": lambda: (5, pair())}[line["line"]]()
        content = hashlib.sha256(value).digest()
    return hashlib.sha256(b"countersign-log/1\0" + head + line["seq"].to_bytes(8) + bytes([kind]) + content).digest()


def verified(message, keys, seq):
    """The header and the claims of a message that a key of the account signed in the role that its kind asks for."""
    try:
        header = json.loads(unb64(message.split(".")[0]))
        role, key = keys[header["kid"]]
        claims = json.loads(jws.deserialize_compact(message, key, registry=REGISTRY).payload)
    except (JoseError, ValueError, KeyError):
        raise Bad(seq, "message") from None
    answers = "approval" if claims.get("decision") == "approve" else "device"
    if role != (answers if header["typ"] == "cs-answer+jws" else ROLES.get(header["typ"])):
        raise Bad(seq, "role")
    return header, claims


OWN = ({"approve", "deny", "cancel"}, {"approved", "denied", "cancelled", "wrong_number"})


def check_entry(line, keys):
    answers = {b64(hashlib.sha256(one["text"].encode()).digest()) for one in line["messages"] if one["label"] == "cs-answer+jws"}
    is_own = line["decision"] in OWN[0] and line["outcome"] in OWN[1]
    for message in line["messages"]:
        header, claims = verified(message["text"], keys[line["account"]], line["seq"])
        about = b64(hashlib.sha256(message["text"].encode()).digest())
        about = about if header["typ"] == "cs-statement+jws" else claims.get("sth", line["statement"])
        if about != line["statement"]:
            raise Bad(line["seq"], "statement")
        if header["typ"] == "cs-answer+jws" and claims["decision"] != line["decision"]:
            raise Bad(line["seq"], "decision")
        if is_own and header["typ"] == "cs-receipt+jws" and claims.get("ath") and claims["ath"] not in answers:
            raise Bad(line["seq"], "answer")


def check(lines):
    first, head, last, keys, counts = lines[0], bytes(32), 0, {}, {"entry": 0, "withheld": 0, "cut": 0, "end": 0}
    if first["line"] != "history" or first["version"] != 1:
        raise Bad(0, "version")
    for line in lines[1:]:
        if line["line"] == "keys":
            known = [(key["role"], ECKey.import_key(key["jwk"])) for key in line["keys"]]
            keys[line["account"]] = {key.thumbprint(): (role, key) for role, key in known}
            continue
        if line["line"] == "end":
            _, claims = verified(line["message"], keys[line["account"]], last)
            if (claims["head"], claims["count"]) != (b64(head), last):
                raise Bad(last, "end")
            counts["end"] += 1
            continue
        begins = {"cut": line["seq"] if last == 0 else 0, "lost": last + line.get("count", 0)}
        if line["seq"] != begins.get(line["line"], last + 1):
            raise Bad(last + 1, "missing")
        if line["line"] == "entry":
            check_entry(line, keys)
        counts[line["line"]] = counts.get(line["line"], 0) + 1
        head, last = follow(head, line), line["seq"]
    if (first["head"], first["count"]) != (b64(head), last):
        raise Bad(last, "end")
    return counts


try:
    print(json.dumps(check([json.loads(line) for line in sys.stdin])))
except Bad as bad:
    print(json.dumps({"bad": bad.args[0], "because": bad.args[1]}))
