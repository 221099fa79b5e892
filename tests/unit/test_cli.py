"""The command `syrupc`, in this process: what it prints, what it writes, and its exit status."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from syrupc import driver
from syrupc.codes import TITLES
from tests.unit.commands import POLICY, Runner

FLOAT = POLICY.replace("% 5", "/ 5")


# -- compile -----------------------------------------------------------------------------------------------------------


def test_the_object_is_named_after_the_policy_and_lies_in_this_folder(syrupc: Runner, folder: Path) -> None:
    (folder / "elsewhere").mkdir()
    (folder / "spread.py").rename(folder / "elsewhere" / "spread.py")
    done = syrupc("compile", "elsewhere/spread.py")
    size = (folder / "spread.bpf.o").stat().st_size
    assert (done.status, done.out, done.err) == (0, f"wrote spread.bpf.o ({size} bytes)\n", "")
    assert sorted(os.listdir(folder)) == ["elsewhere", "spread.bpf.o"]


def test_the_same_source_gives_the_same_bytes_from_any_folder_with_and_without_a_cache(
    syrupc: Runner, folder: Path
) -> None:
    (folder / "deep").mkdir()
    (folder / "deep" / "spread.py").write_text(POLICY)
    syrupc("compile", "spread.py", "-o", "a.o")
    syrupc("compile", "spread.py", "-o", "b.o", "--no-cache")
    syrupc("compile", str(folder / "deep" / "spread.py"), "-o", "c.o", "--no-cache")
    assert (folder / "a.o").read_bytes() == (folder / "b.o").read_bytes() == (folder / "c.o").read_bytes()


def test_a_dash_means_standard_output_and_nothing_else_is_printed_there(syrupc: Runner, folder: Path) -> None:
    syrupc("compile", "spread.py")
    done = syrupc("compile", "spread.py", "-o", "-", "--format", "json")
    assert done.binary == (folder / "spread.bpf.o").read_bytes()
    assert json.loads(done.err)["diagnostics"] == []


@pytest.mark.parametrize(("kind", "part"), [("asm", "spread"), ("llvm", "target datalayout"), ("numba", "label 0:")])
def test_forms_for_people_go_to_standard_output(syrupc: Runner, folder: Path, kind: str, part: str) -> None:
    done = syrupc("compile", "spread.py", "--emit", kind)
    assert done.status == 0
    assert part in done.out
    assert os.listdir(folder) == ["spread.py"]
    assert syrupc("compile", "spread.py", "--emit", kind, "-o", "x.txt").out.startswith("wrote x.txt (")
    assert part in (folder / "x.txt").read_text()


def test_a_policy_with_an_error_writes_nothing_and_shows_the_place(syrupc: Runner, folder: Path) -> None:
    (folder / "float.py").write_text(FLOAT)
    (folder / "float.bpf.o").write_bytes(b"old")
    done = syrupc("compile", "float.py")
    assert (done.status, done.out) == (1, "")
    assert "error[SYR101]: " in done.err
    assert "--> float.py:10:12" in done.err
    assert "10 |     return turn.fetch_add(0, 1) / 5" in done.err
    assert (folder / "float.bpf.o").read_bytes() == b"old"


def test_nothing_is_written_when_the_verifier_does_not_accept(
    syrupc: Runner, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    reject(monkeypatch)
    done = syrupc("compile", "spread.py")
    assert (done.status, done.out) == (1, "")
    assert done.err.startswith("error[SYR503]: no\n --> spread.py:8:8\n")
    assert os.listdir(folder) == ["spread.py"]
    assert not (folder.parent / "cache").exists()


def reject(monkeypatch: pytest.MonkeyPatch) -> None:
    """A gate that accepts nothing."""
    from syrupc.diagnostics import Diagnostic, Span
    from syrupc.kernel.profiles import KernelProfile
    from syrupc.objfile.model import Object
    from syrupc.verifier.verdict import Outcome, ProgramVerdict, Verdict

    def verify(obj: Object, profile: KernelProfile) -> Verdict:
        found = Diagnostic("SYR503", "no", Span("spread.py", 8, 8))
        return Verdict(obj, profile.name, (ProgramVerdict("spread", Outcome.TOO_COSTLY, (found,)),))

    for module in ("syrupc.driver", "syrupc.build", "syrupc.cli"):
        monkeypatch.setattr(f"{module}.verify", verify)


def test_the_policy_itself_is_never_written_over(syrupc: Runner, folder: Path) -> None:
    (folder / "link.py").symlink_to("spread.py")
    done = syrupc("compile", "spread.py", "-o", "link.py")
    assert done.status == 2
    assert "error[SYR002]: cannot write `link.py`: it is the policy" in done.err
    assert (folder / "spread.py").read_text() == POLICY


def test_an_object_that_cannot_be_written_is_a_usage_error(syrupc: Runner) -> None:
    done = syrupc("compile", "spread.py", "-o", "none/x.o")
    assert (done.status, done.out) == (2, "")
    assert "error[SYR002]: cannot write `none/x.o`" in done.err


@pytest.mark.parametrize(
    ("name", "content", "status", "code"),
    [
        ("missing.py", None, 2, "SYR001"),
        ("latin.py", "# é".encode("latin-1"), 2, "SYR001"),
        ("empty.py", b"", 1, "SYR103"),
        ("none.py", b"import syrup\n", 1, "SYR103"),
        ("syntax.py", b"def f(:\n", 1, "SYR102"),
        ("null.py", b"a = 1\0\n", 1, "SYR102"),
        ("deep.py", b"x = " + b"(" * 5000 + b")" * 5000, 1, "SYR102"),
    ],
)
@pytest.mark.parametrize("command", ["compile", "check", "verify"])
def test_a_bad_file_is_one_clear_diagnostic(
    syrupc: Runner, folder: Path, command: str, name: str, content: bytes | None, status: int, code: str
) -> None:
    if content is not None:
        (folder / name).write_bytes(content)
    done = syrupc(command, name)
    assert (done.status, done.out) == (status, "")
    assert done.err.startswith(f"error[{code}]: ")
    assert "Traceback" not in done.err


@pytest.mark.parametrize("command", ["compile", "check"])
def test_a_folder_is_no_policy(syrupc: Runner, command: str) -> None:
    done = syrupc(command, ".")
    assert (done.status, done.out) == (2, "")
    assert done.err == "error[SYR001]: cannot read `.`: it is a directory\n"


# -- options -----------------------------------------------------------------------------------------------------------


def test_an_unknown_kernel_is_named_with_those_that_are_known(syrupc: Runner) -> None:
    done = syrupc("check", "spread.py", "--kernel", "2.4")
    assert done.status == 2
    assert "error[SYR003]: unknown kernel `2.4`" in done.err
    assert "5.15" in done.err


@pytest.mark.parametrize(
    "arguments",
    [
        (),
        ("compile",),
        ("compile", "spread.py", "--hook", "nowhere"),
        ("compile", "spread.py", "--emit", "c"),
        ("compile", "spread.py", "--max-executors", "0"),
        ("check", "spread.py", "--format", "xml"),
        ("nonsense",),
        ("check",),
        ("compile", "a.py", "b.py"),
    ],
)
def test_a_wrong_command_line_is_a_usage_error(syrupc: Runner, arguments: tuple[str, ...]) -> None:
    done = syrupc(*arguments)
    assert done.status == 2
    assert "Usage: syrupc" in done.err + done.out


@pytest.mark.parametrize("arguments", [("--help",), ("compile", "-h"), ("run", "--help"), ("--version",)])
def test_help_is_a_success(syrupc: Runner, arguments: tuple[str, ...]) -> None:
    assert syrupc(*arguments).status == 0


# -- check and verify --------------------------------------------------------------------------------------------------


def test_check_says_what_a_run_costs_and_writes_nothing(syrupc: Runner, folder: Path) -> None:
    done = syrupc("check", "spread.py")
    assert (done.status, done.err) == (0, "")
    assert done.out.startswith("spread.py: spread: accepted; a run takes at most ")
    assert os.listdir(folder) == ["spread.py"]
    assert not (folder.parent / "cache").exists()


def test_several_files_are_all_checked_and_the_worst_counts(syrupc: Runner, folder: Path) -> None:
    (folder / "float.py").write_text(FLOAT)
    done = syrupc("check", "float.py", "spread.py")
    assert done.status == 1
    assert "error[SYR101]" in done.err
    assert "spread.py: spread: accepted" in done.out
    assert syrupc("check", "float.py", "missing.py", "spread.py").status == 2


def test_verify_takes_objects_and_policies(syrupc: Runner) -> None:
    syrupc("compile", "spread.py")
    done = syrupc("verify", "spread.bpf.o", "spread.py")
    assert (done.status, done.err) == (0, "")
    head, *rows, totals = done.out.splitlines()
    assert head.split() == ["verdict", "file", "program", "executed", "ns", "processed", "stack", "ms"]
    assert [row.split()[:3] for row in rows] == [
        ["accepted", "spread.bpf.o", "spread"],
        ["accepted", "spread.py", "spread"],
    ]
    assert totals.startswith("2 programs in 2 files: 2 accepted; ")


def test_what_is_no_object_is_told(syrupc: Runner, folder: Path) -> None:
    (folder / "x.o").write_bytes(b"junk")
    done = syrupc("verify", "x.o")
    assert done.status == 1
    assert done.err.startswith("error[SYR401]: ")


def test_machines_get_verdicts_and_diagnostics_on_standard_output(syrupc: Runner, folder: Path) -> None:
    (folder / "float.py").write_text(FLOAT)
    done = syrupc("check", "spread.py", "float.py", "--format", "json")
    found = json.loads(done.out)
    assert done.err == ""
    assert [(v["file"], v["program"], v["outcome"]) for v in found["verdicts"]] == [("spread.py", "spread", "accepted")]
    assert [(d["code"], d["span"]["line"]) for d in found["diagnostics"]] == [("SYR101", 10)]
    sarif = json.loads(syrupc("check", "float.py", "--format", "sarif").out)
    assert sarif["runs"][0]["results"][0]["ruleId"] == "SYR101"
    assert syrupc("check", "float.py", "--format", "github").out.startswith("::error file=float.py,line=10,col=12,")


def test_colour_is_for_terminals_and_for_who_asks(syrupc: Runner) -> None:
    assert "\x1b[" not in syrupc("check", "missing.py").err
    assert "\x1b[" in syrupc("check", "missing.py", "--color", "always").err


# -- disasm, run, explain ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("file", ["spread.py", "spread.bpf.o"])
def test_disasm_shows_instructions_under_their_lines(syrupc: Runner, file: str) -> None:
    syrupc("compile", "spread.py")
    done = syrupc("disasm", file)
    assert done.status == 0
    lines = done.out.splitlines()
    assert lines[0].startswith("spread (sk_reuseport), ")
    said = " instructions; the object says that a run takes at most {executed} instructions, about {duration} ns"
    assert lines[0].endswith(
        said.format(**json.loads(syrupc("check", "spread.py", "--format", "json").out)["verdicts"][0])
    )
    at = next(
        i for i, line in enumerate(lines) if line.startswith("; return turn.fetch_add(0, 1) % 5  @ spread.py:10:")
    )
    assert ": " in lines[at + 1]
    assert any(line.endswith("// value of turn") for line in lines)


def test_run_decides_on_each_packet_with_maps_that_keep_their_contents(syrupc: Runner) -> None:
    done = syrupc("run", "spread.py", "--packet", "01", "--packet", "02", "--packet", "01", "--packet", "")
    assert done.status == 0
    assert [line.rpartition(",")[0] for line in done.out.splitlines()] == [
        "01: executor 0",
        "02: executor 5",
        "01: executor 1",
        "(empty): PASS (ShortPacket at spread.py:8:8)",
    ]


def test_run_stores_into_maps_and_leaves_executors_out(syrupc: Runner) -> None:
    done = syrupc("run", "spread.py", "--packet", "01", "--store", "turn[0]=3", "--format", "json")
    assert [each["executor"] for each in json.loads(done.out)["results"]] == [3]
    done = syrupc("run", "spread.py", "--packet", "02", "--executors", "5", "--format", "json")
    (result,) = json.loads(done.out)["results"]
    assert (result["decision"], result["faults"][0]["kind"]) == ("PASS", "NoExecutor")


RECORDS = """\
import syrup
from syrup import be32, u8, u32


@syrup.struct
class Rule:
    worker: u8
    weights: syrup.Elements[u32] = syrup.elements(2)


@syrup.struct
class Network:
    high: be32
    low: be32


rules = syrup.HashMap(Rule, Rule, 4)
routes = syrup.LpmTrie(be32, Rule, 4)
wide = syrup.LpmTrie(Network, u32, 4)
jobs = syrup.Queue(Rule, 4)


@syrup.jit
def choose(pkt: syrup.Packet) -> syrup.Executor:
    job = jobs.pop(Rule(0))
    rule = routes.get(pkt.payload.be32(0), Rule(0))
    return job.worker + rule.worker + rule.weights[1] + wide.get(Network(1, 2), 0) + rules.get(job, Rule(0)).worker
"""


@pytest.mark.parametrize(
    ("stores", "decision"),
    [
        (("routes[0x0a000000, 8]={'worker': 2, 'weights': [0, 3]}",), "executor 5"),
        (("routes[0x0a000000, 24]={'worker': 2}", "routes[0, 0]={}"), "executor 0"),
        (("wide[{'high': 1}, 40]=7",), "executor 7"),
        (("jobs[]={'worker': 4}", "rules[{'worker': 4}]={'worker': 5}"), "executor 9"),
    ],
)
def test_run_stores_records_prefixes_and_values_without_key(
    syrupc: Runner, folder: Path, stores: tuple[str, ...], decision: str
) -> None:
    (folder / "records.py").write_text(RECORDS)
    options = [part for each in stores for part in ("--store", each)]
    assert syrupc("run", "records.py", "--packet", "0a010203", *options).out.startswith(f"0a010203: {decision},")


@pytest.mark.parametrize(
    ("store", "message"),
    [
        ("routes[0]={}", "`routes[0]={}` cannot be stored: an entry of a trie is `(address, length)`, not 0"),
        ("routes[0, 33]={}", "cannot be stored: a prefix has 0 to 32 bits here, not 33"),
        ("routes[0, 8]={'wrker': 1}", "cannot be stored: Rule has no field `wrker`"),
        ("routes[0, 8]={'worker': 256}", "cannot be stored: value 256 is no u8"),
        ("routes[0, 8]={'weights': [1]}", "cannot be stored: [1] is no list of 2 elements"),
        ("routes[0, 8]=5", "cannot be stored: 5 does not name fields of Rule"),
        ("jobs[1]={}", "cannot be stored: <Queue jobs: Rule, 4 entries> has no keys"),
        (
            "rules[]={}",
            "nothing can be put into <HashMap rules: Rule -> Rule, 4 entries> without a key",
        ),
        ("rules[]=", "`rules[]=` is no entry of a map"),
        ("rules[{]={}", "`rules[{]={}` is no entry of a map"),
        ("rules[x]={}", "`rules[x]={}` is no entry of a map"),
    ],
)
def test_run_says_what_cannot_be_stored(syrupc: Runner, folder: Path, store: str, message: str) -> None:
    (folder / "records.py").write_text(RECORDS)
    done = syrupc("run", "records.py", "--packet", "00", "--store", store)
    assert (done.status, done.out) == (2, "")
    assert message in done.err


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("--packet", "0"), "`0` is no packet"),
        (("--packet", "xy"), "`xy` is no packet"),
        (("--packet", "00" * 65_508), "a packet of 65508 bytes cannot be sent"),
        (("--packet", "", "--store", "turn=3"), "`turn=3` is no entry of a map"),
        (("--packet", "", "--store", "nix[0]=3"), "the policy declares no map `nix`"),
        (("--packet", "", "--store", "turn[7]=3"), "`turn[7]=3` cannot be stored"),
        (("--packet", "", "--store", "turn[0]=-1"), "`turn[0]=-1` cannot be stored: value -1 is no u64"),
    ],
)
def test_what_cannot_be_run_is_a_usage_error(syrupc: Runner, arguments: tuple[str, ...], message: str) -> None:
    done = syrupc("run", "spread.py", *arguments)
    assert (done.status, done.out) == (2, "")
    assert f"error[SYR003]: {message}" in done.err


def test_run_asks_which_of_several_policies(syrupc: Runner, folder: Path) -> None:
    second = POLICY[POLICY.index("@syrup.jit") :].replace("spread", "other")
    (folder / "two.py").write_text(f"{POLICY}\n\n{second}")
    assert "error[SYR004]: two.py has several policies" in syrupc("run", "two.py", "--packet", "").err
    assert (
        "error[SYR004]: two.py has no policy `third`"
        in syrupc("run", "two.py", "--packet", "", "--policy", "third").err
    )
    assert syrupc("run", "two.py", "--packet", "02", "--policy", "other").out.startswith("02: executor 5")


def test_explain_shows_the_page_of_a_code(syrupc: Runner) -> None:
    done = syrupc("explain", "syr101")
    assert done.status == 0
    assert done.out.startswith("# SYR101: construct outside the policy language\n")
    assert syrupc("explain", "101").out == done.out


def test_explain_lists_all_codes(syrupc: Runner) -> None:
    assert [line[:6] for line in syrupc("explain").out.splitlines()] == sorted(TITLES)


def test_explain_of_an_unknown_code_is_a_usage_error(syrupc: Runner) -> None:
    done = syrupc("explain", "SYR1O1")
    assert done.status == 2
    assert "there is no diagnostic `SYR1O1`" in done.err
    assert "`syrupc explain` lists all of them" in done.err


# -- when things break -------------------------------------------------------------------------------------------------


def test_a_fault_of_ours_is_told_without_a_traceback(
    syrupc: Runner, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> None:
        raise RuntimeError("boom")

    monkeypatch.setattr(driver, "_analyze", fail)
    done = syrupc("compile", "spread.py", "--no-cache")
    assert (done.status, done.out) == (3, "")
    assert done.err.startswith("error[SYR901]: compiling spread.py failed in driver: RuntimeError: boom\n")
    assert "report it" in done.err
    assert "Traceback" not in done.err
    assert "driver.py:" not in done.err
    assert "syrupc/driver.py:" in syrupc("compile", "spread.py", "--no-cache", "-v").err
    assert os.listdir(folder) == ["spread.py"]


def test_an_interrupt_is_no_traceback(syrupc: Runner, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupt(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(driver, "_analyze", interrupt)
    done = syrupc("check", "spread.py")
    assert (done.status, done.err.strip()) == (130, "")


# -- the cache ---------------------------------------------------------------------------------------------------------


def forbid_compiling(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object) -> None:
        raise AssertionError("it was compiled")

    monkeypatch.setattr(driver, "judge", fail)


def test_an_unchanged_policy_is_not_compiled_again(
    syrupc: Runner, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    syrupc("compile", "spread.py", "-o", "a.o")
    forbid_compiling(monkeypatch)
    done = syrupc("compile", "spread.py", "-o", "b.o", "-v")
    assert done.status == 0
    assert "the object comes from the cache and was verified again" in done.err
    assert (folder / "a.o").read_bytes() == (folder / "b.o").read_bytes()
    assert syrupc("compile", "spread.py", "--no-cache").status == 3
    assert syrupc("compile", "spread.py", "--kernel", "6.12").status == 3


def test_what_the_cache_gives_passes_the_gate_again(
    syrupc: Runner, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    syrupc("compile", "spread.py")
    (folder / "spread.bpf.o").unlink()
    reject(monkeypatch)
    done = syrupc("compile", "spread.py")
    assert done.status == 1
    assert not (folder / "spread.bpf.o").exists()


def test_an_object_of_another_source_is_not_taken_from_the_cache(
    syrupc: Runner, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from syrupc import build

    (folder / "other.py").write_text(POLICY.replace("% 5", "% 4"))
    syrupc("compile", "other.py", "-o", "other.o")
    monkeypatch.setattr(build, "fetch", lambda *_: (folder / "other.o").read_bytes())
    syrupc("compile", "spread.py", "-o", "spread.o")
    assert (folder / "spread.o").read_bytes() != (folder / "other.o").read_bytes()
    monkeypatch.setattr(build, "fetch", lambda *_: b"junk")
    assert syrupc("compile", "spread.py").status == 0


def test_a_cache_that_cannot_be_used_changes_nothing(syrupc: Runner, folder: Path) -> None:
    syrupc("compile", "spread.py", "-o", "a.o")
    (folder.parent / "cache" / "syrup").chmod(0o777)
    done = syrupc("compile", "spread.py", "-o", "b.o")
    assert (done.status, done.err) == (0, "")
    assert (folder / "a.o").read_bytes() == (folder / "b.o").read_bytes()
    assert "the cache cannot be read: " in syrupc("compile", "spread.py", "-v").err


def test_without_a_home_there_is_no_cache(syrupc: Runner, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", "relative")
    monkeypatch.delenv("HOME")
    assert syrupc("compile", "spread.py").status == 0
