"""Ports behind a guard: what they throw without declaring it becomes one error here, before the compiled side would print it.

An exception's text may hold anything, so it is neither printed nor passed on.
"""

from __future__ import annotations

import functools
import inspect
from typing import Any, Callable, Optional, TypeVar, cast

from .native import countersign as core

_Port = TypeVar("_Port")

# What each port declares.
_DECLARED: dict[type, Any] = {
    core.Anchor: core.PortError,
    core.Clock: core.PortError,
    core.DeviceKeys: core.DeviceKeyError,
    core.Notifier: core.PortError,
    core.PlatformKey: core.WrapError,
    core.Transport: core.TransportError,
}


def _step(name: str, is_async: bool, error: Any) -> Callable[..., Any]:
    if is_async:

        async def waiting(self: Any, *args: Any) -> Any:
            try:
                return await getattr(self.guarded, name)(*args)
            except error:
                raise
            except Exception:
                raise error.Unexpected() from None

        return waiting

    def at_once(self: Any, *args: Any) -> Any:
        try:
            return getattr(self.guarded, name)(*args)
        except error:
            raise
        except Exception:
            raise error.Unexpected() from None

    return at_once


@functools.cache
def _guard_of(port: Any) -> Any:
    """The guard's class: each public step of the port, as a step of its own."""
    error = _DECLARED[port]
    steps = {
        name: _step(name, inspect.iscoroutinefunction(step), error)
        for name, step in vars(port).items()
        if inspect.isfunction(step) and not name.startswith("_")
    }
    return type(f"Guarded{port.__name__}", (port,), steps)


def guarded(kind: type[_Port], port: _Port) -> _Port:
    """The port behind its guard; what has one already stays."""
    guard = _guard_of(cast(Any, kind))
    if isinstance(port, guard):
        return port
    behind = guard.__new__(guard)
    behind.guarded = port
    result: _Port = behind
    return result


class Ports(core.Ports):
    """All that a companion is lent. What is not given is not there: without a transport nothing is sent, without keys of the
    platform work accounts keep software keys in the vault, without a notifier events are only returned.
    """

    def __init__(
        self,
        *,
        clock: core.Clock,
        transport: Optional[core.Transport] = None,
        device_keys: Optional[core.DeviceKeys] = None,
        anchor: Optional[core.Anchor] = None,
        notifier: Optional[core.Notifier] = None,
    ) -> None:
        super().__init__(
            clock=guarded(core.Clock, clock),
            transport=transport and guarded(core.Transport, transport),
            device_keys=device_keys and guarded(core.DeviceKeys, device_keys),
            anchor=anchor and guarded(core.Anchor, anchor),
            notifier=notifier and guarded(core.Notifier, notifier),
        )
