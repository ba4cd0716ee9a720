"""Reading: every vector through Python, pictures, exports and invitations."""

from __future__ import annotations

import base64
import json
from pathlib import Path
from typing import Any

import countersign
import pytest
from conftest import LINK, raises
from countersign import Companion, CountersignError, ManualFields, Reading, TextKind

VECTORS = Path(__file__).parents[3] / "tests/vectors"
KINDS = {"TOTP": "totp", "HOTP": "hotp", "STEAM": "steam"}


def cases(name: str) -> list[dict[str, Any]]:
    lines = (VECTORS / name).read_text().splitlines()
    return [json.loads(line) for line in lines]


def key_of(base32: str) -> bytes:
    text = base32.upper().rstrip("=")
    return base64.b32decode(text + "=" * (-len(text) % 8))


def exported(companion: Companion, reading: Reading) -> list[str]:
    """The links of what was added, so that the keys can be compared."""
    ids = [outcome.id for outcome in companion.add(reading)]
    return [companion.export_uri(id).expose() for id in ids]


def is_account(account: countersign.ReadAccount, expected: dict[str, Any]) -> bool:
    kind = account.kind
    parameters = {
        "kind": next(name for variant, name in KINDS.items() if getattr(kind, f"is_{variant}")()),
        "issuer": account.issuer.expose(),
        "account": account.account.expose(),
        "algorithm": getattr(kind, "algorithm", countersign.Algorithm.SHA1).name,
        "digits": getattr(kind, "digits", 5),
    }
    if kind.is_TOTP() or kind.is_STEAM():
        parameters["period"] = getattr(kind, "period", 30)
    if kind.is_HOTP():
        parameters["counter"] = kind.counter
    return all(expected.get(name) == value for name, value in parameters.items())


def is_expected(reading: Reading, expected: dict[str, Any]) -> bool:
    if "error" in expected:
        names = {expected["error"]}
        if "unsupported_type" in names:
            names.add("push_not_supported")
        field = reading.field()
        named = "exp" if field is countersign.Field.EXPIRY else field and field.name.lower()
        return (
            not reading.is_accepted()
            and reading.error_name() in names
            and ("field" not in expected or named == expected["field"])
        )
    if expected["kind"] == "push_activation":
        return reading.kind() is TextKind.PUSH_ACTIVATION
    if expected["kind"] == "migration":
        accounts, failures = reading.accounts(), reading.failures()
        return (
            len(accounts) == len(expected["entries"])
            and all(map(is_account, accounts, expected["entries"]))
            and [failure.index for failure in failures] == [failure["index"] for failure in expected["failures"]]
        )
    return reading.is_accepted() and is_account(reading.accounts()[0], expected)


def checked(case: dict[str, Any], reading: Reading) -> str | None:
    """What is wrong with the answer to a case; none when nothing is."""
    is_primary = is_expected(reading, case["expect"])
    if not is_primary and not (
        case["level"] != "must" and any(is_expected(reading, other) for other in case.get("alt_expect", []))
    ):
        return f"{case['id']}: {reading.error_name()}, not {case['expect']}"
    warnings = {warning.name.lower() for warning in reading.warnings()}
    if is_primary and not warnings.issuperset(case.get("warnings", [])):
        return f"{case['id']}: {warnings}, not {case['warnings']}"
    return None


def fields_of(given: dict[str, str]) -> ManualFields:
    names = {"type": "kind"}
    fields = {names.get(name, name): str(value) for name, value in given.items()}
    return ManualFields(**{"secret": "", **fields})


def test_every_link_of_the_vectors_is_read_as_it_says() -> None:
    wrong = [checked(case, countersign.examine(case["uri"])) for case in cases("otpauth.jsonl")]
    assert len(wrong) > 100
    assert not list(filter(None, wrong))


def test_every_form_of_the_vectors_is_read_as_it_says() -> None:
    wrong = [checked(case, countersign.examine_manual(fields_of(case["input"]))) for case in cases("manual-entry.jsonl")]
    assert len(wrong) > 20
    assert not list(filter(None, wrong))


def test_every_code_of_the_vectors_is_made(companion: Companion) -> None:
    count = 0
    for case in cases("otp.jsonl"):
        fields = {name: case.get(name, "") for name in ("kind", "algorithm", "digits", "period", "counter")}
        fields = {name: str(value) for name, value in fields.items()}
        form = ManualFields(account=f"case {count}", secret=case["secret_base32"], **fields)
        (outcome,) = companion.add(countersign.examine_manual(form))
        if case["kind"] == "hotp":
            step = lambda: companion.next_hotp(outcome.id, countersign.DoubtfulCounter.REFUSE)  # noqa: B023, E731
            if case["counter"] == 2**63 - 1:
                # There is no counter after it, so its code is never passed.
                assert raises(CountersignError.Vault, step).fault.is_COUNTER_EXHAUSTED()
                continue
            got = step().code
        else:
            window = companion.row(outcome.id, case["time"]).window
            assert window is not None
            got = window.current
        assert got.expose() == case["code"], case
        count += 1
    assert count > 90


def test_a_picture_and_a_frame_say_the_same() -> None:
    picture = countersign.draw_png(LINK, 4)
    (read,) = countersign.read_image(picture)
    assert read.text.expose() == LINK
    assert len(read.corners) == 4
    rows = modules_of(countersign.draw_svg(LINK).expose())
    side = len(rows)
    luma = bytes(0 if dark else 255 for row in rows for _ in range(4) for dark in row for _ in range(4))
    (framed,) = countersign.read_frame(luma, side * 4, side * 4, side * 4)
    assert framed.text == read.text


def modules_of(svg: str) -> list[list[bool]]:
    """The modules of a drawn code, with its quiet zone: each dark run is `Mx y h n` in the path."""
    import re

    side = int(re.search(r'viewBox="0 0 (\d+) ', svg).group(1))  # type: ignore[union-attr]
    rows = [[False] * side for _ in range(side)]
    for x, y, width in re.findall(r"M(\d+) (\d+)h(\d+)", svg):
        for step in range(int(width)):
            rows[int(y)][int(x) + step] = True
    assert any(map(any, rows))
    return rows


def test_a_picture_without_a_code_says_so() -> None:
    raises(countersign.QrError.NotAnImage, lambda: countersign.read_image(b"no picture"))
    raises(countersign.QrError.NotAnImage, lambda: countersign.read_image(b""))
    grey = bytes([128]) * (64 * 64)
    raises(countersign.QrError.NoCode, lambda: countersign.read_frame(grey, 64, 64, 64))
    raises(countersign.QrError.FrameShape, lambda: countersign.read_frame(grey, 64, 65, 64))
    raises(countersign.QrError.FrameShape, lambda: countersign.read_frame(grey, 0, 64, 64))
    raises(countersign.QrError.ImageTooLarge, lambda: countersign.read_frame(grey, 40_000, 64, 40_000))
    raises(countersign.QrError.TextTooLong, lambda: countersign.draw_png("x" * 3_000))


def test_a_frame_with_more_codes_than_are_read_is_refused() -> None:
    drawn = [modules_of(countersign.draw_svg(f"code {n:02}").expose()) for n in range(65)]
    side, scale, across = len(drawn[0]), 3, 9
    width_px = across * side * scale
    luma = bytearray(b"\xff" * (width_px * 8 * side * scale))
    for n, rows in enumerate(drawn):
        corner = n // across * side * scale * width_px + n % across * side * scale
        for y, row in enumerate(rows):
            line = bytes(0 if dark else 255 for dark in row for _ in range(scale))
            for repeated in range(scale):
                at = corner + (y * scale + repeated) * width_px
                luma[at : at + len(line)] = line
    frame = bytes(luma)
    raises(countersign.QrError.TooManyCodes, lambda: countersign.read_frame(frame, width_px, len(frame) // width_px, width_px))
    # Without the last one it is read.
    fewer = frame[: width_px * 7 * side * scale]
    assert len(countersign.read_frame(fewer, width_px, len(fewer) // width_px, width_px)) == 63


def field(number: int, value: int | bytes) -> bytes:
    """A field of the export's format (protocol buffers), whose numbers are below 128 here."""
    if isinstance(value, int):
        return bytes([number << 3, value])
    return bytes([number << 3 | 2, len(value)]) + value


def part(index: int, size: int, batch: int = 7, account: str = "alice") -> str:
    """One link of an export, with one account of its own."""
    name = f"{account}{index}".encode()
    entry = field(1, b"0123456789") + field(2, name) + field(3, b"Example") + field(4, 1) + field(5, 1) + field(6, 2)
    payload = field(1, entry) + field(2, 1) + field(3, size) + field(4, index) + field(5, batch)
    return "otpauth-migration://offline?data=" + base64.b64encode(payload).decode().replace("+", "%2B")


def test_an_export_in_parts_is_handed_out_whole(companion: Companion) -> None:
    batch = countersign.MigrationBatch()
    assert (batch.size(), batch.missing()) == (0, [])
    assert batch.add(part(1, 3)) is countersign.PartAdded.NEW
    assert batch.add(part(1, 3)) is countersign.PartAdded.KNOWN
    assert (batch.size(), batch.missing()) == (3, [0, 2])
    assert raises(countersign.PartError.Incomplete, batch.complete).missing == 2
    apart = countersign.PartError.Apart
    assert isinstance(raises(apart, lambda: batch.add(part(0, 3, batch=8))).fault, countersign.BatchError.OtherExport)
    assert isinstance(raises(apart, lambda: batch.add(part(0, 4))).fault, countersign.BatchError.SizeDiffers)
    assert isinstance(raises(apart, lambda: batch.add(part(1, 3, account="eve"))).fault, countersign.BatchError.OtherExport)
    beyond = raises(apart, lambda: batch.add(part(3, 3))).fault
    assert isinstance(beyond, countersign.BatchError.Index) and (beyond.index, beyond.size) == (3, 3)
    refused = raises(countersign.PartError.Refused, lambda: batch.add(LINK))
    assert refused.fault.is_NOT_OTPAUTH()
    batch.add(part(2, 3))
    batch.add(part(0, 3))
    whole = batch.complete()
    assert [account.account.expose() for account in whole.accounts()] == ["alice0", "alice1", "alice2"]
    assert len(companion.add(whole)) == 3 == len(companion.list())
    assert (batch.size(), batch.missing()) == (0, [])
    batch.add(part(0, 2))
    assert len(batch.accept_partial().accounts()) == 1
    assert not batch.accept_partial().is_accepted()


def test_an_invitation_is_read_from_its_link_and_from_code_and_address() -> None:
    links = cases("protocol/links-enrol.jsonl")
    good = next(case for case in links if "error" not in json.dumps(case.get("expect", case)))
    link = good.get("link") or good.get("uri")
    assert link is not None, good
    reading = countersign.examine(link)
    assert reading.kind() is TextKind.INVITATION
    invitation = reading.invitation()
    assert invitation is not None and not invitation.is_typed()
    assert invitation.host().expose() in link
    assert invitation.expires_at() is not None
    typed = countersign.Invitation.of_code_and_url("123 4567-890123456", "https://MFA.example/")
    assert typed.is_typed() and typed.host().expose() == "mfa.example"
    assert typed.issuer() is None and typed.expires_at() is None
    refused = countersign.InvitationError.Refused
    assert raises(refused, lambda: countersign.Invitation.of_code_and_url("12", "https://mfa.example")).fault.is_MISSING_CODE()
    insecure = lambda: countersign.Invitation.of_code_and_url("1234567890123456", "http://mfa.example")  # noqa: E731
    assert raises(refused, insecure).fault.is_INSECURE_URL()
    local = lambda mode: countersign.Invitation.of_code_and_url("1234567890123456", "http://127.0.0.1:8080", mode)  # noqa: E731
    assert raises(refused, lambda: local(False)).fault.is_INSECURE_URL()
    assert local(True).host().expose() == "127.0.0.1"


@pytest.mark.parametrize("text", ["", "hello", "https://example.com", "WIFI:S:home;;", "123456", "\0", "x" * 2_000_000])
def test_nothing_that_is_no_code_can_be_added(companion: Companion, text: str) -> None:
    reading = countersign.examine(text)
    assert not reading.is_accepted()
    assert reading.error() is not None
    assert reading.next_step().endswith(".")
    assert reading.accounts() == [] and reading.invitation() is None and reading.statement() is None
    raises(CountersignError.NothingToAdd, lambda: companion.add(reading))
    raises(CountersignError.NothingToAdd, lambda: companion.prospects(reading))
    assert companion.list() == []
