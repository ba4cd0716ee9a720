"""Messages that a reader takes, and what it gets of them."""

from protocol_claims import (
    ACCOUNT, DEVICE, FIRST_ACCOUNT, MOVE, NONCE, OFFLINE_KEY, PLAIN, PUSH, READERS, RECEIPT,
    SCANNED_SECRET, STATEMENT, TYPED_SECRET, VERIFIED_WITH, WEB_PUSH, account, answer, decision,
    delivery, enrol, fetch, history, move, receipt, request, state, statement,
)
from protocol_derived import shown
from protocol_wire import (
    KEYS, NOW_S, SIZE, SIZES, URL, b64, hash_of, id_of, message, name_bytes, padded,
)

NOT_LISTED = {"x_later": {"a": [1, True, None, "b"]}}


def case(kind, name, claims, section, **more):
    """A vector. `read` is what a reader gets, as claims; what it ignores is not in it."""
    key = KEYS[more.pop("key", PLAIN[kind][1])]
    compact = more.pop("compact", None) or message(kind, claims, key)
    made = {
        "id": f"{kind}-{name}",
        "reader": more.pop("reader", READERS[kind]),
        "keys": more.pop("keys", VERIFIED_WITH[kind]),
    }
    made |= {name: more.pop(name) for name in ("pinned", "secret") if name in more}
    made |= {"key": key.name, "claims": claims, "compact": compact, "hash": hash_of(compact)}
    read = more.pop("read", claims)
    assert not more, more
    return made | {"read": read, "source": f"docs/protocol.md §{section}"}


def longest(kind, section):
    """A message of the greatest length that its kind may have."""
    claims, key = PLAIN[kind]
    length = SIZES.get(kind, SIZE)
    # Not every length is one of base64.
    compact = next(
        made for less in range(3)
        if len(made := padded(kind, claims, KEYS[key], length - less)) <= length
    )
    more = {"secret": SCANNED_SECRET} if kind == "enrol" else {}
    made = case(kind, "longest", {}, section, compact=compact, read=claims, **more)
    # They are mostly one long text, and are in the message.
    del made["claims"]
    return made


def enrols():
    scanned = {"secret": SCANNED_SECRET}
    typed = {"secret": TYPED_SECRET}
    attested = enrol() | {"attestation": {"device": "AAECAw", "approve": "BAUGBw"}}
    software = enrol(TYPED_SECRET, "007") | {"caps": []}
    software["approve"] |= {"protection": "software", "presence": "none"}
    software["device"] |= {"protection": "software"}
    unlocked = enrol(TYPED_SECRET, "999") | {"caps": ["otp", "scan"]}
    unlocked["approve"] |= {"presence": "unlocked"}
    widest = enrol()
    widest["device"] |= {"name": "ü" * 32, "platform": "p" * 32, "app": "a" * 32}
    newer = enrol() | {"v": [2, 1, 3], "caps": ["scan", "holograms", "offline", "otp"]} | NOT_LISTED
    return [
        case("enrol", "scanned", enrol(), 5, **scanned),
        case("enrol", "attested", attested, 5, **scanned),
        case("enrol", "typed-software", software, 5, **typed),
        case("enrol", "typed-unlocked", unlocked, 5, **typed),
        case("enrol", "widest-names", widest, 5, **scanned),
        case("enrol", "of-a-newer-device", newer, 5, read=enrol(), **scanned),
        case("enrol", "other-versions", {"aud": URL, "v": [2, 3]}, 5, read={"newest": 3}),
        longest("enrol", 2),
    ]


def accounts():
    first = {"keys": "first"}
    jwks = [KEYS[f"server-{n}"].jwk() for n in (1, 2, 3, 4)]
    typed = account(
        confirm="type", help="https://help.example.org/a?b#c", vapid=KEYS["vapid"].point()
    )
    second = account(n=2, keys=jwks[:2], label="Ann")
    preferred = account(policy={
        "presence": "preferred", "digits": 8, "lifetime_s": 600,
        "offline": True, "move": False, "export": False,
    })
    pinned = first | {"pinned": KEYS["server-1"].thumbprint()}
    return [
        case("account", "first-pinned", account(), 6, **pinned),
        case("account", "first-typed", typed, 6, **first),
        case("account", "first-of-four-keys", account(keys=jwks), 6, key="server-4", **first),
        case("account", "second-version", second, 6),
        case("account", "other-rules", preferred, 6),
        case("account", "other-members", account() | NOT_LISTED, 6, read=account()),
        longest("account", 2),
    ]


def fetches():
    ids = [id_of(f"open {n}") for n in range(16)]
    replaces = KEYS["other-device"].thumbprint()
    return [
        case("fetch", "plain", fetch(), 7),
        case("fetch", "revealing", fetch(reveal=NONCE), 7),
        case("fetch", "replacing", fetch(reveal=NONCE, replaces=replaces), 7),
        case("fetch", "wanting", fetch(want=["secrets"], wait_s=0, have=2**53 - 1), 7),
        case("fetch", "with-sixteen-open", fetch(open=ids), 7),
        case("fetch", "other-members", fetch() | NOT_LISTED, 7, read=fetch()),
        longest("fetch", 2),
    ]


def states():
    def standing(name, **members):
        return case("state", name, state(state=members), 8)

    removed = [
        "wrong_check", "wrong_reveal", "timed_out", "left", "replaced", "too_many", "move_ended",
        "administrator",
    ]
    secrets = {"otp": "otpauth://totp/Example:ann?secret=JBSWY3DPEHPK3PXP", "offline_key": OFFLINE_KEY}
    invitation = f"countersign://enrol?v=1&url=https%3A%2F%2Flogin.example.org&id={MOVE}"
    invited = {"inv": MOVE, "invitation": invitation, "left": 3, "until": NOW_S + 600}
    testing = {"inv": MOVE, "number": "0429170", "device": "Pixel 2", "until": NOW_S + 600}
    full = state(statements=[STATEMENT] * 5, closed=[RECEIPT] * 16, account=FIRST_ACCOUNT)
    return [
        case("state", "active", state(), 8),
        standing("unconfirmed", **{"is": "unconfirmed"}),
        standing("confirmed", **{"is": "confirmed"}),
        standing("suspended", **{"is": "suspended", "why": "wrong_numbers", "until": NOW_S + 3600}),
        standing("suspended-for-good", **{"is": "suspended", "why": "administrator"}),
        standing("moved", **{"is": "moved", "to": "Pixel 2"}),
        *[standing(f"removed-{why}", **{"is": "removed", "why": why}) for why in removed],
        case("state", "full", full, 8),
        case("state", "all-open", state(statements=[STATEMENT] * 21), 8),
        case("state", "with-secrets", state(secrets=secrets), 8),
        case("state", "with-no-secrets", state(secrets={}), 8),
        case("state", "invited", state(move=invited), 8),
        case("state", "taken", state(move=invited | {"device": "Pixel 2", "left": 1}), 8),
        case("state", "testing", state(move=testing), 8),
        case("state", "stale", state(stale=True), 8),
        case("state", "other-members", state() | NOT_LISTED, 8, read=state()),
        longest("state", 2),
    ]


def statements():
    def one(name, claims, unknown=None):
        made = shown({"claims": claims})
        read = {"unknown": unknown, "lines": made["lines"], "shown": made["shown"]}
        return case("statement", name, claims, 9, read=read)

    least = {name: claim for name, claim in statement().items() if name not in ("place", "client")}
    pay = {"type": "pay", "amount": "12.50", "currency": "EUR", "to": "Shop"}
    paid = statement(act="action", details=pay)
    tricky = statement(
        app="a|b\",\"c\\", user="ann\u202egro.elpmaxe\u2066\n\0", origin="xn--pple-43d.com:8443"
    )
    six = {"ip": "2001:db8::1", "browser": "Firefox", "os": "Linux"}
    five = [key.thumbprint() for key in list(KEYS.values())[:4]] + [DEVICE.thumbprint()]
    widest = least | {
        "iss": URL + "/" + "b" * 102, "aud": five, "exp": NOW_S + 600,
        "app": "é" * 32, "origin": "o" * 48 + "." + "p" * 47, "user": "u" * 96, "digits": 8, "tries": 9,
        "place": {"city": "c" * 48, "country": "DE"},
        "client": {"ip": "2001:db8:1111:2222:3333:4444:5555:6666", "browser": "b" * 32, "os": "o" * 32},
    }
    made = [
        one("sign-in", statement()),
        *[one(act, least | {"act": act, "exp": NOW_S + 1}) for act in ("test", "reset", "change")],
        one("payment", paid),
        one("whole-amount", statement(details=pay | {"amount": "0"})),
        one("of-six", statement(client=six)),
        one("tricky", tricky),
        one("cut", statement(user="\u202e" * 32)),
        one("private-letters", statement(app="\ue000\U000e0041\u200b\ufeff\u2028")),
        one("unknown-act", statement(act="sign-out"), "act"),
        one("unknown-details", statement(details={"type": "vote", "for": "x"}), "details"),
        one("unknown-member", statement(note="x"), "member"),
        one("unknown-of-place", statement(place=statement()["place"] | {"zip": "1"}), "member"),
        one("unknown-of-client", statement(client=six | {"device": "x"}), "member"),
        one("unknown-of-payment", statement(details=pay | {"fee": "1"}), "member"),
    ]
    wide = one("widest", widest)
    made.append(wide | {"reader": wide["reader"] | {"url": widest["iss"]}})
    long = longest("statement", 2)
    # The member that makes it long is one that nobody knows.
    return [*made, long | {"read": made[0]["read"] | {"unknown": "member"}}]


def answers():
    return [
        case("answer", "approve", answer(), 10),
        case("answer", "approve-eight", answer(number="00000000"), 10),
        *[case("answer", word, decision(word), 10, key="device") for word in ("deny", "report", "cancel")],
        case("answer", "other-members", answer() | NOT_LISTED, 10, read=answer()),
        longest("answer", 2),
    ]


def receipts():
    alone = {name: receipt()[name] for name in ("aud", "st", "sth", "now")}
    device = {"kid": DEVICE.thumbprint(), "name": "Pixel"}
    by = {"by": device}
    offline = alone | {"by": device, "via": "offline", "outcome": "approved"}
    reported = receipt(
        outcome="reported", reported=True, next=["locked", "password_change", "admin_told"], **by
    )
    return [
        case("receipt", "approved", receipt(), 11),
        case("receipt", "approved-offline", offline, 11),
        case("receipt", "denied", receipt(outcome="denied", **by), 11),
        case("receipt", "denied-by-tries", receipt(outcome="denied", left=0), 11),
        case("receipt", "cancelled", receipt(outcome="cancelled", **by), 11),
        case("receipt", "reported", reported, 11),
        case("receipt", "reported-after-its-end", alone | {"outcome": "expired", "reported": True}, 11),
        case("receipt", "withdrawn", alone | {"outcome": "withdrawn"}, 11),
        *[case("receipt", f"wrong-number-{left}", receipt(outcome="wrong_number", left=left), 11) for left in (1, 2, 8)],
        case("receipt", "other-members", receipt() | NOT_LISTED, 11, read=receipt()),
        longest("receipt", 2),
    ]


def deliveries():
    wide = {"kind": "gateway"} | PUSH | {"to": "https://push.example.org/" + "g" * 999}
    label = "h" * 63
    hosts = ["8.8.8.8", "[2606:4700::1]:8443", "Push.Example.ORG:65535", f"{label}.{label}.{label}." + "h" * 61]
    none = {"kind": "none"}
    return [
        case("delivery", "nowhere", delivery(none), 7),
        *[case("delivery", kind, delivery({"kind": kind} | PUSH), 7) for kind in ("unifiedpush", "gateway")],
        case("delivery", "webpush", delivery({"kind": "webpush"} | WEB_PUSH), 7),
        case("delivery", "longest-address", delivery(wide), 7),
        *[case("delivery", f"host-{n}", delivery({"kind": "gateway"} | PUSH | {"to": f"https://{host}/up?a"}), 7)
          for n, host in enumerate(hosts)],
        case("delivery", "other-members", delivery(none | NOT_LISTED), 7, read=delivery(none)),
        longest("delivery", 2),
    ]


def moves():
    return [
        case("move", "start", move(step="start"), 7),
        case("move", "abort", move(step="abort", inv=MOVE), 7),
        case("move", "confirm", PLAIN["move"][0], 7),
        case("move", "other-members", move(step="start") | NOT_LISTED, 7, read=move(step="start")),
        longest("move", 2),
    ]


def leaves():
    leave = request("leave")
    return [
        case("leave", "plain", leave, 7),
        case("leave", "other-members", leave | NOT_LISTED, 7, read=leave),
        longest("leave", 2),
    ]


def histories():
    other = b64(name_bytes("other head"))
    return [
        case("history", "end", history(), 14),
        case("history", "of-nothing", history(count=0, head=other), 14),
        case("history", "other-members", history() | NOT_LISTED, 14, read=history()),
        longest("history", 2),
    ]


ACCEPTED = {
    "enrol": enrols, "account": accounts, "fetch": fetches, "state": states,
    "statement": statements, "answer": answers, "receipt": receipts, "delivery": deliveries,
    "move": moves, "leave": leaves, "history": histories,
}
