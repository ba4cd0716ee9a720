"""Messages of a good envelope whose claims are refused: each differs from a good one in one claim."""

from protocol_claims import (
    APPROVAL, DEVICE, FIRST_ACCOUNT, MOVE, PLAIN, PUSH, RECEIPT, SERVER, STATE, STATEMENT, WEB_PUSH,
    answer, decision, delivery, move, receipt, state, statement,
)
from protocol_refused import bad_keys, refused
from protocol_wire import KEYS, NOW_S, b64, id_of, message, name_bytes

SHORT, LONG = id_of("x")[:-1], id_of("x") + "AA"
HASH = b64(name_bytes("another"))
# Null is no form of any claim, and the empty text is none of a text.
TEXT = [None, 1, "", {}]
NUMBER = [None, True, -1, "1"]
ID = [*TEXT, SHORT, LONG, "A" * 21 + "B", HASH]
HASHES = [*TEXT, HASH[:-1], HASH + "A", id_of("x"), "A" * 42 + "B"]
TIME = NUMBER
URLS = TEXT + ["https://" + "u" * 121]


def changed(good, *changes):
    """The good object with one member changed each, and each without one."""
    return [*[good | change for change in changes], *[
        {name: value for name, value in good.items() if name != left_out} for left_out in good
    ]]


def keys_of(kind):
    good = PLAIN[kind][0]["aud"]
    keys = [key.thumbprint() for key in KEYS.values() if key is not DEVICE]
    return [None, "", {}, [], good[0], [1], [SHORT], [DEVICE.thumbprint(), None], [*keys[:5], DEVICE.thumbprint()],
            [DEVICE.thumbprint()] * 2, [DEVICE.thumbprint(), keys[0], keys[0]]]


# Where others read another host, or none: docs/protocol.md §1.
HOSTS = ["", "/x", ":1", "a..b", ".a.example", "a.example.", "-a.example", "a-.example", "a_b.example", "a%2eexample",
         "l" * 64 + ".example", ".".join(["l" * 63] * 4), "2130706433", "127.1", "0x7f.1", "192.0.2.01", "[2001:db8::1",
         "[fe80::1%25eth0]", "2001:db8::1", "a.example:", "a.example:0", "a.example:080", "a.example:65536",
         "a.example@evil.example", "a.example\\@evil.example"]


def enrol_forms():
    good = PLAIN["enrol"][0]
    approve, device = good["approve"], good["device"]
    jwks = [{"jwk": jwk} for _, _, jwk in bad_keys()]
    attestation = {"device": "AAECAw", "approve": "BAUGBw"}
    return {
        "aud": URLS,
        "v": [None, 1, "1", [], {}, [0], [-1], ["1"], [2**32], [1, 2, 3, 4, 5, 6, 7, 8, 9]],
        "inv": [*TEXT, "12", "1234", "12a", "+12", "١٢٣", SHORT, LONG],
        "proof": HASHES,
        "commit": HASHES,
        "approve": [None, [], {}, *changed(
            approve, *jwks, {"jwk": None}, {"jwk": DEVICE.jwk()}, {"protection": "paper"},
            {"protection": "Hardware"}, {"presence": "often"}, {"presence": None},
        )],
        "device": [None, [], {}, *changed(
            device, {"name": ""}, {"name": "n" * 65}, {"platform": "p" * 33}, {"app": "a" * 33},
            {"app": 1}, {"protection": "paper"},
        )],
        "caps": [None, "scan", {}, [1], [""], ["scan", "scan"], ["c" * 33]],
        "attestation": [None, "A", [], *changed(attestation, {"device": ""}, {"approve": "A" * 12289})],
        "iat": TIME, "jti": ID,
    }


def account_forms():
    policy = PLAIN["account"][0]["policy"]
    addresses = [None, 1, "", "http://help.example.org", "HTTPS://help.example.org", "https://help.example.org/ä",
                 "https://help.example.org/ x", "https://help.example.org/" + "h" * 232, *[f"https://{host}/" for host in HOSTS]]
    point = KEYS["vapid"].point()
    return {
        "aud": HASHES, "re": HASHES,
        "v": [None, 0, 2, "1", [1]],
        "n": [*NUMBER, 0],
        "nonce": ID, "account": ID,
        "issuer": [*TEXT, "i" * 97], "label": [*TEXT, "l" * 97],
        "policy": [None, [], {}, *changed(
            policy, {"presence": "asked"}, {"digits": 5}, {"digits": 9}, {"lifetime_s": 0},
            {"lifetime_s": 601}, {"offline": None}, {"move": 1}, {"export": "true"},
        )],
        "keys": [None, "", {}, [], [1], [SERVER.jwk()] * 2, *[[jwk] for _, _, jwk in bad_keys()],
                 [key.jwk() for key in list(KEYS.values())[:5]]],
        "confirm": [*TEXT, "Type"],
        "help": addresses,
        "vapid": [None, 1, "", point[:-1], point + "A", "A" * 87, "B" + point[1:-1]],
    }


REQUEST = {"aud": URLS, "account": ID, "iat": TIME, "jti": ID}


def fetch_forms():
    return REQUEST | {
        "have": [*NUMBER, 0],
        "open": [None, {}, "", [1], [SHORT], [id_of(f"open {n}") for n in range(17)]],
        "reveal": [None, 1, "", SHORT, LONG],
        "replaces": [None, 1, "", id_of("x"), HASH + "A"],
        "want": [None, "secrets", [], ["codes"], ["secrets", "secrets"], [1]],
        "wait_s": [*NUMBER, 26],
    }


def state_forms():
    link = "countersign://enrol?v=1"
    invited = {"inv": MOVE, "invitation": link, "left": 3, "until": NOW_S + 600}
    testing = {"inv": MOVE, "number": "0429170", "device": "Pixel 2", "until": NOW_S + 600}
    other = [None, 1, "", STATE, "a.b.c"]
    numbers = [{"number": number} for number in ("12345", "123456789", "12345a", 123456, "")]
    suspended = {"is": "suspended", "why": "administrator"}
    return {
        "aud": HASHES, "re": HASHES, "seq": [*NUMBER, 0], "now": TIME,
        "state": [
            None, [], {}, "active", {"is": "Active"}, {"is": "asleep"}, {"is": None},
            {"is": "suspended"}, suspended | {"why": "left"}, suspended | {"until": -1},
            suspended | {"until": None}, {"is": "moved"}, {"is": "moved", "to": ""},
            {"is": "moved", "to": "t" * 65}, {"is": "removed"}, {"is": "removed", "why": "wrong_numbers"},
        ],
        "statements": [None, {}, STATEMENT, [1], [RECEIPT], [STATEMENT + "A"], [STATEMENT] * 22],
        "closed": [None, {}, RECEIPT, [1], [STATEMENT], [RECEIPT[:-1]], [RECEIPT] * 17],
        "account": [*other, STATEMENT],
        "secrets": [
            None, [], "", {"otp": ""}, {"otp": "o" * 1025}, {"otp": 1}, {"offline_key": SHORT},
            {"offline_key": HASH + "A"}, {"offline_key": None},
        ],
        "move": [
            None, [], {}, invited | testing,
            *changed(invited, {"inv": SHORT}, {"left": 0}, {"left": 4}, {"invitation": ""}, {"invitation": "i" * 1025}, {"device": ""}, {"device": "d" * 65}, {"until": -1}),
            *changed(testing, {"inv": None}, *numbers, {"device": ""}, {"until": None}),
        ],
        "stale": [None, False, 1, "true"],
    }


def statement_forms():
    good = PLAIN["statement"][0]
    pay = {"type": "pay", "amount": "12.50", "currency": "EUR", "to": "Shop"}
    amounts = [{"amount": amount} for amount in (
        "", "-1", "+1", ".5", "5.", "05", "1.2345", "1,5", "1e2", " 1", "1" * 17, 1)]
    addresses = [{"ip": address} for address in (
        "", "192.0.2", "192.0.2.07", "2001:DB8::1", "2001:db8:0::1", "::ffff:c000:207", "fe80::1%eth0", 1)]
    return {
        "iss": URLS, "aud": keys_of("statement"), "account": ID, "jti": ID, "iat": TIME,
        "exp": [*TIME, NOW_S, NOW_S - 1, NOW_S + 601],
        "act": TEXT, "app": [*TEXT, "a" * 65],
        "origin": [*TEXT, "Mail.example.org", "mail.example.org.", ".example.org", "a..b", "-a.org",
                   "a-.org", "https://mail.example.org", "mail.example.org:443", "mail.example.org:0",
                   "mail.example.org:080", "mail.example.org:65536", "mail.example.org/", "ann@mail.example.org",
                   "münchen.example", "a_b.org", "l" * 64 + ".org", "h" * 48 + "." + "o" * 48],
        "user": [*TEXT, "u" * 97],
        "place": [None, [], {}, "Berlin", *changed(
            good["place"], {"city": ""}, {"city": "c" * 49}, {"country": "de"}, {"country": "DEU"}, {"country": "D"})],
        "client": [None, [], {}, *changed(
            good["client"], *addresses, {"browser": ""}, {"browser": "b" * 33}, {"os": "o" * 33}, {"os": None})],
        "details": [None, [], {}, "pay", {"type": ""}, {"type": None}, *changed(
            pay, *amounts, {"currency": "eur"}, {"currency": "EURO"}, {"to": ""}, {"to": "t" * 65})],
        "digits": [*NUMBER, 5, 9], "tries": [*NUMBER, 0, 10],
    }


def answer_forms():
    return {
        "aud": URLS, "account": ID, "st": ID, "sth": HASHES, "shown": HASHES, "iat": TIME,
        "decision": [*TEXT, "Approve", "yes"],
        "number": [*TEXT, "12345", "123456789", "12345a", "+12345", "١٢٣٤٥٦"],
    }


def receipt_forms():
    by = PLAIN["receipt"][0]["by"]
    return {
        "aud": keys_of("receipt"), "st": ID, "sth": HASHES, "ath": HASHES,
        "by": [None, [], {}, "Pixel", *changed(by, {"kid": id_of("x")}, {"name": ""}, {"name": "n" * 65})],
        "via": [*TEXT, "Online"], "outcome": [*TEXT, "approve"],
        # Approved is no outcome that has tries left.
        "left": [*NUMBER, 0, 2, 256],
        "reported": [None, False, 1],
        "next": [None, "locked", [], ["lock"], ["locked"] * 4],
        "now": TIME,
    }


def delivery_forms():
    up, web = {"kind": "unifiedpush"} | PUSH, {"kind": "webpush"} | WEB_PUSH
    return REQUEST | {
        "seq": [*NUMBER, 0],
        "delivery": [
            None, [], {}, "none", {"kind": "pigeon"}, {"kind": None},
            *changed(up, {"to": "http://push.example.org"}, {"to": "https://push.example.org/" + "t" * 1000},
                     {"to": "https://push.example.org/\u202e"}, {"to": "https://push.example.org/#a"},
                     *[{"to": f"https://{host}/"} for host in HOSTS], {"bell": SHORT}, {"bell": None}),
            *changed(web, {"p256dh": web["p256dh"][:-1]}, {"p256dh": "A" * 87}, {"auth": SHORT}),
        ],
    }


def history_forms():
    return {"account": ID, "head": HASHES, "count": NUMBER, "iat": TIME}


FORMS = {
    "enrol": enrol_forms(), "account": account_forms(), "fetch": fetch_forms(),
    "state": state_forms(), "statement": statement_forms(), "answer": answer_forms(),
    "receipt": receipt_forms(), "delivery": delivery_forms(),
    "move": REQUEST | {"step": [*TEXT, "Start", "end"], "inv": [*ID, "007"], "check": [*TEXT, "00421", "0042170", "00421a"]},
    "leave": REQUEST, "history": history_forms(),
}
# What may be left out, or is missed only beside something else.
OPTIONAL = {
    "attestation", "help", "vapid", "reveal", "replaces", "want", "secrets", "move", "stale", "place",
    "client", "details", "ath", "by", "via", "left", "reported", "next",
}


def claim(error, name, kind, claims, of=None, key=None):
    made = {"claim": of} if of else {}
    compact = message(kind, claims, KEYS[key or PLAIN[kind][1]])
    return refused(error, name, kind, compact) | made


def missing():
    for kind, forms in FORMS.items():
        claims = PLAIN[kind][0]
        optional = OPTIONAL | ({"account"} if kind == "state" else set())
        for of in (of for of in forms if of not in optional):
            less = {name: value for name, value in claims.items() if name != of}
            yield claim("missing", f"{kind}-{of}", kind, less, of)
    paid = statement(act="action")
    yield claim("missing", "statement-details-of-action", "statement", paid, "details")
    wrong = receipt(outcome="wrong_number")
    yield claim("missing", "receipt-left-of-wrong_number", "receipt", wrong, "left")
    replacing = PLAIN["fetch"][0] | {"replaces": HASH}
    yield claim("missing", "fetch-reveal-beside-replaces", "fetch", replacing, "reveal")


def form():
    for kind, forms in FORMS.items():
        claims, key = PLAIN[kind]
        for of, values in forms.items():
            for n, value in enumerate(values):
                yield claim("form", f"{kind}-{of}-{n}", kind, claims | {of: value}, of)
    # Claims that have their form only beside others.
    for word in ("deny", "report", "cancel"):
        numbered = decision(word) | {"number": "042917"}
        yield claim("form", f"answer-number-of-{word}", "answer", numbered, "number", "device")
    for step in (move(step="start"), move(step="abort", inv=MOVE)):
        name = f"move-check-of-{step['step']}"
        yield claim("form", name, "move", step | {"check": "004217"}, "check")
    yield claim("form", "move-inv-of-start", "move", move(step="start", inv=MOVE), "inv")
    for outcome, left in [
        ("denied", 1), ("wrong_number", 0), ("wrong_number", 9), ("wrong_number", 255), ("expired", 0), ("reported", 1),
    ]:
        counted = receipt(outcome=outcome, left=left)
        yield claim("form", f"receipt-left-{left}-of-{outcome}", "receipt", counted, "left")


def audience():
    urls = ["https://login.example.com", "https://login.example.org/", "https://login.example.org:443",
            "http://login.example.org", "https://LOGIN.example.org"]
    for kind in ("enrol", "fetch", "answer", "delivery", "move", "leave"):
        for n, url in enumerate(urls):
            yield claim("audience", f"{kind}-{n}", kind, PLAIN[kind][0] | {"aud": url})
    for kind in ("account", "state"):
        for name, key in (("approval", APPROVAL), ("other-device", KEYS["other-device"])):
            yield claim("audience", f"{kind}-{name}", kind, PLAIN[kind][0] | {"aud": key.thumbprint()})
    for kind in ("statement", "receipt"):
        others = [KEYS["other-device"].thumbprint(), APPROVAL.thumbprint()]
        yield claim("audience", kind, kind, PLAIN[kind][0] | {"aud": others})


def reply():
    for kind in ("account", "state"):
        yield claim("reply", kind, kind, PLAIN[kind][0] | {"re": HASH})


def issuer():
    for n, url in enumerate(["https://login.example.com", "https://login.example.org/a"]):
        yield claim("issuer", f"{n}", "statement", statement(iss=url))


def account():
    yield claim("account", "statement", "statement", statement(account=id_of("another account")))


def role():
    yield claim("claimed_role", "approve", "answer", answer(), key="device")
    for word in ("deny", "report", "cancel"):
        yield claim("claimed_role", word, "answer", decision(word), key="approval")


CLAIMS = {
    "missing": missing, "form": form, "audience": audience, "reply": reply, "issuer": issuer,
    "account": account, "claimed_role": role,
}
