"""Makes `tests/vectors/protocol`: `protocol_vectors.py FOLDER` writes it, and `protocol_vectors.py` prints each file.

The same bytes in every run. What is printed is a JSON document a line: the path in the folder, and the file's text.
"""

import json
import pathlib
import sys

from protocol_accepted import ACCEPTED
from protocol_claims import (
    APPROVAL, DEVICE, ENROL, FIRST_ACCOUNT, NONCE, OFFLINE_KEY, SCANNED_SECRET, STATEMENT, TYPED_SECRET, statement,
)
from protocol_derived import commitment, derive
from protocol_links import links, statement_links, urls
from protocol_plain import der_cases, problem_cases
from protocol_refused import ENVELOPE
from protocol_refused_claims import CLAIMS
from protocol_wire import KEYS, URL, b64, hash_of, id_of, name_bytes


SECTIONS = {
    "enrol": 5, "account": 6, "fetch": 7, "delivery": 7, "move": 7, "leave": 7, "state": 8,
    "statement": 9, "answer": 10, "receipt": 11, "history": 14,
}


def lines(cases):
    return "".join(json.dumps(case, ensure_ascii=False) + "\n" for case in cases)


def keys():
    for name, key in KEYS.items():
        yield {
            "id": name, "private": key.private_jwk(), "pkcs8": key.pkcs8(),
            "thumbprint": key.thumbprint(), "point": key.point(), "source": "made of its name by tests/peers/protocol_wire.py",
        }


def derived():
    commit = commitment({"nonce": NONCE})["commit"]
    thumbprints = {"device": DEVICE.thumbprint(), "approval": APPROVAL.thumbprint()}
    shown = next(case for case in ACCEPTED["statement"]() if case["id"] == "statement-tricky")
    inputs = [
        ("commitment", {"nonce": NONCE}),
        ("commitment", {"nonce": b64(bytes(16))}),
        ("proof", {"secret": SCANNED_SECRET, "commit": commit} | thumbprints),
        ("proof", {"secret": TYPED_SECRET, "commit": commit} | thumbprints),
        ("attestation_challenge", {"aud": URL, "commit": commit}),
        ("attestation_challenge", {"aud": "https://a.example/b", "commit": b64(bytes(32))}),
        ("check_number", {"nonce": NONCE, "enrol": hash_of(ENROL), "account": hash_of(FIRST_ACCOUNT)}),
        # Those whose number or response begins with zeros, and each offset of the truncation.
        *[("check_number", {"nonce": id_of(f"nonce {n}"), "enrol": hash_of(ENROL), "account": b64(name_bytes("account"))})
          for n in range(16)],
        ("offline_response", {"offline_key": OFFLINE_KEY, "statement": hash_of(STATEMENT)}),
        *[("offline_response", {"offline_key": b64(name_bytes(f"key {n}")), "statement": hash_of(STATEMENT)})
          for n in range(40)],
        *[("thumbprint", {"jwk": key.jwk()}) for key in KEYS.values()],
        # RFC 7515 appendix A.3.1.
        ("thumbprint", {"jwk": {
            "kty": "EC", "crv": "P-256", "x": "f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU",
            "y": "x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0"}}),
        ("shown", {"claims": statement()}),
        ("shown", {"claims": shown["claims"]}),
    ]
    for n, (value, of) in enumerate(inputs):
        case = {"id": f"{value}-{n}", "value": value, "of": of}
        section = 9 if value == "shown" else 4
        yield case | {"is": derive(case), "source": f"docs/protocol.md §{section}"}


def files():
    yield "keys.jsonl", lines(keys())
    yield "derived.jsonl", lines(derived())
    yield "signatures-der.jsonl", lines(der_cases())
    yield "problems.jsonl", lines(problem_cases())
    yield "urls.jsonl", lines(urls())
    yield "links-enrol.jsonl", lines(links())
    yield "links-approve.jsonl", lines(statement_links())
    for kind, cases in ACCEPTED.items():
        yield f"{kind}.jsonl", lines(cases())
    for error, cases in (ENVELOPE | CLAIMS).items():
        sections = {} if error in ENVELOPE else SECTIONS
        sourced = (case | {"source": f"docs/protocol.md §{sections.get(case['kind'], 2)}"} for case in cases())
        yield f"refused/{error}.jsonl", lines(sourced)


def main():
    for path, text in files():
        if len(sys.argv) > 1:
            file = pathlib.Path(sys.argv[1]) / path
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(text, encoding="utf-8")
        else:
            print(json.dumps({"path": path, "text": text}))


main()
