"""Writes the seeds of the approval protocol's fuzz targets, made of the vectors: `protocol_seeds.py fuzz/corpus`."""

import pathlib
import sys

from protocol_accepted import ACCEPTED
from protocol_plain import der_cases, problem_cases
from protocol_refused import ENVELOPE, bad_json
from protocol_wire import to_json, unb64

KINDS = list(ACCEPTED)
# The bit beside a kind that stands for the approval key.
APPROVAL = 0x80


def envelopes():
    for kind, cases in ACCEPTED.items():
        case = cases()[0]
        yield case["id"], bytes([KINDS.index(kind)]) + case["compact"].encode()
    for error, cases in ENVELOPE.items():
        case = next(case for case in cases() if len(case["compact"]) < 2_000 or error == "too_large")
        if error != "too_large":
            yield case["id"], bytes([KINDS.index(case["kind"])]) + case["compact"].encode()


def claims():
    left_out = ("state-removed", "state-full", "state-all-open")
    for kind, cases in ACCEPTED.items():
        for case in cases():
            # One of many, and the long ones.
            if "claims" in case and not case["id"].startswith(left_out):
                role = APPROVAL if case["key"] == "approval" else 0
                yield case["id"], bytes([KINDS.index(kind) | role]) + to_json(case["claims"])
    # One of what is known by the first byte alone, and one of no claims.
    yield "nothing", bytes([0])
    yield "no-claims", bytes([2]) + b"{}"


def documents():
    good = {"a": [1, -1, True, False, None, "é\u202e\\\""], "b": {"c": {}, "d": [[[[[]]]]]}}
    yield "good", to_json(good)
    yield "greatest", to_json({"a": 2**53 - 1, "b": -(2**53 - 1), "c": "\0"})
    yield "spaced", b' { "a" : [ 1 , 2 ] }\n'
    for why, name, document in bad_json({"a": 1}):
        yield f"{why}-{name}", document


def problems():
    for case in problem_cases():
        is_long = len(case["document"]) > 1_000
        if not is_long and (case["is_read"] or case["id"].startswith("no-refusal")):
            yield case["id"], case["status"].to_bytes(2) + case["document"].encode()


def signatures():
    for case in der_cases():
        yield case["id"], unb64(case["der"])


TARGETS = {
    "protocol_claims": claims, "protocol_der": signatures, "protocol_envelope": envelopes,
    "protocol_json": documents, "protocol_problem": problems,
}

for target, seeds in TARGETS.items():
    folder = pathlib.Path(sys.argv[1]) / target
    folder.mkdir(exist_ok=True)
    for name, seed in seeds():
        (folder / name).write_bytes(seed)
