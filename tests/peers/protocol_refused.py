"""Messages whose envelope is refused: each differs from a good one in one thing."""

from protocol_claims import (
    APPROVAL, BOTH_OF_THE_DEVICE, DEVICE, FETCH, PLAIN, READERS, SERVER, STATEMENT, THE_SERVERS,
    VERIFIED_WITH, account, enrol, fetch, statement,
)
from protocol_wire import (
    KEYS, ORDER, SIZE, SIZES, URL, b64, compact_of, header, message, padded, to_json, unb64,
)

LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"


def refused(error, name, kind, compact, **more):
    """A vector. `why` is what an error says beside its name."""
    made = {"id": f"{error}-{name}", "kind": kind, "reader": READERS[kind]}
    made |= {"keys": more.pop("keys", VERIFIED_WITH[kind])}
    return made | more | {"compact": compact, "error": error}


def too_large():
    # At least one character more than the greatest length.
    for kind in PLAIN:
        claims, key = PLAIN[kind]
        compact = padded(kind, claims, KEYS[key], SIZES.get(kind, SIZE) + 1)
        yield refused("too_large", kind, kind, compact)
    # Each of its claims is within its limit, and all of them together do not fit.
    pay = {"type": "pay", "amount": "1" * 16, "currency": "EUR", "to": "t" * 64}
    five = [key.thumbprint() for key in list(KEYS.values())[:5]]
    wide = statement(
        iss=URL + "/" + "b" * 102, aud=five, app="a" * 64, origin="o" * 48 + "." + "p" * 47, user="u" * 96, details=pay,
        place={"city": "c" * 48, "country": "DE"},
        client={"ip": "2001:db8:1111:2222:3333:4444:5555:6666", "browser": "b" * 32, "os": "o" * 32},
    )
    yield refused("too_large", "statement-at-every-limit", "statement", message("statement", wide, SERVER))


def parts():
    head, body, signature = FETCH.split(".")
    for name, compact in [
        ("empty", ""), ("one", head), ("two", f"{head}.{body}"), ("four", f"{FETCH}.{signature}"),
        ("dot-at-the-end", FETCH + "."), ("json", to_json({"payload": body}).decode()),
    ]:
        yield refused("parts", name, "fetch", compact)


def base64url():
    head, body, signature = FETCH.split(".")
    # 64 bytes leave four bits of the last character to spare.
    spare = signature[:-1] + LETTERS[LETTERS.index(signature[-1]) + 1]
    for name, made in [
        ("padding-of-header", [head + "=", body, signature]),
        ("padding-of-claims", [head, body + "=", signature]),
        ("padding-of-signature", [head, body, signature + "=="]),
        ("spare-bits", [head, body, spare]),
        ("other-alphabet", [head, body, "+/" + signature[2:]]),
        ("one-letter-too-many", [head, body, signature + "AAA"]),
        ("line-break", [head, body, signature + "\n"]),
        ("space", [" " + head, body, signature]),
        ("not-ascii", [head, body, "é" + signature]),
    ]:
        yield refused("base64url", name, "fetch", ".".join(made))


def bad_json(good):
    """Documents that are no JSON of the protocol's, made of a good object."""
    first = to_json(good)[1:-1]
    deep = b"[" * 8 + b"]" * 8
    return [
        ("syntax", "cut", b"{" + first),
        ("syntax", "empty", b""),
        ("syntax", "text-after", b"{" + first + b"}x"),
        ("syntax", "two-documents", b"{" + first + b"}{}"),
        ("syntax", "comma-at-the-end", b"{" + first + b",}"),
        ("syntax", "byte-order-mark", b"\xef\xbb\xbf{" + first + b"}"),
        ("syntax", "not-utf8", b"{" + first + b',"x":"\xff"}'),
        ("syntax", "overlong-utf8", b"{" + first + b',"x":"\xc0\x80"}'),
        ("syntax", "surrogate-in-utf8", b"{" + first + b',"x":"\xed\xa0\x80"}'),
        ("syntax", "half-a-surrogate-pair", b"{" + first + b',"x":"\\ud800"}'),
        ("syntax", "control-in-text", b"{" + first + b',"x":"\n"}'),
        ("syntax", "not-a-number", b"{" + first + b',"x":NaN}'),
        ("syntax", "plus", b"{" + first + b',"x":+1}'),
        ("syntax", "zero-before-a-number", b"{" + first + b',"x":01}'),
        ("duplicate_member", "same", b"{" + first + b"," + first + b"}"),
        ("duplicate_member", "escaped", b"{" + first + b',"x":1,"\\u0078":1}'),
        ("duplicate_member", "inside", b"{" + first + b',"x":[{"y":1,"y":1}]}'),
        ("too_deep", "lists", b"{" + first + b',"x":' + deep + b"}"),
        ("too_deep", "very", b"{" + first + b',"x":' + b"[" * 100 + b"]" * 100 + b"}"),
        ("number", "point", b"{" + first + b',"x":1.0}'),
        ("number", "exponent", b"{" + first + b',"x":1e2}'),
        ("number", "minus-zero", b"{" + first + b',"x":-0}'),
        ("number", "two-to-53", b"{" + first + b',"x":9007199254740992}'),
        ("number", "minus-two-to-53", b"{" + first + b',"x":-9007199254740992}'),
        ("number", "two-to-64", b"{" + first + b',"x":18446744073709551616}'),
        ("not_an_object", "list", b"[{" + first + b"}]"),
        ("not_an_object", "null", b"null"),
        ("not_an_object", "text", b'"a"'),
    ]


def header_json():
    for why, name, document in bad_json(header("fetch", DEVICE)):
        compact = message("fetch", fetch(), DEVICE, changed_header=document)
        yield refused("header_json", f"{why}-{name}", "fetch", compact, why=why)


def claims_json():
    for why, name, document in bad_json(fetch()):
        compact = message("fetch", None, DEVICE, claims_bytes=document)
        yield refused("claims_json", f"{why}-{name}", "fetch", compact, why=why)


def with_header(error, kind, claims, key, changes, **more):
    """A message for each change of its header, which the named key signs."""
    for name, change in changes:
        made = header(kind, key) | change
        made = {member: value for member, value in made.items() if value is not ...}
        compact = message(kind, claims, key, changed_header=made)
        yield refused(error, name, kind, compact, **more)


def header_members():
    other = [
        ("crit", {"crit": ["x"], "x": 1}), ("crit-of-nothing", {"crit": []}),
        ("b64", {"b64": True}), ("jku", {"jku": "https://evil.example"}), ("x5c", {"x5c": []}),
        ("cty", {"cty": "json"}), ("unknown", {"x": 1}), ("jwk", {"jwk": DEVICE.jwk()}),
        ("no-alg", {"alg": ...}), ("no-typ", {"typ": ...}), ("no-kid", {"kid": ...}),
        ("alg-number", {"alg": -7}), ("typ-null", {"typ": None}), ("kid-list", {"kid": []}),
    ]
    yield from with_header("header_members", "fetch", fetch(), DEVICE, other)
    of_enrol = [("no-jwk", {"jwk": ...}), ("jwk-text", {"jwk": "x"}), ("jwk-and-crit", {"crit": []})]
    yield from with_header("header_members", "enrol", enrol(), DEVICE, of_enrol)


def algorithm():
    words = ["none", "ES384", "HS256", "RS256", "es256", "ES256 ", ""]
    changes = [(word.strip().lower() + f"-{n}", {"alg": word}) for n, word in enumerate(words)]
    yield from with_header("algorithm", "fetch", fetch(), DEVICE, changes)


def kind():
    typs = ["cs-leave+jws", "JWT", "cs-fetch", "CS-FETCH+JWS", "application/cs-fetch+jws", ""]
    changes = [(f"{n}", {"typ": typ}) for n, typ in enumerate(typs)]
    yield from with_header("kind", "fetch", fetch(), DEVICE, changes)


def key_id():
    good = DEVICE.thumbprint()
    changes = [
        ("short", {"kid": good[:-1]}), ("long", {"kid": good + "A"}), ("empty", {"kid": ""}),
        ("hexadecimal", {"kid": unb64(good).hex()}), ("padded", {"kid": good + "="}),
    ]
    yield from with_header("key_id", "fetch", fetch(), DEVICE, changes)
    another = [("not-of-its-key", {"kid": APPROVAL.thumbprint()})]
    yield from with_header("key_id", "enrol", enrol(), DEVICE, another)


def bad_keys():
    good = DEVICE.jwk()
    without = {name: good[name] for name in ("kty", "crv", "x")}
    prime = (2**256 - 2**224 + 2**192 + 2**96 - 1).to_bytes(32)
    return [
        ("members", "no-y", without),
        ("members", "private", DEVICE.private_jwk()),
        ("members", "named", good | {"kid": "a"}),
        ("members", "y-number", good | {"y": 7}),
        ("curve", "p384", good | {"crv": "P-384"}),
        ("curve", "okp", good | {"kty": "OKP"}),
        ("coordinate", "short", good | {"x": good["x"][:-2]}),
        ("coordinate", "padded", good | {"x": good["x"] + "="}),
        ("coordinate", "empty", good | {"y": ""}),
        ("point", "exchanged", good | {"x": good["y"], "y": good["x"]}),
        ("point", "zero", good | {"x": b64(bytes(32)), "y": b64(bytes(32))}),
        ("point", "not-below-the-prime", good | {"x": b64(prime)}),
    ]


def key():
    for why, name, jwk in bad_keys():
        made = header("enrol", DEVICE) | {"jwk": jwk}
        compact = message("enrol", enrol(), DEVICE, changed_header=made)
        yield refused("key", f"enrol-{why}-{name}", "enrol", compact, why=why)
        compact = message("account", account(keys=[SERVER.jwk(), jwk]), SERVER)
        yield refused("key", f"account-{why}-{name}", "account", compact, keys="first", why=why)


def signature_form():
    signed, _, signature = FETCH.rpartition(".")
    raw = unb64(signature)
    r, s = raw[:32], raw[32:]
    high = (ORDER - int.from_bytes(s)).to_bytes(32)
    order, zero = ORDER.to_bytes(32), bytes(32)
    for why, name, bad in [
        ("form", "empty", b""), ("form", "short", raw[:-1]), ("form", "long", raw + b"\0"),
        ("form", "der", bytes([0x30, 68, 2, 32]) + r + bytes([2, 32]) + s),
        ("range", "r-zero", zero + s), ("range", "s-zero", r + zero), ("range", "r-order", order + s),
        ("range", "s-order", r + order), ("range", "all-ones", b"\xff" * 64),
        ("high_s", "other-half", r + high),
    ]:
        yield refused("signature_form", f"{why}-{name}", "fetch", f"{signed}.{b64(bad)}", why=why)


def unknown_key():
    stranger, pinned = KEYS["stranger"], KEYS["server-2"].thumbprint()
    yield refused("unknown_key", "stranger", "fetch", message("fetch", fetch(), stranger))
    yield refused("unknown_key", "replaced", "statement", STATEMENT, keys=[["server", "server-2"]])
    yield refused("unknown_key", "nobody", "statement", STATEMENT, keys=[])
    first = {"keys": "first"}
    document = message("account", account(), SERVER)
    yield refused("unknown_key", "not-pinned", "account", document, pinned=pinned, **first)
    # The key that signed it is in no list: not even pinned it is taken.
    unlisted = message("account", account(), stranger)
    yield refused("unknown_key", "unlisted", "account", unlisted, **first)
    named = {"pinned": stranger.thumbprint()}
    yield refused("unknown_key", "pinned-unlisted", "account", unlisted, **named, **first)


def role():
    for name, (claims, key) in PLAIN.items():
        if name == "enrol":
            continue
        # Any key signs one kind or another, and each is known here.
        wrong = {"device": "approval", "approval": "device"}.get(key, "device")
        wrong = "server-1" if name == "answer" else wrong
        compact = message(name, claims, KEYS[wrong])
        keys = THE_SERVERS + BOTH_OF_THE_DEVICE
        yield refused("role", name, name, compact, keys=keys)


def server_keys():
    one, jwks = SERVER.jwk(), [KEYS[f"server-{n}"].jwk() for n in (1, 2, 3, 4)]
    for name, listed in [
        ("none", []), ("five", [*jwks, DEVICE.jwk()]), ("twice", [one, one]), ("text", [one, "x"]),
        ("object", one), ("null", None),
    ]:
        compact = message("account", account(keys=listed), SERVER)
        yield refused("server_keys", name, "account", compact, keys="first")
    missing = {name: claim for name, claim in account().items() if name != "keys"}
    yield refused("server_keys", "missing", "account", message("account", missing, SERVER), keys="first")


def signature():
    for name, (claims, signer) in PLAIN.items():
        # By another key under the right key's name.
        changed = header(name, KEYS[signer])
        compact = message(name, claims, KEYS["stranger"], changed_header=changed)
        yield refused("signature", f"stranger-{name}", name, compact)
    head, body, _ = FETCH.split(".")
    other = message("fetch", fetch(wait_s=24), DEVICE).split(".")
    yield refused("signature", "of-other-claims", "fetch", f"{head}.{body}.{other[2]}")
    yield refused("signature", "claims-exchanged", "fetch", f"{head}.{other[1]}.{FETCH.split('.')[2]}")
    unhashed = compact_of(
        to_json(header("fetch", DEVICE)), to_json(fetch()), lambda data: DEVICE.sign(data + b"\0")
    )
    yield refused("signature", "of-more", "fetch", unhashed)
    document = message("account", account(), KEYS["stranger"], changed_header=header("account", SERVER))
    yield refused("signature", "first-account", "account", document, keys="first")


ENVELOPE = {
    made.__name__: made
    for made in [
        too_large, parts, base64url, header_json, header_members, algorithm, kind, key_id, key,
        claims_json, signature_form, unknown_key, role, server_keys, signature,
    ]
}
