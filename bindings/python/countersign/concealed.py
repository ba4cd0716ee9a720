"""Texts that no log may show: names, codes, exported links, notes."""

from __future__ import annotations

from typing import Any, NoReturn, Union

REDACTED = "[redacted]"


class Concealed:
    """A private text. Nothing but :meth:`expose` shows it: not ``str``, ``repr``, a format or a traceback."""

    __slots__ = ("_text",)

    def __init__(self, text: str) -> None:
        self._text = text

    def expose(self) -> str:
        """The text itself, for the person whose it is."""
        return self._text

    def __eq__(self, other: object) -> bool:
        if isinstance(other, Concealed):
            return self._text == other._text
        return NotImplemented

    def __hash__(self) -> int:
        return hash(self._text)

    def __bool__(self) -> bool:
        return bool(self._text)

    def __repr__(self) -> str:
        return REDACTED

    def __format__(self, spec: str) -> str:
        return REDACTED

    def __copy__(self) -> "Concealed":
        return self

    def __deepcopy__(self, memo: Any) -> "Concealed":
        return self

    def __reduce__(self) -> NoReturn:
        # What is pickled is read by anybody.
        raise TypeError("a concealed text is not pickled")


def text_of(value: Union[Concealed, str]) -> str:
    """A text that is given to the core, concealed or not."""
    return value.expose() if isinstance(value, Concealed) else value
