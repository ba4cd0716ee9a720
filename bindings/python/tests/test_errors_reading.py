"""What is said against a text that is read: one text a fact."""

from __future__ import annotations

import base64
from typing import Any

import countersign
import pytest
from conftest import LINK
from countersign import ManualFields
from test_reading import field


def link(**what: str) -> str:
    given = {"secret": "JBSWY3DPEHPK3PXP", **what}
    return "otpauth://totp/a?" + "&".join(f"{name}={value}" for name, value in given.items() if value != "-")


def export(payload: bytes) -> str:
    return "otpauth-migration://offline?data=" + base64.b64encode(payload).decode().replace("+", "%2B")


# Of a version and an address.
INVITATION = (
    "countersign://enrol?v={}&url={}&id=uzGIKXqS2Kx9wC8s3QDm7w&secret=94SNirR0PejRBCF2Lqd-Zg"
    "&key=jOpXdG9OpnBBtOxoy-KhkrbjvGBKhkSYSHVeKcgdOh0&exp=1800000600"
)

# A text, and what it is refused with.
TEXTS = {
    "DUPLICATE_PARAMETER": LINK + "&secret=GEZDGNBVGY3TQOJQ",
    "EMPTY_PAYLOAD": export(field(2, 1) + field(3, 1) + field(4, 0) + field(5, 7)),
    "EMPTY_SECRET": link(secret=""),
    "INSECURE_URL": INVITATION.format(1, "http%3A%2F%2Flogin.example.org"),
    "INVALID_COUNTER": link(counter="x").replace("totp", "hotp"),
    "INVALID_DIGITS": link(digits="eleven"),
    "INVALID_PAYLOAD": export(b"\0\0\0"),
    "INVALID_PERIOD": link(period="0"),
    "INVALID_SECRET": link(secret="JBSWY3DP1"),
    "MALFORMED": INVITATION.format("", "https%3A%2F%2Flogin.example.org"),
    "MISSING_DATA": "otpauth-migration://offline?data=",
    "MISSING_SECRET": link(secret="-"),
    "MISSING_URL": INVITATION.format(1, "").replace("&url=", ""),
    "NOT_OTPAUTH": "hello",
    "PUSH_NOT_SUPPORTED": "otpauth://push/a",
    "SECRET_TOO_LONG": link(secret="A" * 1_000),
    "TOO_LONG": link(issuer="a" * 9_000),
    "UNSUPPORTED_ALGORITHM": link(algorithm="MD5"),
    "UNSUPPORTED_TWO_STEP": LINK + "&2step_salt=8",
    "UNSUPPORTED_TYPE": "otpauth://motp/a?secret=JBSWY3DPEHPK3PXP",
    "UNSUPPORTED_VERSION": INVITATION.format(2, "https%3A%2F%2Flogin.example.org"),
}

# What is typed into the form, and what it is refused with.
FORMS = {
    "MISSING_NAME": {"secret": "JBSWY3DPEHPK3PXP"},
    "WRONG_KIND": {"secret": INVITATION.format(1, "https%3A%2F%2Flogin.example.org"), "account": "alice"},
}


def is_variant(fault: Any, variant: str) -> bool:
    return bool(getattr(fault, f"is_{variant}")())


@pytest.mark.parametrize("variant", TEXTS)
def test_each_fault_of_a_text_is_named(variant: str) -> None:
    assert is_variant(countersign.examine(TEXTS[variant]).error(), variant)


@pytest.mark.parametrize("variant", FORMS)
def test_each_fault_of_a_form_is_named(variant: str) -> None:
    reading = countersign.examine_manual(ManualFields(**FORMS[variant]))
    assert is_variant(reading.error(), variant)
