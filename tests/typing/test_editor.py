"""What an editor shows while a policy is written: completions, and a docstring at every name."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

import syrup
from syrupc.frontend.declare import EXPORTS
from syrupc.frontend.rules import attributes
from syrupc.frontend.types import InputType, View
from syrupc.kernel.headers import HEADERS
from syrupc.spec import Input
from tests.typing.editor import Editor

IMPORTED = sorted(EXPORTS & set(syrup.__all__))
ON_PACKET = sorted(attributes(InputType(Input.PACKET)))
ON_VIEW = sorted(attributes(View("payload")))
IN_HEADERS = [(header.name, field.name) for header in HEADERS.values() for field in header.fields]
ON_MAP = ("fetch_add", "get")

USES = [
    *(f"syrup.{name}" for name in IMPORTED),
    *(f"pkt.{name}" for name in ON_PACKET),
    *(f"pkt.payload.{name}" for name in ON_VIEW),
    *(f"pkt.{header}.{name}" for header, name in IN_HEADERS),
    *(f"table.{name}" for name in ON_MAP),
]
HEADER = ("import syrup", "table = syrup.Array(syrup.u64, 4)", "pkt = syrup.Packet()")
POLICY = "\n".join((*HEADER, *USES))


def line_of(use: str) -> int:
    return len(HEADER) + USES.index(use)


@pytest.fixture(scope="module")
def editor(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Editor]:
    opened = Editor(tmp_path_factory.mktemp("editor"), POLICY)
    yield opened
    opened.close()


@pytest.mark.parametrize("use", USES)
def test_every_name_of_the_language_shows_what_it_is_for(editor: Editor, use: str) -> None:
    shown = editor.hover(line_of(use), len(use) - 1)
    signature, _, words = shown.partition("\n---\n")
    assert use.rpartition(".")[2] in signature
    assert len(words.split()) >= 3, shown


@pytest.mark.parametrize(
    ("before", "names"),
    [("syrup.", IMPORTED), ("pkt.", ON_PACKET), ("pkt.payload.", ON_VIEW), ("table.", ON_MAP)],
    ids=["syrup", "packet", "view", "map"],
)
def test_every_name_of_the_language_is_offered(editor: Editor, before: str, names: list[str]) -> None:
    assert set(names) <= editor.completions(line_of(before + names[0]), len(before))


def test_a_policy_can_be_asked_and_looked_up(tmp_path: Path) -> None:
    text = "from examples.sita import sita\n\nsita.decide\n"
    opened = Editor(tmp_path, text)
    assert {"decide", "maps", "verified"} <= opened.completions(2, len("sita."))
    assert "What the kernel would decide" in opened.hover(2, len("sita.d"))
    opened.close()
