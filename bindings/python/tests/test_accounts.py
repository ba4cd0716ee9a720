"""Code accounts: added, listed, changed, used, removed."""

from __future__ import annotations

import countersign
from conftest import LINK, NOW, added, raises
from countersign import Added, Companion, CountersignError, DoubtfulCounter, Edit, VaultError

COUNTER = "otpauth://hotp/Bank:bob?secret=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ&counter=0"


def test_an_account_is_added_listed_and_exported(companion: Companion) -> None:
    id = added(companion)
    (row,) = companion.list()
    assert row.id == id
    assert (row.issuer.expose(), row.account.expose()) == ("Example", "alice")
    assert row.kind.is_TOTP() and (row.kind.digits, row.kind.period) == (6, 30)
    assert row.created_at == NOW and row.trashed_at is None and not row.has_note
    link = companion.export_uri(id).expose()
    assert "secret=JBSWY3DPEHPK3PXP" in link
    assert countersign.examine(link).accounts() == countersign.examine(LINK).accounts()
    assert companion.row(id) == row
    unknown = raises(CountersignError.Vault, lambda: companion.row("no id at all"))
    assert unknown.fault == VaultError.NO_SUCH_ACCOUNT()


def test_codes_change_at_their_second(companion: Companion) -> None:
    added(companion)
    begin = NOW // 30 * 30
    first = companion.codes(begin)[0].window
    last = companion.codes(begin + 29)[0].window
    after = companion.codes(begin + 30)[0].window
    assert first == last
    assert first.changes_at == begin + 30 == companion.next_change(begin)
    assert after.current == first.next
    assert after.changes_at == begin + 60
    ticks = companion.ticks(clock=iter([begin, begin, begin + 30, begin + 30]).__next__, sleep=lambda _: None)
    assert [next(ticks)[0].window, next(ticks)[0].window] == [first, after]


def test_the_same_account_is_added_once_and_another_key_beside_it(companion: Companion) -> None:
    id = added(companion)
    (again,) = companion.add(countersign.examine(LINK))
    assert isinstance(again, Added.ALREADY_HERE) and again.id == id and not again.in_trash
    other = countersign.examine(LINK.replace("JBSWY3DPEHPK3PXP", "GEZDGNBVGY3TQOJQ"))
    (prospect,) = companion.prospects(other)
    assert prospect.same_names == [id] and prospect.already_here is None
    (beside,) = companion.add(other)
    assert isinstance(beside, Added.NEW) and beside.same_names == [id]
    renamed = countersign.examine(LINK.replace("alice", "carol"))
    assert companion.prospects(renamed)[0].same_secret == [id]
    raises(CountersignError.NothingToAdd, lambda: companion.add_chosen(renamed, [1]))
    (chosen,) = companion.add_chosen(renamed, [0])
    assert isinstance(chosen, Added.NEW) and chosen.same_secret == [id]
    assert len(companion.list()) == 3


def test_an_account_is_edited_searched_and_found(companion: Companion) -> None:
    alice = added(companion)
    bob = added(companion, LINK.replace("alice", "bob"))
    companion.edit(alice, Edit(issuer="Ångström", note="keep me", tags=["Work", "Work", ""], pinned=True))
    row = companion.row(alice)
    assert row.issuer.expose() == "Ångström"
    assert [tag.expose() for tag in row.tags] == ["Work"]
    assert row.pinned and row.has_note and row.account.expose() == "alice"
    assert companion.note(alice).expose() == "keep me"
    assert [found.id for found in companion.search("ANGSTROM keep")] == [alice]
    assert companion.search("nobody") == []
    assert companion.find("bob") == bob == companion.find("Example:bob") == companion.find(bob)
    raises(CountersignError.NoSuchName, lambda: companion.find("nobody"))
    carol = added(companion, LINK.replace("alice", "bobby"))
    several = raises(CountersignError.AmbiguousName, lambda: companion.find("bob"))
    assert several.candidates == [bob, carol]
    companion.edit(carol, Edit(position=0))
    assert [row.id for row in companion.list()] == [alice, carol, bob]
    too_long = raises(CountersignError.Vault, lambda: companion.edit(bob, Edit(issuer="x" * 2_000)))
    assert too_long.fault.is_NAME_TOO_LONG() and too_long.fault.max_bytes == 1024


def test_a_counter_moves_on_before_its_code_is_shown(companion: Companion) -> None:
    id = added(companion, COUNTER)
    codes = [companion.next_hotp(id, DoubtfulCounter.REFUSE) for _ in range(3)]
    assert [(passed.counter, passed.code.expose()) for passed in codes] == [
        (0, "755224"),
        (1, "287082"),
        (2, "359152"),
    ]
    assert companion.row(id).kind.counter == 3
    assert companion.row(id).window is None
    by_time = added(companion)
    no_counter = raises(CountersignError.Vault, lambda: companion.next_hotp(by_time, DoubtfulCounter.REFUSE))
    assert no_counter.fault.is_NO_COUNTER()
    end = added(companion, COUNTER.replace("bob", "eve").replace("counter=0", f"counter={2**63 - 1}"))
    exhausted = raises(CountersignError.Vault, lambda: companion.next_hotp(end, DoubtfulCounter.REFUSE))
    assert exhausted.fault.is_COUNTER_EXHAUSTED()


def test_the_trash_gives_back_exactly_what_it_took(companion: Companion) -> None:
    id = added(companion)
    companion.edit(id, Edit(note="keep me", tags=["Work"]))
    before = companion.row(id)
    assert companion.remove(id) == NOW + countersign.trash_days() * 86_400
    assert companion.list() == [] and companion.codes() == []
    assert [row.id for row in companion.trash()] == [id]
    assert companion.find_in_trash("alice") == id
    (again,) = companion.add(countersign.examine(LINK))
    assert isinstance(again, Added.ALREADY_HERE) and again.in_trash
    companion.restore(id)
    assert companion.row(id) == before
    not_there = raises(CountersignError.Vault, lambda: companion.purge(id))
    assert not_there.fault.is_NO_SUCH_ACCOUNT()
    companion.remove(id)
    assert companion.purge_expired(NOW + 29 * 86_400) == 0
    assert companion.purge_expired(NOW + 31 * 86_400) == 1
    assert companion.trash() == []


def test_names_codes_and_notes_are_redacted(companion: Companion) -> None:
    id = added(companion)
    companion.edit(id, Edit(note="MARKED", tags=["MARKED"]))
    row = companion.row(id)
    assert row.window is not None
    secrets = ["MARKED", "alice", "Example", "JBSWY3DPEHPK3PXP", row.window.current.expose()]
    shown = [
        f"{value} {value!r}"
        for value in (row, companion.codes(), companion.note(id), companion.export_uri(id), row.window)
    ]
    assert not [secret for secret in secrets for text in shown if secret in text]
    assert "[redacted]" in shown[0]
