"""Countersign: one-time codes and sign-in approvals in an encrypted vault.

The core is compiled; what it asks of the program are *ports* (:mod:`countersign.ports` has those that need no phone). Time
is an argument everywhere, and asked of the clock where it is left out. Private texts are :class:`Concealed`.
"""

from .native import countersign as core
from . import stream
from .native.countersign import *  # noqa: F403
from .companion import Companion
from .concealed import Concealed
from .guarded import Ports
from .ports import SystemClock, UrllibTransport, default_ports

stream.install()

__all__ = [name for name in core.__all__ if name not in {"Companion", "Ports"}] + [
    "Companion",
    "Concealed",
    "Ports",
    "SystemClock",
    "UrllibTransport",
    "default_ports",
]
