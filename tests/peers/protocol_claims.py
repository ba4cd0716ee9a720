"""One plain message of each kind: what the other vectors are changes of."""

from protocol_derived import commitment, lines_of, proof
from protocol_wire import (
    KEYS, NOW_S, URL, b64, hash_of, id_of, message, name_bytes, sha256, to_json,
)

DEVICE, APPROVAL = KEYS["device"], KEYS["approval"]
SERVER = KEYS["server-1"]
ACCOUNT = id_of("account")
NONCE = id_of("device nonce")
SCANNED_SECRET = id_of("invitation secret")
TYPED_SECRET = "0429183746528"
OFFLINE_KEY = b64(name_bytes("offline key"))


def enrol(secret=SCANNED_SECRET, invitation=id_of("invitation")):
    commit = commitment({"nonce": NONCE})["commit"]
    keys = {"device": DEVICE.thumbprint(), "approval": APPROVAL.thumbprint()}
    return {
        "v": [1],
        "aud": URL,
        "inv": invitation,
        "proof": proof({"secret": secret, "commit": commit} | keys)["proof"],
        "commit": commit,
        "approve": {"jwk": APPROVAL.jwk(), "protection": "hardware", "presence": "each_use"},
        "device": {
            "name": "Pixel", "platform": "Android 16", "app": "Countersign 1.0",
            "protection": "hardware",
        },
        "caps": ["scan", "offline", "otp"],
        "iat": NOW_S - 30,
        "jti": id_of("enrol"),
    }


ENROL = message("enrol", enrol(), DEVICE)


def account(**changes):
    return {
        "v": 1,
        "aud": DEVICE.thumbprint(),
        "re": hash_of(ENROL),
        "n": 1,
        "nonce": id_of("server nonce"),
        "account": ACCOUNT,
        "issuer": "Example",
        "label": "ann@example.org",
        "keys": [SERVER.jwk()],
        "policy": {
            "presence": "required", "digits": 6, "lifetime_s": 120,
            "offline": False, "move": True, "export": True,
        },
        "confirm": "compare",
    } | changes


FIRST_ACCOUNT = message("account", account(), SERVER)


def request(label):
    return {"aud": URL, "account": ACCOUNT, "iat": NOW_S, "jti": id_of(label)}


def fetch(**changes):
    return request("fetch") | {"have": 1, "open": [], "wait_s": 25} | changes


FETCH = message("fetch", fetch(), DEVICE)


def statement(**changes):
    return {
        "iss": URL,
        "aud": [DEVICE.thumbprint(), KEYS["other-device"].thumbprint()],
        "account": ACCOUNT,
        "jti": id_of("statement"),
        "iat": NOW_S,
        "exp": NOW_S + 120,
        "act": "sign-in",
        "app": "Mail",
        "origin": "mail.example.org",
        "user": "ann@example.org",
        "place": {"city": "Berlin", "country": "DE"},
        "client": {"ip": "192.0.2.7", "browser": "Firefox", "os": "Linux"},
        "digits": 6,
        "tries": 3,
    } | changes


STATEMENT = message("statement", statement(), SERVER)


def answer(**changes):
    return {
        "aud": URL,
        "account": ACCOUNT,
        "st": id_of("statement"),
        "sth": hash_of(STATEMENT),
        "decision": "approve",
        "number": "042917",
        "shown": b64(sha256(to_json(lines_of(statement())))),
        "iat": NOW_S + 20,
    } | changes


def decision(word):
    """A decision that the device key signs: it brings no number."""
    made = answer(decision=word)
    del made["number"]
    return made


ANSWER = message("answer", answer(), APPROVAL)


def receipt(**changes):
    return {
        "aud": statement()["aud"],
        "st": id_of("statement"),
        "sth": hash_of(STATEMENT),
        "ath": hash_of(ANSWER),
        "by": {"kid": APPROVAL.thumbprint(), "name": "Pixel"},
        "via": "online",
        "outcome": "approved",
        "now": NOW_S + 21,
    } | changes


RECEIPT = message("receipt", receipt(), SERVER)


def state(**changes):
    return {
        "aud": DEVICE.thumbprint(),
        "re": hash_of(FETCH),
        "seq": 7,
        "now": NOW_S + 1,
        "state": {"is": "active"},
        "statements": [],
        "closed": [],
    } | changes


STATE = message("state", state(), SERVER)


def delivery(ring):
    return request("delivery") | {"seq": 1, "delivery": ring}


PUSH = {"to": "https://push.example.org/up/3f9c", "bell": id_of("bell")}
WEB_PUSH = PUSH | {"p256dh": KEYS["push"].point(), "auth": id_of("auth")}


MOVE = id_of("moving")


def move(**step):
    return request("move") | step


def history(**changes):
    return {
        "account": ACCOUNT, "head": b64(name_bytes("head")), "count": 12, "iat": NOW_S,
    } | changes


# What each kind's reader knows, whose keys may have signed, and which key did.
READERS = {
    "enrol": {"url": URL},
    "account": {"device": DEVICE.thumbprint(), "re": hash_of(ENROL)},
    "fetch": {"url": URL},
    "state": {"device": DEVICE.thumbprint(), "re": hash_of(FETCH)},
    "statement": {"url": URL, "device": DEVICE.thumbprint(), "account": ACCOUNT},
    "answer": {"url": URL},
    "receipt": {"device": DEVICE.thumbprint()},
    "delivery": {"url": URL},
    "move": {"url": URL},
    "leave": {"url": URL},
    "history": {},
}

BOTH_OF_THE_DEVICE = [["device", "device"], ["approval", "approval"]]
THE_SERVERS = [["server", "server-1"]]

VERIFIED_WITH = {kind: BOTH_OF_THE_DEVICE for kind in READERS} | {
    "enrol": "own",
    "account": THE_SERVERS,
    "state": THE_SERVERS,
    "statement": THE_SERVERS,
    "receipt": THE_SERVERS,
}

PLAIN = {
    "enrol": (enrol(), "device"),
    "account": (account(), "server-1"),
    "fetch": (fetch(), "device"),
    "state": (state(), "server-1"),
    "statement": (statement(), "server-1"),
    "answer": (answer(), "approval"),
    "receipt": (receipt(), "server-1"),
    "delivery": (delivery({"kind": "unifiedpush"} | PUSH), "device"),
    "move": (move(step="confirm", inv=MOVE, check="004217"), "approval"),
    "leave": (request("leave"), "device"),
    "history": (history(), "device"),
}
