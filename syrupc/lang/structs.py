"""Declaring records: `@struct` classes, whose fields are integers, other structs, and elements of either."""

from __future__ import annotations

import inspect
import sys
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Final, Literal, TypeVar, cast, dataclass_transform, get_args, get_origin

from syrupc.lang.records import Elements, Record, Repeated, kind_of, make_record_class, remember
from syrupc.lang.stored import Kind

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class _Count:
    """What `elements` leaves in the body of a class."""

    count: int


def elements(count: int, *, init: Literal[False] = False) -> Any:
    """How many elements a field has: `slots: Elements[u32] = elements(4)`. `init` speaks to type checkers alone."""
    if isinstance(count, bool) or not isinstance(count, int):
        raise TypeError(f"the number of elements is an integer, not {type(count).__name__}")
    if init is not False:
        raise TypeError("elements begin as zero and are no parameters of the constructor")
    if count < 1:
        raise ValueError("at least one element is needed")
    return _Count(count)


@dataclass_transform(field_specifiers=(elements,))
def struct(cls: type[T]) -> type[T]:
    """Make a record of a class that has annotated fields: integer types, other structs, and `Elements`.

    The constructor takes the fields in their order or by name, without those of elements, which begin as zero; what is
    stored wraps to its width. Records are immutable, hashable and comparable. `bytes(record)` is its memory, with
    padding of zeros, and `from_bytes` is the reverse. Raises `TypeError` for a class that has anything but fields.
    """
    where = sys._getframe(1)
    annotations = inspect.get_annotations(cls)
    _require_only_fields(cls, annotations)
    kinds = {
        name: _field_kind(
            f"{cls.__name__}.{name}", _evaluated(cls, name, what, where), vars(cls).get(name, _NO_DEFAULT)
        )
        for name, what in annotations.items()
    }
    made = make_record_class(cls.__name__, kinds)
    made.__module__, made.__qualname__, made.__doc__ = cls.__module__, cls.__qualname__, cls.__doc__
    remember(made)
    return cast("type[T]", made)


class _Sample:
    """A class with nothing but a documentation string and a field."""

    field: int


_OF_EVERY_CLASS: Final = frozenset(vars(_Sample)) | {"__annotate_func__", "__annotations_cache__"}
_NO_DEFAULT: Final = object()


def _require_only_fields(cls: type, names: Iterable[str]) -> None:
    if type(cls) is not type or cls.__bases__ != (object,):
        raise TypeError(f"{cls.__name__}: a struct has no base class and no metaclass")
    fields = set(names)
    for name in vars(cls).keys() - _OF_EVERY_CLASS - fields:
        raise TypeError(f"{cls.__name__}.{name}: a struct has fields and nothing else")
    for name in sorted(fields):
        # Python mangles a name that begins with two underscores.
        if name.startswith(("__", f"_{cls.__name__.lstrip('_')}__")) or name == Record.from_bytes.__name__:
            raise TypeError(f"{cls.__name__}.{name}: a field cannot have this name")
    if not fields:
        raise TypeError(f"{cls.__name__}: a struct needs a field")


def _evaluated(cls: type, name: str, annotation: Any, where: Any) -> Any:
    """What an annotation stands for where the class stands, if it is a text (`from __future__ import annotations`)."""
    if not isinstance(annotation, str):
        return annotation
    try:
        return eval(annotation, where.f_globals, where.f_locals)
    except Exception as error:
        raise TypeError(f"{cls.__name__}.{name}: `{annotation}` cannot be evaluated: {error}") from None


def _field_kind(where: str, annotation: Any, default: object) -> Kind:
    repeated = get_origin(annotation) is Elements or annotation is Elements
    if repeated and not isinstance(default, _Count):
        raise TypeError(f"{where}: how many elements? write `= syrup.elements(4)`")
    if not repeated and isinstance(default, _Count):
        raise TypeError(f"{where}: only `Elements[...]` has elements")
    if not repeated and default is not _NO_DEFAULT:
        raise TypeError(f"{where}: a field has no default")
    try:
        if not isinstance(default, _Count):
            return kind_of(annotation)
        (element,) = get_args(annotation) or (annotation,)
        return Repeated(kind_of(element), default.count)
    except TypeError as error:
        raise TypeError(f"{where}: {error}") from None
