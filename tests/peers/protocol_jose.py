"""Reads questions, a JSON document a line, and has joserfc answer each.

`verify`: {compact, jwk} gets the payload's text, or null where the signature does not fit.
`make`: {header, claims, jwk} gets a message, with s lowered, because the library signs with either one.
"""

import json
import sys

from joserfc import jws
from joserfc.errors import JoseError
from joserfc.jwk import ECKey

from protocol_wire import ORDER, b64, unb64

REGISTRY = jws.JWSRegistry(algorithms=["ES256"])


def verify(question):
    key = ECKey.import_key(question["jwk"])
    try:
        read = jws.deserialize_compact(question["compact"], key, registry=REGISTRY)
    except JoseError:
        return None
    return read.payload.decode()


def make(question):
    key = ECKey.import_key(question["jwk"])
    payload = question["claims"].encode()
    made = jws.serialize_compact(question["header"], payload, key, registry=REGISTRY)
    signed, _, signature = made.rpartition(".")
    r, s = unb64(signature)[:32], int.from_bytes(unb64(signature)[32:])
    return f"{signed}.{b64(r + min(s, ORDER - s).to_bytes(32))}"


ANSWERS = {"verify": verify, "make": make}

for line in sys.stdin:
    question = json.loads(line)
    print(json.dumps(ANSWERS[question["ask"]](question)))
