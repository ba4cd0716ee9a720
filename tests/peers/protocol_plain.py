"""What is no message: refusals (RFC 9457) and signatures as key stores make them (DER)."""

from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature

from protocol_wire import KEYS, ORDER, b64, to_json

PREFIX = "urn:countersign:problem:"
PROBLEMS = [
    ("malformed", 400, {}), ("too_large", 413, {}), ("signature", 401, {}), ("audience", 403, {}),
    ("unsupported_version", 400, {"server": 2, "device": 1}), ("proof", 403, {"left": 19}),
    ("unknown_invitation", 404, {}), ("expired_invitation", 410, {}), ("used_invitation", 409, {}),
    *[("policy", 403, {"needs": needs}) for needs in ("presence", "hardware", "attestation")],
    ("device_limit", 409, {"devices": ["Pixel", "Fairphone", "d" * 64, "4", "5"]}),
    ("not_active", 403, {}), ("unknown_device", 401, {}), ("unknown_statement", 404, {}),
    ("replayed", 409, {}), ("order", 409, {"last": 41}), ("rate_limited", 429, {}),
    ("unavailable", 503, {}),
]


def problem_cases():
    def case(name, status, document, is_read):
        text = document if isinstance(document, str) else to_json(document).decode()
        return {
            "id": name, "status": status, "document": text, "is_read": is_read,
            "source": "docs/protocol.md §12, RFC 9457",
        }

    wrong = {
        "server": [0, -1, 2**32, "2", None], "device": [0, None], "left": [-1, 256, "3", None],
        "needs": ["money", None, 1],
        "devices": [[], ["a"] * 6, [""], ["d" * 65], [1], "Pixel", None], "last": [-1, "1", None, 2**53 - 1],
    }
    for name, status, members in PROBLEMS:
        document = {"type": PREFIX + name, "status": status} | members
        id = "-".join([name, *[str(value) for value in members.values() if isinstance(value, str)]])
        yield case(id, status, document, True)
        titled = document | {"title": "Refused", "detail": "x", "instance": "/1", "x": [None]}
        yield case(f"{id}-titled", status, titled, True)
        yield case(f"{id}-other-status", 418, document, False)
        for member in members:
            left_out = {name: value for name, value in document.items() if name != member}
            yield case(f"{id}-without-{member}", status, left_out, False)
            for n, value in enumerate(wrong[member]):
                yield case(f"{id}-{member}-{n}", status, document | {member: value}, False)
    good = {"type": PREFIX + "replayed", "status": 409}
    for name, document in [
        ("empty", ""), ("page", "<html>Conflict</html>"), ("list", "[]"), ("nothing", "{}"),
        ("blank", {"type": "about:blank", "status": 409}), ("short", {"type": "replayed"}),
        ("capitals", {"type": PREFIX + "Replayed"}), ("unknown", {"type": PREFIX + "busy"}),
        ("number", {"type": 409}), ("twice", '{"type":"%sreplayed","type":"%sreplayed"}' % (PREFIX, PREFIX)),
        ("long", good | {"detail": "x" * 8192}),
    ]:
        yield case(f"no-refusal-{name}", 409, document, False)


def der_cases():
    def case(name, der, is_):
        return {"id": name, "der": b64(der), "is": is_, "source": "docs/protocol.md §2, X.690 §8.3, §10.1"}

    def raw(r, s):
        return b64(r.to_bytes(32) + min(s, ORDER - s).to_bytes(32))

    key, n = KEYS["device"], 0
    pairs = [(1, 2), (0x80, 1), (1, 0x80), (0xFF, 0x100), (ORDER - 1, ORDER - 1), (ORDER // 2, ORDER // 2 + 1)]
    for n in range(6):
        signed = key.sign(bytes([n]), low=n % 2 == 0)
        pairs.append((int.from_bytes(signed[:32]), int.from_bytes(signed[32:])))
    for n, (r, s) in enumerate(pairs):
        yield case(f"numbers-{n}", encode_dss_signature(r, s), {"raw": raw(r, s)})
    for n, (r, s) in enumerate([(0, 1), (1, 0), (ORDER, 1), (1, ORDER), (2**256 - 1, 1), (2**300, 1)]):
        yield case(f"range-{n}", encode_dss_signature(r, s), {"error": "range"})
    good = encode_dss_signature(1, 2)
    forms = [
        b"", good[:1], good[:-1], good + b"\0", b"\x31" + good[1:], b"\x30\x81\x06" + good[2:],
        b"\x30\x80" + good[2:] + b"\0\0", b"\x30\x07" + good[2:], b"\x30\x05" + good[2:],
        b"\x30\x07\x02\x02\x00\x01\x02\x01\x02", b"\x30\x06\x02\x01\x81\x02\x01\x02",
        b"\x30\x05\x02\x00\x02\x01\x02", b"\x30\x03\x02\x01\x01", b"\x30\x09" + good[2:] + b"\x02\x01\x03",
        b"\x30\x06\x03\x01\x01\x02\x01\x02",
    ]
    for n, der in enumerate(forms):
        yield case(f"form-{n}", der, {"error": "form"})
