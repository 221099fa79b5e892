"""Records: the layout of C, values that do not change, references that do."""

from __future__ import annotations

import copy
import ctypes
import inspect
import pickle
import struct
from typing import Any, Final

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import syrup
from syrup import be16, be32, be64, i8, i16, u8, u16, u32, u64
from syrupc.lang.records import Record, kind_from, record_class
from syrupc.spec import BE32, BE64, BOOL, I16, STORED_TYPES, U8, U32, ArrayType, IntType, StoredType, StructType

COUNT: Final = 3
unhurried = settings(deadline=None)


@syrup.struct
class Inner:
    x: u8
    y: be32


@syrup.struct
class Request:
    """What a client asks for."""

    kind: u16
    key: be64
    inner: Inner
    slots: syrup.Elements[u32] = syrup.elements(COUNT)
    pairs: syrup.Elements[Inner] = syrup.elements(2)


REQUEST = Request(1, key=2, inner=Inner(3, 4))


def reference(cls: Any) -> Any:
    """A record over memory of zeros that can be written."""
    return cls.__over__(memoryview(bytearray(cls.__struct__.size)))


# -- layout ------------------------------------------------------------------------------------------------------------


def test_a_struct_lies_in_memory_as_c_lays_it_out() -> None:
    start = struct.pack("<H6x", 1) + struct.pack(">Q", 2) + struct.pack("<B3x", 3) + struct.pack(">I", 4)
    assert start + bytes(3 * 4 + 2 * 8 + 4) == bytes(REQUEST)


def test_the_layout_is_that_of_the_declaration() -> None:
    inner = StructType.of("Inner", [("x", U8), ("y", BE32)])
    fields = [("kind", STORED_TYPES["u16"]), ("key", BE64), ("inner", inner)]
    arrays = [("slots", ArrayType(U32, 3)), ("pairs", ArrayType(inner, 2))]
    assert Request.__struct__ == StructType.of("Request", [*fields, *arrays])


names = st.sampled_from("abcdefgh")
integers = st.sampled_from(sorted(STORED_TYPES.values(), key=str))


def structs(element: st.SearchStrategy[StoredType]) -> st.SearchStrategy[StructType]:
    fields = st.lists(st.tuples(names, element), min_size=1, max_size=5, unique_by=lambda each: each[0])
    return st.builds(StructType.of, st.just("Generated"), fields)


layouts = structs(
    st.recursive(integers, lambda inner: structs(inner) | st.builds(ArrayType, inner, st.integers(1, 3)), max_leaves=5)
)


def in_c(type_: StoredType) -> Any:
    """The same type in ctypes, which lays it out as the C compiler does."""
    match type_:
        case IntType(bits=1):
            return ctypes.c_bool
        case IntType():
            plain = getattr(ctypes, f"c_{'' if type_.signed else 'u'}int{type_.bits}")
            return plain.__ctype_be__ if type_.big_endian else plain
        case ArrayType():
            return in_c(type_.element) * type_.count
        case StructType():
            return type("C", (ctypes.Structure,), {"_fields_": [(f.name, in_c(f.type)) for f in type_.fields]})


def fill(type_: StoredType, ours: Any, theirs: Any, data: st.DataObject) -> None:
    """Set every integer of a record and of its C twin to the same value."""
    if isinstance(type_, StructType):
        places: list[tuple[Any, StoredType]] = [(field.name, field.type) for field in type_.fields]
        get, put = getattr, setattr
    else:
        assert isinstance(type_, ArrayType)
        places = [(index, type_.element) for index in range(type_.count)]
        get, put = (lambda where, index: where[index]), (lambda where, index, value: where.__setitem__(index, value))
    for place, inner in places:
        if isinstance(inner, IntType):
            value = data.draw(st.integers(inner.minimum, inner.maximum))
            put(ours, place, value)
            put(theirs, place, value)
            assert get(ours, place) == value
        else:
            fill(inner, get(ours, place), get(theirs, place), data)


@unhurried
@given(layouts, st.data())
def test_every_layout_is_that_of_the_c_compiler(layout: StructType, data: st.DataObject) -> None:
    cls, twin = record_class(layout), in_c(layout)
    assert ctypes.sizeof(twin) == layout.size
    assert [getattr(twin, f.name).offset for f in layout.fields] == [f.offset for f in layout.fields]
    ours, theirs = reference(cls), twin()
    fill(layout, ours, theirs, data)
    assert bytes(ours) == bytes(theirs)
    assert cls.from_bytes(bytes(theirs)) == ours


@unhurried
@given(layouts, st.data())
def test_padding_does_not_count(layout: StructType, data: st.DataObject) -> None:
    cls = record_class(layout)
    noise = data.draw(st.binary(min_size=layout.size, max_size=layout.size))
    record = cls.from_bytes(noise)
    theirs = in_c(layout)()
    same(layout, record, in_c(layout).from_buffer_copy(noise))
    assert cls.from_bytes(bytes(record)) == record
    assert hash(cls.from_bytes(bytes(record))) == hash(record)
    assert bytes(cls.from_bytes(bytes(layout.size))) == bytes(theirs)


def same(type_: StoredType, ours: Any, theirs: Any) -> None:
    match type_:
        case IntType():
            assert ours == theirs
        case ArrayType():
            for index in range(type_.count):
                same(type_.element, ours[index], theirs[index])
        case StructType():
            for field in type_.fields:
                same(field.type, getattr(ours, field.name), getattr(theirs, field.name))


def test_other_padding_is_the_same_record() -> None:
    assert Inner.from_bytes(b"\x03\xff\xff\xff\0\0\0\x04") == Inner(3, 4)  # type: ignore[attr-defined]


@pytest.mark.parametrize("size", [0, 7, 9])
def test_bytes_of_another_size_are_no_record(size: int) -> None:
    with pytest.raises(ValueError, match="Inner has 8 bytes"):
        Inner.from_bytes(bytes(size))  # type: ignore[attr-defined]


# -- values ------------------------------------------------------------------------------------------------------------


def test_fields_are_given_in_order_or_by_name() -> None:
    assert Inner(1, 2) == Inner(x=1, y=2) == Inner(1, y=2) != Inner(2, 1)
    assert str(inspect.signature(Request)) == "(kind, key, inner)"


@pytest.mark.parametrize(
    ("arguments", "named", "what"),
    [
        ((), {}, "Inner: missing a required argument: 'x'"),
        ((1,), {}, "Inner: missing a required argument: 'y'"),
        ((1, 2, 3), {}, "Inner: too many positional arguments"),
        ((1,), {"z": 2}, "Inner: "),
        ((1, "2"), {}, "Inner.y: an integer is needed, not `str`"),
        ((1.0, 2), {}, "Inner.x: an integer is needed, not `float`"),
        ((Inner(1, 2), 2), {}, "Inner.x: an integer is needed, not `Inner`"),
    ],
)
def test_wrong_arguments_are_type_errors(arguments: tuple[Any, ...], named: dict[str, Any], what: str) -> None:
    with pytest.raises(TypeError, match=what):
        Inner(*arguments, **named)


def test_elements_are_no_argument() -> None:
    with pytest.raises(TypeError, match="Request: "):
        Request(1, 2, Inner(3, 4), slots=[1, 2, 3])  # type: ignore[call-arg]


def test_a_field_of_another_struct_needs_a_record_of_it() -> None:
    with pytest.raises(TypeError, match=r"Request\.inner: a record of `Inner` is needed, not `int`"):
        Request(1, 2, 3)  # type: ignore[arg-type]


@unhurried
@given(st.integers(-(2**70), 2**70))
def test_what_is_stored_wraps_to_its_width(number: int) -> None:
    @syrup.struct
    class Wide:
        a: u8
        b: i16
        c: bool
        d: be16
        e: u64
        f: int

    record = Wide(number, number, number, number, number, number)  # type: ignore[arg-type]
    assert (record.a, record.b) == (number % 2**8, ctypes.c_int16(number).value)
    assert (record.c, record.d) == (bool(number), number % 2**16)
    assert (record.e, record.f) == (number % 2**64, ctypes.c_int64(number).value)


def test_a_value_does_not_change() -> None:
    for change in (
        lambda: setattr(REQUEST, "kind", 9),
        lambda: setattr(REQUEST, "inner", Inner(0, 0)),
        lambda: setattr(REQUEST.inner, "x", 9),
    ):
        with pytest.raises(AttributeError, match=r"change it in its map through `ref = m\.lookup\(key\)`"):
            change()
    for elements, value in ((REQUEST.slots, 1), (REQUEST.pairs, Inner(1, 1))):
        with pytest.raises(TypeError, match="build a new one"):
            elements[0] = value
    with pytest.raises(AttributeError):
        del REQUEST.kind
    assert Request(1, 2, Inner(3, 4)) == REQUEST


def test_an_unknown_field_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match="'Inner' object has no attribute 'z'"):
        Inner(1, 2).z = 3  # type: ignore[attr-defined]


def test_records_are_equal_by_layout_and_bytes() -> None:
    twin = syrup.struct(type("Inner", (), {"__annotations__": {"x": u8, "y": be32}}))
    other = syrup.struct(type("Other", (), {"__annotations__": {"x": u8, "y": be32}}))
    assert Inner(1, 2) == twin(1, 2)  # type: ignore[call-arg]
    assert hash(Inner(1, 2)) == hash(twin(1, 2))  # type: ignore[call-arg]
    assert Inner(1, 2) != other(1, 2)  # type: ignore[call-arg]
    assert Inner(1, 2) != (1, 2)
    assert len({Inner(1, 2), Inner(1, 2), Inner(1, 3)}) == 2


def test_a_record_shows_its_fields() -> None:
    assert repr(Inner(1, 2)) == "Inner(x=1, y=2)"
    assert repr(REQUEST).startswith("Request(kind=1, key=2, inner=Inner(x=3, y=4), slots=[0, 0, 0], pairs=[Inner(x=0,")


def test_the_class_stays_what_it_was() -> None:
    assert (Request.__doc__, Request.__name__) == ("What a client asks for.", "Request")
    assert (Request.__module__, Request.__qualname__) == (__name__, "Request")


def test_a_record_survives_copying_and_pickling() -> None:
    assert copy.copy(REQUEST) == copy.deepcopy(REQUEST) == REQUEST
    reduced = pickle.dumps(record_class(Inner.__struct__)(1, 2).__reduce__()[1])  # type: ignore[attr-defined]
    assert pickle.loads(reduced) == (bytes(Inner(1, 2)),)


# -- elements ----------------------------------------------------------------------------------------------------------


def test_elements_begin_as_zero_and_have_their_number() -> None:
    assert (len(REQUEST.slots), list(REQUEST.slots), 0 in REQUEST.slots, 1 in REQUEST.slots) == (
        3,
        [0] * 3,
        True,
        False,
    )
    assert list(REQUEST.pairs) == [Inner(0, 0)] * 2


@pytest.mark.parametrize("index", [-1, 3, 2**70])
def test_an_index_outside_is_an_index_error(index: int) -> None:
    with pytest.raises(IndexError):
        REQUEST.slots[index]
    with pytest.raises(IndexError):
        reference(Request).slots[index] = 1


def test_elements_are_equal_by_type_and_bytes() -> None:
    other = reference(Request)
    assert REQUEST.slots == other.slots
    other.slots[1] = 5
    assert REQUEST.slots != other.slots
    assert REQUEST.slots != REQUEST.pairs
    assert REQUEST.slots != [0, 0, 0]
    assert len({REQUEST.slots, REQUEST.slots}) == 1


def test_elements_are_made_by_records_only() -> None:
    with pytest.raises(TypeError, match="part of a record"):
        syrup.Elements()


@pytest.mark.parametrize(("count", "error"), [(0, ValueError), (-1, ValueError), (True, TypeError), ("4", TypeError)])
def test_the_number_of_elements_is_a_positive_integer(count: Any, error: type[Exception]) -> None:
    with pytest.raises(error):
        syrup.elements(count)


# -- references --------------------------------------------------------------------------------------------------------


def test_a_reference_writes_through_at_every_depth() -> None:
    ref = reference(Request)
    ref.kind += 70000
    ref.inner.y = 7
    ref.slots[2] = -1
    ref.pairs[1].x = 5
    ref.pairs[0] = Inner(8, 9)
    expected = (70000 % 65536, Inner(0, 7), [0, 0, 2**32 - 1], [Inner(8, 9), Inner(5, 0)])
    assert (ref.kind, ref.inner, list(ref.slots), list(ref.pairs)) == expected
    ref.inner = Inner(1, 1)
    ref.slots = REQUEST.slots
    assert (ref.inner, list(ref.slots)) == (Inner(1, 1), [0, 0, 0])


def test_a_reference_equals_the_value_that_it_refers_to_now() -> None:
    ref = reference(Inner)
    before = copy.copy(ref)
    assert ref == before == Inner(0, 0)
    ref.x = 1
    assert (ref == Inner(1, 0), before == Inner(0, 0)) == (True, True)
    assert repr(ref) == "<reference to Inner(x=1, y=0)>"
    for changing in (ref, reference(Request).slots):
        with pytest.raises(TypeError, match="a reference has no hash"):
            hash(changing)


def test_what_does_not_fit_is_not_written() -> None:
    ref = reference(Request)
    with pytest.raises(TypeError, match=r"Request\.kind: an integer is needed"):
        ref.kind = "1"
    with pytest.raises(TypeError, match=r"Request\.slots: elements `u32\[3\]` are needed"):
        ref.slots = [1, 2, 3]
    assert bytes(ref) == bytes(Request.__struct__.size)


# -- declarations ------------------------------------------------------------------------------------------------------


def declared(**body: Any) -> Any:
    """The struct of a class with this body; `fields` are its annotations."""
    body["__annotations__"] = body.pop("fields", {"a": u32})
    return syrup.struct(type("Wrong", body.pop("bases", ()), body))


@pytest.mark.parametrize(
    ("body", "what"),
    [
        ({"fields": {}}, "Wrong: a struct needs a field"),
        ({"a": 5}, r"Wrong\.a: a field has no default"),
        ({"a": None}, r"Wrong\.a: a field has no default"),
        ({"a": syrup.elements(4)}, r"Wrong\.a: only `Elements\[\.\.\.\]` has elements"),
        ({"method": print}, r"Wrong\.method: a struct has fields and nothing else"),
        ({"__init__": print}, r"Wrong\.__init__: a struct has fields and nothing else"),
        ({"__slots__": ()}, r"Wrong\.__slots__: a struct has fields and nothing else"),
        ({"constant": 3}, r"Wrong\.constant: a struct has fields and nothing else"),
        ({"bases": (Record,)}, "Wrong: a struct has no base class"),
        ({"fields": {"a": str}}, r"Wrong\.a: .* is not an integer type"),
        ({"fields": {"a": "u31"}}, r"Wrong\.a: `u31` cannot be evaluated: name 'u31' is not defined"),
        ({"fields": {"a": list[int]}}, r"Wrong\.a: "),
        ({"fields": {"a": syrup.Elements[u32]}}, r"Wrong\.a: how many elements\? write `= syrup\.elements\(4\)`"),
        ({"fields": {"a": syrup.Elements[str]}, "a": syrup.elements(1)}, r"Wrong\.a: .* is not an integer type"),
        ({"fields": {"a": syrup.Elements}, "a": syrup.elements(1)}, r"Wrong\.a: "),
        ({"fields": {"from_bytes": u32}}, r"Wrong\.from_bytes: a field cannot have this name"),
        ({"fields": {"_Wrong__hidden": u32}}, r"Wrong\._Wrong__hidden: a field cannot have this name"),
        ({"fields": {"__struct__": u32}}, r"Wrong\.__struct__: a field cannot have this name"),
    ],
)
def test_anything_but_fields_is_a_type_error(body: dict[str, Any], what: str) -> None:
    with pytest.raises(TypeError, match=what):
        declared(**body)


def test_a_class_with_a_metaclass_is_no_struct() -> None:
    class Meta(type):
        pass

    with pytest.raises(TypeError, match="no metaclass"):
        syrup.struct(Meta("Wrong", (), {"__annotations__": {"a": u32}}))


def test_annotations_are_read_where_the_class_stands() -> None:
    @syrup.struct
    class Local:
        a: u8

    @syrup.struct
    class Outer:
        local: Local
        signed: i8

    assert Outer(Local(1), -1).local == Local(1)


def test_fields_may_have_any_other_name() -> None:
    made: Any = declared(fields={"self": u32, "args": u8, "_pad": be16, "name": I16})
    record = made(self=1, args=2, _pad=3, name=-4)
    assert (record.self, record.args, record._pad, record.name) == (1, 2, 3, -4)


def test_a_layout_without_a_declared_class_gets_one() -> None:
    layout = StructType.of("Unseen", [("a", BOOL), ("b", ArrayType(StructType.of("Deep", [("c", U8)]), 2))])
    made: Any = record_class(layout)
    assert made is record_class(layout)
    assert repr(made(a=7)) == "Unseen(a=True, b=[Deep(c=0), Deep(c=0)])"
    assert kind_from(layout).type == layout


@pytest.mark.parametrize("cast", [be16, be32, be64])
def test_byte_orders_cast_nothing(cast: Any) -> None:
    with pytest.raises(TypeError, match=r"casts nothing; write `u\d\d\(\.\.\.\)`"):
        cast(1)


# -- in packets --------------------------------------------------------------------------------------------------------


def test_a_record_is_read_from_a_packet() -> None:
    view = syrup.Packet(b"head" + bytes(REQUEST)).payload
    assert view.read(Request, 4) == REQUEST
    assert view.read(Inner) == Inner.from_bytes(b"head" + bytes(REQUEST)[:4])  # type: ignore[attr-defined]
    for offset in (-1, 5, 2**40):
        with pytest.raises(syrup.ShortPacket):
            view.read(Request, offset)
    with pytest.raises(TypeError, match="a struct is read, not u32"):
        view.read(u32)
