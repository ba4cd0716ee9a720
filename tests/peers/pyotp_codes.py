"""Reads accounts, a JSON document a line, and answers each with pyotp's code for it."""

import base64
import hashlib
import json
import sys

import pyotp

for line in sys.stdin:
    case = json.loads(line)
    key = base64.b32encode(bytes.fromhex(case["key"])).decode()
    digits, digest = case["digits"], getattr(hashlib, case["algorithm"])
    if case["kind"] == "totp":
        totp = pyotp.TOTP(key, digits=digits, digest=digest, interval=case["period_s"])
        print(totp.generate_otp(case["moving"] // case["period_s"]))
    else:
        print(pyotp.HOTP(key, digits=digits, digest=digest).at(case["moving"]))
