"""The table of strings in type information: the names of types, and the lines of source."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final

from syrupc.objfile.refusals import malformed, too_large

MAX_NAME: Final = 1 << 12
"""Characters of the name of a type, a member or a parameter; lines of source may be longer."""


@dataclass(frozen=True, slots=True)
class Strings:
    """The table of names and texts. Each begins where one does and is kept once: all are no longer than the table."""

    table: bytes
    known: dict[int, str] = field(default_factory=dict)

    def at(self, offset: int) -> str:
        if offset not in self.known:
            end = self.table.find(b"\0", offset)
            if end < 0 or (offset and self.table[offset - 1]):
                raise malformed("its BTF names a string outside its string table, or from its middle on")
            self.known[offset] = _decoded(self.table[offset:end])
        return self.known[offset]

    def name(self, offset: int) -> str:
        """A string that is a name: those are not long."""
        found = self.at(offset)
        if offset and not found:
            raise malformed("its BTF has a name without a character")
        if len(found) > MAX_NAME:
            raise too_large(f"its BTF has a name of {len(found)} characters", MAX_NAME)
        return found

    def offsets(self) -> dict[str, int]:
        """Where each string is; the last of several does as well as any."""
        found, place = {}, 0
        for text in self.table.split(b"\0")[:-1]:
            found[_decoded(text)] = place
            place += len(text) + 1
        return found


def _decoded(text: bytes) -> str:
    return text.decode("utf-8", "surrogateescape")
