"""Ports that need no phone: the system's clock and an HTTP client of the standard library."""

from __future__ import annotations

import time

from .native.countersign import Clock, Ports
from .transport import UrllibTransport


class SystemClock(Clock):
    """The system's clock."""

    def now(self) -> int:
        return int(time.time())


def default_ports() -> Ports:
    """The system's clock and network. Work accounts keep software keys in the vault; see ``KeyPlace.SOFTWARE``."""
    return Ports(clock=SystemClock(), transport=UrllibTransport())
