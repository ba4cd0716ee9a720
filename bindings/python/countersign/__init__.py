"""Countersign: one-time codes and sign-in approvals in an encrypted vault.

The core is compiled; what it asks of the program are *ports* (:mod:`countersign.ports` has those that need no phone). Time
is an argument everywhere, and asked of the clock where it is left out. Private texts are :class:`Concealed`.
"""

from .native import countersign as core
from . import calls, guarded, redacted, stream
from .native.countersign import *  # noqa: F403
from .companion import Companion
from .concealed import Concealed
from .ports import SystemClock, default_ports
from .transport import UrllibTransport

guarded.install()
calls.install()
redacted.install()
stream.install()

__all__ = [name for name in core.__all__ if name != "Companion"] + [
    "Companion",
    "Concealed",
    "SystemClock",
    "UrllibTransport",
    "default_ports",
]
