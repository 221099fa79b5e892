"""What an object says of itself survives writing and reading, and is always the same bytes."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from syrupc.diagnostics import Span
from syrupc.errors import ObjectError
from syrupc.objfile.metadata import decode_spec, encode_spec
from syrupc.spec import (
    INT_TYPES,
    STORED_TYPES,
    ArrayType,
    FaultKind,
    FaultSite,
    MapKind,
    MapSpec,
    ObjectSpec,
    ProgramSpec,
    StructType,
)

SPEC = ObjectSpec(
    source="policies/größe.py",
    source_sha256="ab" * 32,
    programs=(
        ProgramSpec(
            "decide", "socket", "executors", "counters", 64, False, (FaultSite(66, FaultKind.SHORT_PACKET, 7, 12),)
        ),
    ),
    maps=(MapSpec("m", MapKind.HASH_MAP, INT_TYPES["u32"], INT_TYPES["int"], 9, Span("p.py", 3, 1, 3, 30)),),
)

names = st.text(max_size=12)
spans = st.none() | st.builds(Span, names, st.integers(0, 99), st.integers(0, 99), st.integers(0, 9), st.integers(0, 9))
numbers = st.integers(0, 1 << 40)
types = st.recursive(
    st.sampled_from(sorted(STORED_TYPES.values(), key=str)),
    lambda inner: (
        st.builds(ArrayType, inner, st.integers(1, 9))
        | st.builds(StructType.of, names, st.lists(st.tuples(names, inner), min_size=1, max_size=3))
    ),
    max_leaves=6,
)
maps = st.builds(MapSpec, names, st.sampled_from(list(MapKind)), st.none() | types, types, numbers, spans)
faults = st.builds(FaultSite, numbers, st.sampled_from(list(FaultKind)), numbers, numbers)
programs = st.builds(
    ProgramSpec, names, names, names, names, numbers, st.booleans(), st.lists(faults, max_size=3).map(tuple)
)
specs = st.builds(
    ObjectSpec,
    names,
    names,
    st.lists(programs, max_size=3).map(tuple),
    st.lists(maps, max_size=3).map(tuple),
    st.none() | names,
)


@given(specs)
def test_every_spec_survives(spec: ObjectSpec) -> None:
    assert decode_spec(encode_spec(spec)) == spec


def test_the_bytes_are_canonical() -> None:
    content = encode_spec(SPEC)
    assert content == json.dumps(json.loads(content), sort_keys=True, separators=(",", ":")).encode("ascii")


def test_padding_behind_the_text_does_not_matter() -> None:
    assert decode_spec(encode_spec(SPEC) + b"\0\0") == SPEC


def damaged(change: object) -> bytes:
    document = json.loads(encode_spec(SPEC))
    change(document)  # type: ignore[operator]
    return json.dumps(document).encode()


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"{",
        b"[]",
        b"null",
        b"\xff\xfe",
        b"[" * 5000,
        damaged(lambda d: d.pop("maps")),
        damaged(lambda d: d.update(source=1)),
        damaged(lambda d: d.update(maps=[1])),
        damaged(lambda d: d["maps"][0].update(kind="Bag")),
        damaged(lambda d: d["maps"][0].update(key="u7")),
        damaged(lambda d: d["maps"][0].update(max_entries=True)),
        damaged(lambda d: d["programs"][0].pop("drops")),
        damaged(lambda d: d["programs"][0].update(drops=0)),
        damaged(lambda d: d["programs"][0].update(faults=[[1, "KeyError", 2]])),
        damaged(lambda d: d["programs"][0].update(faults=[[1, "Nonsense", 2, 3]])),
        damaged(lambda d: d.update(version=99)),
    ],
)
def test_anything_else_is_one_diagnostic(content: bytes) -> None:
    with pytest.raises(ObjectError) as caught:
        decode_spec(content)
    assert [d.code for d in caught.value.diagnostics] == ["SYR402"]
