"""What calls through the package cost, for `cargo xtask bench`: a line a measure, its name and the nanoseconds of each turn.

    python bench.py warm FOLDER      calls to a vault of a thousand accounts, and to the library that does nothing
    python bench.py first MODULE     the first call of a new process, the import of the module with it
"""

from __future__ import annotations

import importlib
import itertools
import sys
import time
from typing import Callable

TURNS = 11
ACCOUNTS = 1_000
NOW = 1_800_000_000


def turn(work: Callable[[], object], times: int) -> float:
    """Nanoseconds of one call: the middle one of several."""
    spent = []
    for _ in range(times):
        began = time.perf_counter_ns()
        work()
        spent.append(time.perf_counter_ns() - began)
    return sorted(spent)[times // 2]


def warm(folder: str) -> None:
    import countersign
    import empty

    code = countersign.RecoveryCode.generate()
    with countersign.Companion.create(f"{folder}/vault", recovery=code) as companion:
        for index in range(ACCOUNTS):
            key = "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"
            link = f"otpauth://totp/Service%20{index}:person.{index}@example.org?secret={key}&issuer=Service%20{index}"
            companion.add(countersign.examine(link))
        assert len(companion.list(NOW)) == len(companion.codes(NOW)) == ACCOUNTS
        # A period later at each call: every code changes, which is when a list and a tick are dearest.
        changes = itertools.count(NOW, 30)
        works: dict[str, tuple[Callable[[], object], int]] = {
            "list": (lambda: companion.list(next(changes)), 15),
            "tick": (lambda: companion.codes(next(changes)), 31),
            "empty": (empty.nothing, 1_001),
        }
        for work, times in works.values():
            turn(work, times)
        measured: dict[str, list[float]] = {name: [] for name in works}
        for _ in range(TURNS):
            for name, (work, times) in works.items():
                measured[name].append(turn(work, times))
    for name, turns in measured.items():
        print(name, *turns)


# The smallest function of each.
SMALLEST = {"countersign": "trash_days", "empty": "nothing"}


def first(module: str) -> None:
    began = time.perf_counter_ns()
    getattr(importlib.import_module(module), SMALLEST[module])()
    print("first", time.perf_counter_ns() - began)


if __name__ == "__main__":
    {"warm": warm, "first": first}[sys.argv[1]](sys.argv[2])
