"""Base URLs, invitation links and links to statements: those of the one form, and others."""

from urllib.parse import quote

from protocol_claims import STATEMENT, SCANNED_SECRET
from protocol_wire import KEYS, NOW_S, URL, id_of

SECTION = "docs/protocol.md §1, RFC 3986"


def urls():
    def case(name, url, taken, in_test_mode=None):
        return {
            "id": name, "url": url, "is_taken": taken,
            "is_taken_in_test_mode": taken if in_test_mode is None else in_test_mode, "source": SECTION,
        }

    good = [
        URL, "https://login.example.org:8443", "https://login.example.org/a/b", "https://xn--bcher-kva.example",
        "https://login.example.org/a%20b", "https://a.example/" + "b" * 110,
    ]
    yield from (case(f"taken-{n}", url, True) for n, url in enumerate(good))
    local = ["http://127.0.0.1:8080", "http://localhost:8080/a", "http://[::1]:8080", "https://127.0.0.1"]
    yield from (case(f"loopback-{n}", url, False, True) for n, url in enumerate(local))
    bad = [
        "", "login.example.org", "https://", "https:login.example.org", "//login.example.org", URL + "/", URL + "/a/",
        URL + ":443", URL + ":0", URL + ":65536", URL + "?", URL + "?a=1", URL + "#", URL + "#a", URL + ".",
        "HTTPS://login.example.org", "https://Login.example.org", "https://bücher.example", " " + URL, URL + " ",
        "https://login.example.org/a b", "https://login.example.org/a/../b", "https://login.example.org/./a",
        "https:\\\\login.example.org", "https://ann@login.example.org", "https://ann:x@login.example.org",
        "https://@login.example.org", "http://login.example.org", "ftp://login.example.org", "https://192.0.2.1",
        "https://[2001:db8::1]", "https://0x7f.1", "https://3221225985", "http://192.0.2.1", "http://localhost.example",
        "https://a.example/" + "b" * 111, "https://login.exam\tple.org", "https://login.example.org/é",
    ]
    yield from (case(f"refused-{n}", url, False) for n, url in enumerate(bad))


PARAMETERS = {
    "v": "1", "url": URL, "id": id_of("invitation"), "secret": SCANNED_SECRET,
    "key": KEYS["server-1"].thumbprint(), "exp": str(NOW_S + 600), "issuer": "Big+Co & Söhne", "account": "ann@example.org",
}


def enrol_link(parameters):
    return "countersign://enrol?" + "&".join(f"{name}={quote(value, safe='+')}" for name, value in parameters.items())


def links():
    def case(name, link, read):
        return {"id": name, "link": link, "read": read, "source": "docs/protocol.md §5"}

    read = {name: value for name, value in PARAMETERS.items() if name != "v"}
    good = enrol_link(PARAMETERS)
    yield case("plain", good, read)
    yield case("other-parameters", good + "&later=1", read)
    latest = str(2**53 - 1)
    yield case("latest", enrol_link(PARAMETERS | {"exp": latest}), read | {"exp": latest})
    yield case("other-order", enrol_link(dict(reversed(PARAMETERS.items()))), read)
    for name in PARAMETERS:
        yield case(f"without-{name}", enrol_link({other: PARAMETERS[other] for other in PARAMETERS if other != name}), None)
        yield case(f"twice-{name}", f"{good}&{name}={quote(PARAMETERS[name], safe='+')}", None)
        yield case(f"empty-{name}", enrol_link(PARAMETERS | {name: ""}), None)
    changes = {
        "v": ["2", "01", "one"], "url": [URL + "/", "http://login.example.org", "https://192.0.2.1"],
        "id": ["A" * 21, "A" * 21 + "B", "A" * 22 + "=="], "secret": ["A" * 21, "A" * 43, "0429183746528"],
        "key": ["A" * 22, "A" * 42 + "B"], "exp": ["-1", "01", "1.5", "soon", str(2**53)],
    }
    for name, values in changes.items():
        for n, value in enumerate(values):
            yield case(f"{name}-{n}", enrol_link(PARAMETERS | {name: value}), None)
    for name, link in [
        ("half-an-escape", good + "%"), ("not-utf8", good + "%ff"), ("other-host", good.replace("enrol?", "enroll?")),
        ("a-path", good.replace("enrol?", "enrol/?")), ("other-scheme", good.replace("countersign:", "otpauth:")),
    ]:
        yield case(name, link, None)


def statement_links():
    def case(name, link, taken):
        return {"id": name, "link": link, "is_taken": taken, "compact": STATEMENT if taken else None,
                "source": "docs/protocol.md §9"}

    good = f"countersign://approve?s={STATEMENT}"
    yield case("plain", good, True)
    yield case("other-parameters", good + "&later=1", True)
    for name, link in [
        ("twice", f"{good}&s={STATEMENT}"), ("without", "countersign://approve?"), ("empty", "countersign://approve?s="),
        ("cut", good[:-1]), ("two-parts", good.rpartition(".")[0]), ("too-long", good + "A" * 1600),
        ("other-host", good.replace("approve", "enrol")), ("other-scheme", good.replace("countersign:", "https:")),
    ]:
        yield case(name, link, False)
