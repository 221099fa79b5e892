"""Policies as values: decorated functions run as plain Python and compile when they are used."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest

import syrup
from syrup import policy as policy_module
from syrup.policy import Policy, deployable
from tests.kernel import handmade


@syrup.jit
def constant(pkt: syrup.Packet) -> syrup.Executor:
    """Always the third."""
    return len(pkt.payload) + 2


@syrup.jit(hook=("socket",))
def another(pkt: syrup.Packet) -> syrup.Executor:  # noqa: ARG001
    return syrup.PASS


BLOOM = """\
import syrup

seen = syrup.Bloom(syrup.u16, 8)


@syrup.jit
def stranger(pkt: syrup.Packet) -> syrup.Executor:
    return 1 if pkt.src_port in seen else 0
"""


@pytest.fixture
def bloom(tmp_path: Path) -> Path:
    """A policy that needs what came after the default profile."""
    file = tmp_path / "bloom.py"
    file.write_text(BLOOM)
    return file


@pytest.fixture
def compilations(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, int]]:
    """What was compiled: the compiler is replaced by one that always gives the same object."""
    done: list[tuple[str, int]] = []

    def compile_file(path: str, choice: policy_module.Choice, _cache: object) -> Any:
        done.append((path, choice.max_executors))
        return handmade.policy(handmade.PASS, name="constant")

    monkeypatch.setattr(policy_module, "_compile_file", compile_file)
    return done


def test_a_policy_is_called_as_the_function_it_is() -> None:
    assert constant(syrup.Packet(b"ab")) == 4
    assert (constant.name, constant.__doc__) == ("constant", "Always the third.")
    assert constant.path == __file__
    assert another.hooks == ("socket",)


def test_a_policy_raises_what_python_raises() -> None:
    @syrup.jit
    def reads(pkt: syrup.Packet) -> syrup.Executor:
        return pkt.payload.u8(0)

    with pytest.raises(syrup.ShortPacket):
        reads(syrup.Packet(b""))


def test_a_policy_is_compiled_at_its_first_use_and_once(compilations: list[tuple[str, int]]) -> None:
    made: Policy[..., Any] = Policy(policy_module.Unit("some.py"), "constant", ("socket",))
    assert compilations == []
    assert made.verified is made.verified
    assert compilations == [("some.py", 64)]


def test_policies_of_one_file_share_what_they_compile_to(compilations: list[tuple[str, int]]) -> None:
    unit = policy_module.Unit("some.py")
    first: Policy[..., Any] = Policy(unit, "constant", ("socket",))
    second: Policy[..., Any] = Policy(unit, "other", ("socket",))
    assert first.verified is second.verified
    assert len(compilations) == 1
    assert constant._unit is another._unit


def test_room_for_executors_is_a_choice_of_the_compilation(compilations: list[tuple[str, int]]) -> None:
    assert syrup.compile("some.py", max_executors=100).verified
    assert compilations == [("some.py", 100)]


def test_a_decorated_function_gets_the_room_that_is_asked_for(compilations: list[tuple[str, int]]) -> None:
    made: Policy[..., Any] = Policy(policy_module.Unit("some.py"), "constant", ("socket",))
    assert syrup.compile(made) is made
    wide = syrup.compile(made, max_executors=100)
    assert (wide.name, wide.verified is made.verified) == ("constant", False)
    assert deployable(wide, "socket").program.name == "constant"
    assert compilations == [("some.py", 64), ("some.py", 100)]


@pytest.mark.parametrize("thing", [constant, __file__])
def test_room_for_nobody_is_an_error(thing: Any) -> None:
    with pytest.raises(ValueError, match="max_executors is 0"):
        deployable(thing, "socket", max_executors=0)


def test_a_decorated_function_is_not_another_of_its_file() -> None:
    for use in (syrup.compile, lambda policy, name: deployable(policy, "socket", name=name)):
        with pytest.raises(syrup.UsageError, match="the policy `constant` is not `another`"):
            use(constant, name="another")


def test_a_path_is_compiled_to_the_policy_in_it(compilations: list[tuple[str, int]], tmp_path: Path) -> None:
    found = syrup.compile(tmp_path / "some.py")
    assert (found.name, found.hooks, compilations) == ("constant", ("socket",), [(str(tmp_path / "some.py"), 64)])
    with pytest.raises(TypeError, match="import the file to call it"):
        found(syrup.Packet())


@pytest.mark.usefixtures("compilations")
def test_a_name_that_the_file_does_not_have_is_an_error() -> None:
    with pytest.raises(syrup.UsageError, match="no policy `nothing`") as raised:
        syrup.compile("some.py", name="nothing")
    assert raised.value.diagnostics[0].notes == ("there are: `constant`",)


@pytest.mark.usefixtures("compilations")
def test_a_hook_that_the_policy_is_not_for_is_an_error() -> None:
    made: Policy[..., Any] = Policy(policy_module.Unit("some.py"), "constant", ("socket",))
    with pytest.raises(syrup.UsageError, match="no policy for the hook `cpu`"):
        deployable(made, "cpu")


@pytest.mark.parametrize("thing", [None, 3, b"some.py", handmade])
def test_what_is_no_policy_is_not_attached(thing: Any) -> None:
    with pytest.raises(TypeError, match="is attached, not a"):
        deployable(thing, "socket")


def test_every_public_name_is_there() -> None:
    assert {name for name in syrup.__all__ if not hasattr(syrup, name)} == set()
    assert set(syrup.__all__) <= set(dir(syrup))
    with pytest.raises(AttributeError, match="no attribute 'nothing'"):
        syrup.nothing  # noqa: B018


def test_public_names_are_not_hidden_by_modules() -> None:
    modules = {entry.removesuffix(".py") for entry in os.listdir(Path(syrup.__file__).parent)}
    assert modules & set(syrup.__all__) == set()


# -- the kernel that is compiled for ---------------------------------------------------------------------------------


def test_what_the_default_kernel_lacks_is_told_with_what_to_ask_for(bloom: Path) -> None:
    with pytest.raises(syrup.CompileError) as raised:
        syrup.compile(bloom)
    (found,) = raised.value.diagnostics
    assert found.code == "SYR301"
    assert found.help == (
        'if all machines are newer, ask for that: `@syrup.jit(kernel="6.1")`',
        "or where it is compiled: `--kernel 6.1`",
    )


def test_the_kernel_is_a_choice_of_the_compilation(bloom: Path) -> None:
    made = syrup.compile(bloom, kernel="6.1")
    assert made.verified.verdict.profile == "6.1"
    assert syrup.compile(made) is made
    assert syrup.compile(made, kernel="6.12").verified.verdict.profile == "6.12"
    wide = syrup.compile(made, max_executors=100)
    assert wide.verified.verdict.profile == "6.1"
    assert deployable(made, "socket", kernel="6.6").verified.verdict.profile == "6.6"
    assert deployable(bloom, "socket", kernel="6.6").verified.verdict.profile == "6.6"


def test_a_policy_says_itself_which_kernel_it_is_for(bloom: Path) -> None:
    bloom.write_text(BLOOM.replace("@syrup.jit", '@syrup.jit(kernel="6.6")'))
    assert syrup.compile(bloom).verified.verdict.profile == "6.6"
    assert syrup.compile(bloom, kernel="6.1").verified.verdict.profile == "6.1"
    with pytest.raises(syrup.CompileError, match="has no Bloom"):
        syrup.compile(bloom, kernel="5.15")


def test_a_decorated_function_decides_for_the_kernel_that_it_says(bloom: Path) -> None:
    bloom.write_text(BLOOM.replace("@syrup.jit", '@syrup.jit(hook="socket", kernel="6.1")'))
    names: dict[str, Any] = {"__name__": "bloom"}
    exec(compile(bloom.read_text(), str(bloom), "exec"), names)
    assert names["stranger"].decide(syrup.Packet(b"")) == 0
    assert names["stranger"](syrup.Packet(b"")) == 0


def test_the_same_source_and_choices_give_the_same_bytes(bloom: Path) -> None:
    first, second = (syrup.compile(bloom, kernel="6.12").verified.object.data for _ in range(2))
    assert first == second


def test_an_unknown_kernel_is_told(bloom: Path) -> None:
    with pytest.raises(syrup.UsageError, match="unknown kernel"):
        syrup.compile(bloom, kernel="6.2")


def test_what_is_compiled_already_keeps_its_kernel(bloom: Path) -> None:
    made = syrup.compile(bloom, kernel="6.1").verified
    with pytest.raises(TypeError, match="`kernel` cannot change it"):
        deployable(made, "socket", kernel="6.6")
