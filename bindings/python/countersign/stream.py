"""Reading what the compiled side gives, about a third faster than the generator's own reader: the bytes are taken once and not
a slice a field. A list of a thousand accounts has seventeen thousand fields.
"""

from __future__ import annotations

import ctypes
from struct import Struct
from typing import Any

from .native import countersign as core


def _reader(form: str) -> Any:
    numbers = Struct(form)
    unpack, size = numbers.unpack_from, numbers.size

    def read(self: Stream) -> Any:
        at = self.offset
        self.offset = at + size
        # Past the end it is an error of `struct`, and no byte is read.
        return unpack(self.data, at)[0]

    return read


class Stream:
    """The fields of one value, in their order."""

    __slots__ = ("data", "len", "offset")

    def __init__(self, data: bytes, len: int) -> None:
        self.data = data
        self.len = len
        self.offset = 0

    @classmethod
    def from_rust_buffer(cls, buf: Any) -> Stream:
        return cls(ctypes.string_at(buf.data, buf.len) if buf.len else b"", buf.len)

    def remaining(self) -> int:
        return self.len - self.offset

    def read(self, size: int) -> bytes:
        at = self.offset
        end = at + size
        if size < 0 or end > self.len:
            raise core.InternalError("read past end of rust buffer")
        self.offset = end
        return self.data[at:end]

    read_i8 = _reader(">b")
    read_u8 = _reader(">B")
    read_i16 = _reader(">h")
    read_u16 = _reader(">H")
    read_i32 = _reader(">i")
    read_u32 = _reader(">I")
    read_i64 = _reader(">q")
    read_u64 = _reader(">Q")
    read_float = _reader(">f")
    read_double = _reader(">d")


def install() -> None:
    """Puts it in the place of the generator's own."""
    own = core._UniffiRustBufferStream
    steps = {name for name in vars(own) if not name.startswith("_")}
    assert steps <= set(vars(Stream)), "the generator's reader has steps that are not here"
    core._UniffiRustBufferStream = Stream
