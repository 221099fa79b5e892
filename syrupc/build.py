"""A policy's object with the verdict on it: compiled, or from the cache and judged again."""

from __future__ import annotations

from collections.abc import Callable

from syrupc.cache import Cache, fetch, key_of, store
from syrupc.errors import ObjectError
from syrupc.frontend.marks import asked_kernel
from syrupc.frontend.source import PolicySource
from syrupc.objfile.reader import read_object
from syrupc.options import Options
from syrupc.verifier import verify
from syrupc.verifier.verdict import Verdict


def compiled(
    source: PolicySource,
    options: Options,
    cache: Cache | None = None,
    remark: Callable[[str], None] = lambda _: None,
) -> Verdict:
    """The verdict on a policy's object. Raises as `syrupc.driver.judge`.

    What the cache has is used only if it is of this very source and the verifier accepts it now: the gate is the same
    for all. A cache that cannot be used changes nothing but the time it takes; `remark` is told.
    """
    if cache is None:
        return _compile(source, options)
    # The object knows its source by the bare name: in whichever folder that lies, the bytes are the same.
    key = key_of(source.text.encode(), source.base_name, options)
    if verdict := _found(cache, key, source, options, remark):
        remark("the object comes from the cache and was verified again")
        return verdict
    verdict = _compile(source, options)
    if verdict.accepted:
        _keep(cache, key, verdict, remark)
    return verdict


def _compile(source: PolicySource, options: Options) -> Verdict:
    from syrupc.driver import judge  # brings Numba

    return judge(source, options)


def _found(
    cache: Cache, key: str, source: PolicySource, options: Options, remark: Callable[[str], None]
) -> Verdict | None:
    try:
        data = fetch(cache, key)
    except OSError as error:
        remark(f"the cache cannot be read: {error}")
        return None
    return None if data is None else _judged_again(data, source, options)


def _judged_again(data: bytes, source: PolicySource, options: Options) -> Verdict | None:
    try:
        obj = read_object(data)
    except ObjectError:
        return None
    if obj.spec is None or obj.spec.source_sha256 != source.sha256:
        return None
    verdict = verify(obj, options.profile_for(asked_kernel(source)))
    return verdict if verdict.accepted else None


def _keep(cache: Cache, key: str, verdict: Verdict, remark: Callable[[str], None]) -> None:
    try:
        store(cache, key, verdict.object.data)
    except OSError as error:
        remark(f"the cache cannot be written: {error}")
