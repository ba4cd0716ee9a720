"""How values are written out: every text and all bytes are concealed, unless a field is known to hold none that is private.

The generator's own writing shows passwords and secrets in ``str``, and nothing at all in ``repr``.
"""

from __future__ import annotations

import enum
import inspect
from typing import Any

from .concealed import REDACTED
from .native import countersign as core

# Types whose texts say nothing about a person: ids, places of files, words of the protocol, a letter that is mistyped often.
_PUBLIC_TYPES = {"ChainHead", "FilePath", "Label", "Letter", "RecordId", "StatementId", "VaultId"}

# Fields of texts that are the same for everybody.
_PUBLIC_FIELDS = {
    ("HttpRequest", "content_type"),
    ("ManualLimits", "algorithms"),
    ("ManualLimits", "types"),
    ("NewWork", "app"),
    ("NewWork", "platform"),
    ("StatementLine", "field"),
}


def install() -> None:
    """Has every value written out so."""
    for kind in list(vars(core).values()):
        if isinstance(kind, type) and kind.__module__ == core.__name__:
            variants = [inner for inner in vars(kind).values() if isinstance(inner, type) and issubclass(inner, kind)]
            for value in (kind, *variants):
                if _is_value(value):
                    _install(value)


def _is_value(kind: Any) -> bool:
    """Errors carry no text, and objects show nothing."""
    return kind.__str__ is not object.__str__ and not issubclass(kind, (BaseException, enum.Enum))


def _install(kind: Any) -> None:
    fields = {
        name: parameter.annotation
        for name, parameter in inspect.signature(kind.__init__).parameters.items()
        if name != "self" and parameter.kind is not parameter.VAR_POSITIONAL
    }
    public = {name for name, declared in fields.items() if _is_public(kind.__name__, name, str(declared))}

    def written(self: Any) -> str:
        shown = [f"{name}={_shown(getattr(self, name, None), name in public)}" for name in fields]
        shown += [_shown(value, False) for value in getattr(self, "_values", ())]
        return f"{kind.__name__}({', '.join(shown)})"

    kind.__str__ = kind.__repr__ = written


def _is_public(kind: str, name: str, declared: str) -> bool:
    inner = declared.replace("typing.", "").removeprefix("Optional[").removeprefix("List[").rstrip("]")
    return inner in _PUBLIC_TYPES or (kind, name) in _PUBLIC_FIELDS


def _shown(value: object, is_public: bool) -> str:
    if isinstance(value, (list, tuple)):
        return f"[{', '.join(_shown(one, is_public) for one in value)}]"
    if isinstance(value, (str, bytes, bytearray, memoryview)) and not is_public:
        return REDACTED
    return repr(value)
