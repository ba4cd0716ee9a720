"""What is written out of values: no text of a person, wherever a value holds one."""

from __future__ import annotations

import copy
import enum
import inspect
import pickle
import typing
from typing import Any, Iterator

import countersign
import pytest
from conftest import raises
from countersign import Concealed, Credential, Decision, Edit, HttpReply, HttpRequest, ManualFields, RingAddress
from countersign.native import countersign as generated

MARKED = "MARKED-SECRET-7f3a"

# Texts that are everybody's. A new field with a text is concealed, or it stands here.
PUBLIC = {
    "AccountCodes.id",
    "AccountNames.account",
    "AccountRow.id",
    "Added.ALREADY_HERE.id",
    "Added.NEW.id",
    "Added.NEW.same_names",
    "Added.NEW.same_secret",
    "ChainReport.head",
    "Credential.PLATFORM.slot",
    "Event.OUTCOME.account",
    "Event.OUTCOME.statement",
    "Event.QUEUED.account",
    "Event.QUEUED.statement",
    "Event.REFUSED.account",
    "Event.REPLACED.account",
    "Event.REPLACED.earlier",
    "Event.RINGS.account",
    "Event.RINGS.statement",
    "Event.STANDING.account",
    "Exported.signed",
    "Exported.unsigned",
    "Findings.changed",
    "Findings.extra",
    "Findings.missing",
    "Findings.unreadable",
    "HistoryItemKind.ENTRY.account",
    "HistoryItemKind.ENTRY.cause",
    "HttpRequest.content_type",
    "ManualLimits.algorithms",
    "ManualLimits.types",
    "NewWork.app",
    "NewWork.platform",
    "NewWork.replaces",
    "NextAction.MAKE_KEYS.account",
    "NextAction.REMOVE_KEYS.account",
    "NextAction.SEND.account",
    "PorchStatement.id",
    "Prospect.already_here",
    "Prospect.same_names",
    "Prospect.same_secret",
    "Restored.set_aside",
    "Rotated.file",
    "SalvageReport.beyond",
    "SalvageReport.lost",
    "SalvageReport.older",
    "Salvaged.set_aside",
    "SlotFinding.id",
    "SlotInfo.id",
    "SnapshotInfo.path",
    "Statement.account",
    "Statement.id",
    "StatementLine.field",
    "UriError.INVALID_SECRET.replacement",
    "VaultPlace.anchor_folder",
    "VaultPlace.path",
    "VaultStatus.damaged_copies",
    "WorkCodes.account",
    "WorkView.id",
    "WorkView.replaces",
}


def values() -> Iterator[type]:
    for kind in vars(generated).values():
        if not isinstance(kind, type) or kind.__module__ != generated.__name__:
            continue
        if kind.__name__.startswith("_") or issubclass(kind, (BaseException, enum.Enum)):
            continue
        variants = [inner for inner in vars(kind).values() if isinstance(inner, type) and issubclass(inner, kind)]
        if variants:
            yield from variants
        elif "__eq__" in vars(kind):
            yield kind


def marked(declared: str) -> Any:
    """A value of a type that holds the marked text wherever it can hold any; none where it holds no text itself."""
    kind = eval(declared, {**vars(generated), "typing": typing})  # noqa: S307
    inner, is_list = kind, False
    while typing.get_origin(inner) in (list, typing.Union):
        is_list |= typing.get_origin(inner) is list
        (inner, *_) = typing.get_args(inner)
    if inner in (str, Concealed):
        # A text where a concealed one is meant is what programs give.
        return [MARKED] if is_list else MARKED
    if inner is bytes:
        return [MARKED.encode()] if is_list else MARKED.encode()
    return None


def test_every_value_with_a_text_conceals_it() -> None:
    public, seen = set(), 0
    for kind in values():
        parameters = [one for name, one in inspect.signature(kind.__init__).parameters.items() if name != "self"]
        if any(one.kind is one.VAR_POSITIONAL for one in parameters):
            # A variant that holds one thing without a name: an enum or a number, or else it shows here.
            value = kind(MARKED)
            assert MARKED not in f"{value} {value!r} {[value]}", kind
            continue
        for one in parameters:
            given = {other.name: None for other in parameters}
            given[one.name] = marked(one.annotation)
            value = kind(**given)
            shown = f"{value} {value!r} {[value]} {value:}"
            if MARKED in shown:
                public.add(f"{kind.__name__}.{one.name}")
            if given[one.name] is not None:
                seen += 1
                assert one.name in repr(value)
    assert public == PUBLIC
    assert seen > len(PUBLIC) + 60


@pytest.mark.parametrize(
    "value",
    [
        ManualFields(
            issuer=MARKED, account=MARKED, secret=MARKED, kind="", algorithm="", digits="", period="", counter=MARKED
        ),
        HttpRequest(url=MARKED, content_type="x", body=MARKED.encode(), timeout_s=1, reply_bytes_max=1),
        HttpReply(status=200, body=MARKED.encode()),
        Credential.PASSWORD(MARKED.encode()),
        Credential.PLATFORM("00" * 16, MARKED.encode()),
        RingAddress.WEB_PUSH(MARKED, MARKED.encode(), MARKED.encode()),
        RingAddress.GATEWAY(MARKED),
        RingAddress.UNIFIED_PUSH(MARKED),
        Decision.APPROVE(MARKED),
        Edit(note=MARKED, issuer=MARKED, account=MARKED, tags=[MARKED]),
    ],
    ids=lambda value: type(value).__name__,
)
def test_what_holds_a_secret_shows_its_name_alone(value: Any) -> None:
    for shown in (str(value), repr(value), f"{value}", str([value]), repr({1: (value,)}), str(ValueError(value))):
        assert MARKED not in shown and type(value).__name__ in shown and "[redacted]" in shown


def test_what_is_no_secret_is_shown() -> None:
    assert repr(HttpReply(status=200, body=b"x")) == "HttpReply(status=200, retry_after_s=None, body=[redacted])"
    assert str(Edit(pinned=True)) == (
        "Edit(issuer=None, account=None, note=None, tags=None, pinned=True, position=None)"
    )
    rule = countersign.Rule.NUMBER_DIGITS(6)
    assert str(rule) == repr(rule) == "Rule.NUMBER_DIGITS(6)"
    assert str([countersign.Event.RINGS("aa", "bb")]) == "[Event.RINGS(account='aa', statement='bb')]"


def test_a_concealed_text_leaves_by_no_back_door() -> None:
    text = Concealed(MARKED)
    assert copy.copy(text) is text is copy.deepcopy([text])[0]
    for protocol in range(pickle.HIGHEST_PROTOCOL + 1):
        assert MARKED not in str(raises(TypeError, lambda: pickle.dumps(text, protocol)))  # noqa: B023
    assert MARKED not in f"{text} {text!r} {text!s:>40} {[text]}"
    raises(TypeError, lambda: str.join("", [text]))  # type: ignore[list-item]
