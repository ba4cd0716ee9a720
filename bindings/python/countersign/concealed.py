"""Texts that no log may show: names, codes, exported links, notes."""

from __future__ import annotations

from typing import Union


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
        return "[redacted]"

    def __format__(self, spec: str) -> str:
        return "[redacted]"


def text_of(value: Union[Concealed, str]) -> str:
    """A text that is given to the core, concealed or not."""
    return value.expose() if isinstance(value, Concealed) else value
