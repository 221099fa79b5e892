"""The command `syrup` on real services: what it says, when it ends, and with which status."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest

from syrup import cli, pinned
from syrup._sys import maps, objects, uapi
from tests.kernel.mounts import mounted_bpffs
from tests.kernel.services import DEADLINE, client, joining, udp_socket, until, workers

pytestmark = pytest.mark.bpf

ROOT = Path(__file__).parents[2]
COMMAND = (sys.executable, "-c", "from syrup.cli import main; main()")
SECOND = "import syrup\n\n\n@syrup.jit\ndef second(pkt: syrup.Packet) -> syrup.Executor:\n    return 1\n"
FIRST = SECOND.replace("second", "first").replace("return 1", "return 0")
EMPTY_PACKET_FAULTS = "    return pkt.payload.u8(0) % 2\n"


@pytest.fixture
def policy_file(tmp_path: Path) -> Path:
    """A policy that gives everything to worker 1."""
    file = tmp_path / "second.py"
    file.write_text(SECOND)
    return file


@contextmanager
def staying(*arguments: str) -> Iterator[subprocess.Popen[str]]:
    """`syrup attach` with these arguments, in a process of its own; it has ended afterwards."""
    process = subprocess.Popen(
        [*COMMAND, "attach", *arguments], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    try:
        yield process
    finally:
        process.kill()
        process.communicate(timeout=DEADLINE)


def lines_until(process: subprocess.Popen[str], last: str) -> list[str]:
    assert process.stdout is not None
    lines: list[str] = []
    for line in process.stdout:
        lines.append(line.rstrip())
        if last in line:
            return lines
    raise AssertionError(f"{last!r} was not said: {lines}")


def answers(port: int, flows: int = 32) -> set[int]:
    found = set()
    for _ in range(flows):
        with client(port) as ask:
            found.add(ask(b"\0"))
    return found


def said(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, str, str]:
    status = cli.run(arguments)
    out, err = capsys.readouterr()
    return status, out, err


@pytest.mark.parametrize("ending", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_attach_shows_what_it_did_stays_and_detaches(policy_file: Path, ending: signal.Signals) -> None:
    with workers(3) as (port, started), staying(str(policy_file), "--port", str(port)) as process:
        lines = lines_until(process, "Ctrl-C")
        assert lines[0] == f"second (second.py, verified) decides on UDP 127.0.0.1:{port}"
        assert [line.split()[:2] for line in lines[2:5]] == [
            [str(i), str(w.process.pid)] for i, w in enumerate(started)
        ]
        assert answers(port) == {1}
        process.send_signal(ending)
        out, err = process.communicate(timeout=DEADLINE)
        assert (process.returncode, err) == (0, "")
        assert "the kernel's default decides again" in out
        assert any(line.split()[:3] == ["1", "32", "100.0%"] for line in out.splitlines())
        assert len(answers(port)) > 1


def test_attach_says_the_same_as_json(policy_file: Path) -> None:
    with workers(2) as (port, started), staying(str(policy_file), "--port", str(port), "--json") as process:
        (line,) = lines_until(process, "attached")
        attached = json.loads(line)
        assert (attached["event"], attached["policy"], attached["state"]) == ("attached", "second", "in place")
        assert [e["pid"] for e in attached["groups"][0]["executors"]] == [w.process.pid for w in started]
        process.send_signal(signal.SIGTERM)
        out, _ = process.communicate(timeout=DEADLINE)
        assert json.loads(out)["event"] == "detached"
        assert json.loads(out)["stats"]["executors"] == [0, 0]


def test_attach_ends_when_the_service_does(policy_file: Path) -> None:
    with workers(2) as (port, started), staying(str(policy_file), "--port", str(port)) as process:
        lines_until(process, "Ctrl-C")
        for worker in started:
            worker.kill()
        _, err = process.communicate(timeout=DEADLINE)
        assert process.returncode == 1
        assert err.startswith("error[SYR709]")


def test_a_killed_attach_leaves_the_default(policy_file: Path) -> None:
    with workers(3) as (port, _), staying(str(policy_file), "--port", str(port)) as process:
        lines_until(process, "Ctrl-C")
        process.kill()
        process.wait(DEADLINE)
        until(lambda: len(answers(port)) > 1, "the default decides")


def test_list_and_stats_show_what_other_processes_attached(
    policy_file: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with workers(2) as (port, _), staying(str(policy_file), "--port", str(port)) as process:
        lines_until(process, "Ctrl-C")
        answers(port, 5)
        status, out, _ = said(capsys, "list", "--json")
        (found,) = mine(out, port)
        assert (status, found["policy"], found["pid"], found["state"]) == (0, "second", process.pid, "in place")
        _, out, _ = said(capsys, "stats", "--json")
        (found,) = mine(out, port)
        assert found["stats"]["executors"] == [0, 5]
        _, out, _ = said(capsys, "list")
        assert f"UDP 127.0.0.1:{port}" in out
        _, out, _ = said(capsys, "stats")
        assert "100.0%" in out


MAPS = """\
import syrup
from syrup import be32, u8, u32, u64


@syrup.struct
class Rule:
    worker: u8
    weight: u32


served = syrup.Array(u64, 40)
rules = syrup.HashMap(u32, Rule, 8)
routes = syrup.LpmTrie(be32, Rule, 8)
jobs = syrup.Queue(u32, 8)
events = syrup.RingBuf(Rule, 4096)


@syrup.jit
def mapped(pkt: syrup.Packet) -> syrup.Executor:
    served[1] += 1
    rules[7] = Rule(2, 3)
    jobs.push(9)
    events.emit(Rule(4, 5))
    return routes.get(pkt.payload.be32(0), Rule(0, 0)).worker
"""


def test_maps_shows_what_policies_of_other_processes_left(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "mapped.py"
    file.write_text(MAPS)
    with workers(2) as (port, _), staying(str(file), "--port", str(port)) as process:
        lines_until(process, "Ctrl-C")
        with client(port) as ask:
            ask(b"\n\0\0\1")
        for _ in range(2):
            status, out, _ = said(capsys, "maps", "--json", "--limit", "2")
            found = {each["map"]: each for each in map(json.loads, out.splitlines()) if each["pid"] == process.pid}
            assert status == 0
            assert found["served"]["entries"] == [{"key": 0, "value": 0}, {"key": 1, "value": 1}]
            assert found["served"]["more"]
            assert found["rules"]["entries"] == [{"key": 7, "value": {"worker": 2, "weight": 3}}]
            assert found["jobs"]["entries"] == [{"key": None, "value": 9}]
            assert (found["routes"]["entries"], found["events"]["entries"]) == ([], [])
        _, out, _ = said(capsys, "maps", "--map", "rules")
        assert "rules: HashMap of u32 -> Rule, 8 entries" in out
        assert "{worker: 2, weight: 3}" in out
        status, _, err = said(capsys, "maps", "--map", "rule")
        assert status == 2
        assert "there is no map 'rule'; there are: " in err


def test_the_maps_of_a_pinned_policy_are_set_and_shown(
    tmp_path: Path, bpffs: str, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "mapped.py"
    file.write_text(MAPS)
    with workers(2) as (port, _):
        assert said(capsys, "attach", str(file), "--port", str(port), "--pin", "web", "--bpffs", bpffs)[0] == 0
        with pinned("web", bpffs) as link:
            rule = link.maps.routes.value_class
            link.maps.routes[0x0A000000, 8] = rule(worker=1, weight=2)
        with client(port) as ask:
            assert [ask(b"\x0a\0\0\1"), ask(b"\x0b\0\0\1")] == [1, 0]
        _, out, _ = said(capsys, "maps", "web", "--map", "routes", "--bpffs", bpffs)
        assert out.split()[-5:] == ["0xa000000/8", "{worker:", "1,", "weight:", "2}"]
        said(capsys, "detach", "web", "--bpffs", bpffs)


def mine(out: str, port: int) -> list[dict[str, Any]]:
    """Other tests may have links on this host as well."""
    found = [json.loads(line) for line in out.splitlines()]
    return [each for each in found if each["groups"][0]["where"] == f"UDP 127.0.0.1:{port}"]


@pytest.fixture
def bpffs(tmp_path: Path) -> Iterator[str]:
    with mounted_bpffs(tmp_path / "bpf") as place:
        yield str(place)


def test_a_pinned_policy_stays_is_replaced_and_is_detached(
    policy_file: Path, bpffs: str, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    here = ("--bpffs", bpffs)
    (tmp_path / "first.py").write_text(FIRST)
    with workers(3) as (port, _):
        attach = ("--port", str(port), "--pin", "web", *here)
        status, out, err = said(capsys, "attach", str(policy_file), *attach)
        assert (status, err) == (0, "")
        assert "`syrup detach web`" in out
        assert answers(port) == {1}

        status, _, err = said(capsys, "attach", str(policy_file), *attach)
        assert (status, err.split(":")[0]) == (1, "error[SYR707]")

        assert said(capsys, "attach", str(tmp_path / "first.py"), *attach, "--replace")[0] == 0
        assert answers(port) == {0}
        _, out, _ = said(capsys, "stats", "web", "--json", *here)
        found = json.loads(out)
        assert (found["policy"], found["pin"], found["stats"]["executors"]) == ("first", "web", [32, 0, 0])

        status, out, err = said(capsys, "detach", "web", *here)
        assert (status, err) == (0, "")
        assert "the kernel's default decides again" in out
        assert len(answers(port)) > 1
        assert not (Path(bpffs) / "syrup" / "web").exists()


def test_a_pinned_policy_is_attached_anew_to_a_restarted_service(
    policy_file: Path, bpffs: str, capsys: pytest.CaptureFixture[str]
) -> None:
    here = ("--pin", "web", "--replace", "--bpffs", bpffs)
    with workers(2) as (port, _):
        assert said(capsys, "attach", str(policy_file), "--port", str(port), *here)[0] == 0
    with joining(port, 2):
        assert len(answers(port)) > 1
        assert said(capsys, "attach", str(policy_file), "--port", str(port), *here)[0] == 0
        assert answers(port) == {1}
        assert said(capsys, "detach", "web", "--bpffs", bpffs)[0] == 0


def test_a_pin_whose_policy_decides_no_more_says_so(
    policy_file: Path, bpffs: str, capsys: pytest.CaptureFixture[str]
) -> None:
    here = ("--bpffs", bpffs)
    gone = (
        "it decides no more: its sockets are closed, or another program was attached to them; `syrup detach web` takes"
    )
    with workers(2) as (port, _):
        assert said(capsys, "attach", str(policy_file), "--port", str(port), "--pin", "web", *here)[0] == 0
        assert answers(port) == {1}
        assert "decides no more" not in said(capsys, "stats", "web", *here)[1]
    # The kernel lets go of the program some time after the last socket.
    until(lambda: "decides no more" in said(capsys, "stats", "web", *here)[1], "the policy is gone")
    status, out, err = said(capsys, "stats", "web", *here)
    assert (status, err) == (0, "")
    assert out.splitlines()[1].startswith(gone)
    assert "32" in out
    assert json.loads(said(capsys, "stats", "web", "--json", *here)[1])["state"] == "gone"
    assert said(capsys, "detach", "web", *here)[0] == 0


def test_a_policy_pinned_for_one_service_is_not_replaced_in_the_name_of_another(
    policy_file: Path, bpffs: str, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    (tmp_path / "first.py").write_text(FIRST)
    here = ("--pin", "web", "--bpffs", bpffs)
    with workers(2) as (port, _), workers(2) as (other, _):
        assert said(capsys, "attach", str(policy_file), "--port", str(port), *here)[0] == 0
        for place in (["--port", str(other)], ["--port", str(port), "--address", "127.0.0.9"]):
            status, out, err = said(capsys, "attach", str(tmp_path / "first.py"), *place, *here, "--replace")
            assert (status, out, err.split(":")[0]) == (1, "", "error[SYR707]")
            assert f"it decides on UDP 127.0.0.1:{port}" in err
        assert answers(port) == {1}
        assert len(answers(other)) > 1
        same = ("--port", str(port), "--address", "127.0.0.1")
        assert said(capsys, "attach", str(tmp_path / "first.py"), *same, *here, "--replace")[0] == 0
        assert answers(port) == {0}
        assert said(capsys, "detach", "web", "--bpffs", bpffs)[0] == 0


def test_what_is_left_of_a_damaged_pin_is_removed(
    policy_file: Path, bpffs: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with workers(3) as (port, _):
        said(capsys, "attach", str(policy_file), "--port", str(port), "--pin", "web", "--bpffs", bpffs)
        (Path(bpffs) / "syrup" / "web" / "counters_0").unlink()
        status, out, _ = said(capsys, "detach", "web", "--bpffs", bpffs)
        assert (status, "incomplete" in out) == (0, True)
        until(lambda: len(answers(port)) > 1, "the default decides")


def test_an_unknown_pin_is_an_error(bpffs: str, capsys: pytest.CaptureFixture[str]) -> None:
    for command in ("detach", "stats"):
        status, out, err = said(capsys, command, "web", "--bpffs", bpffs)
        assert (status, out) == (1, "")
        assert err.startswith("error[SYR707]: there is no pin `web`")


@pytest.mark.parametrize("name", ["..", ".", "", "../others", "web/.."])
def test_what_cannot_be_the_name_of_a_pin_takes_nothing_away(
    bpffs: str, capsys: pytest.CaptureFixture[str], name: str
) -> None:
    others, ours = Path(bpffs, "others"), Path(bpffs, "syrup", "web")
    others.mkdir()
    ours.mkdir(parents=True)
    with maps.create(maps.Shape(uapi.BPF_MAP_TYPE_ARRAY, 4, 8, 1), name="others") as fd:
        objects.pin(fd.fileno(), others / "kept")
        objects.pin(fd.fileno(), Path(bpffs, "kept"))
    for command in ("detach", "stats"):
        status, out, err = said(capsys, command, name, "--bpffs", bpffs)
        assert (status, out) == (1, "")
        assert err.startswith(f"error[SYR707]: there is no pin `{name}`")
    assert Path(bpffs, "kept").exists()
    assert (others / "kept").exists()
    assert ours.is_dir()


def test_without_a_bpf_file_system_only_pins_are_impossible(
    policy_file: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with workers(1) as (port, _):
        arguments = ("attach", str(policy_file), "--port", str(port), "--pin", "web", "--bpffs", str(tmp_path))
        status, _, err = said(capsys, *arguments)
        assert status == 1
        assert f"mount -t bpf bpf {tmp_path}" in err


def as_nobody(arguments: Sequence[str]) -> tuple[int, str]:
    """The status and the errors of a command that an ordinary user gives."""
    read, write = os.pipe()
    child = os.fork()
    if child == 0:
        os.setgid(65534)
        os.setuid(65534)
        with os.fdopen(write, "w") as sys.stderr:
            status = cli.run(arguments)
        os._exit(status)
    os.close(write)
    with os.fdopen(read) as stream:
        errors = stream.read()
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), errors


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (["list"], "SYR601"),
        (["stats"], "SYR601"),
        (["stats", "web"], "SYR707"),
        (["detach", "web"], "SYR707"),
        (["attach", "POLICY", "--port", "9"], "SYR601"),
        (["attach", "POLICY", "--port", "9", "--pin", "web"], "SYR601"),
    ],
)
def test_an_ordinary_user_is_told_what_is_missing(
    arguments: list[str], code: str, bpffs: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert said(capsys, "list")[0] == 0  # the child can import no more from a folder of root's
    os.chmod(bpffs, 0o700)
    with TemporaryDirectory() as folder:
        os.chmod(folder, 0o755)
        file = Path(folder) / "second.py"
        file.write_text(SECOND)
        command = [str(file) if each == "POLICY" else each for each in arguments]
        status, errors = as_nobody([*command, "--bpffs", bpffs])
    assert (status, errors.partition(":")[0]) == (1, f"error[{code}]")


@pytest.mark.parametrize(
    ("arguments", "status"),
    [
        (["attach"], 2),
        (["attach", "p.py"], 2),
        (["attach", "p.py", "--port", "0"], 2),
        (["attach", "p.py", "--port", "x"], 2),
        (["attach", "p.py", "--port", "9", "--hook", "nowhere"], 2),
        (["attach", "p.py", "--port", "9", "--replace"], 2),
        (["attach", "/nonexistent/p.py", "--port", "9"], 2),
        (["nothing"], 2),
        (["detach"], 2),
        (["--help"], 0),
        (["attach", "--help"], 0),
        (["--version"], 0),
    ],
)
def test_the_command_line_is_checked_first(
    arguments: Sequence[str], status: int, capsys: pytest.CaptureFixture[str]
) -> None:
    found, out, err = said(capsys, *arguments)
    assert found == status
    assert bool(err) == bool(status)
    assert "Traceback" not in out + err


@pytest.mark.parametrize(
    ("text", "status", "code"),
    [
        ("", 1, "SYR103"),
        ("def f(:\n", 1, "SYR102"),
        (SECOND.replace("return 1", "return 1.5"), 1, "SYR"),
        (SECOND.replace("return 1", "return unknown"), 1, "SYR104"),
        (SECOND + FIRST.partition("\n")[2], 2, "SYR004"),
    ],
    ids=["empty", "syntax", "float", "name", "several"],
)
def test_a_policy_that_does_not_compile_is_not_attached(
    text: str, status: int, code: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "wrong.py").write_text(text)
    with workers(3) as (port, _):
        found, out, err = said(capsys, "attach", str(tmp_path / "wrong.py"), "--port", str(port))
        assert (found, out) == (status, "")
        assert err.startswith(f"error[{code}")
        assert len(answers(port)) > 1


def test_one_of_several_policies_is_chosen_by_name(tmp_path: Path) -> None:
    (tmp_path / "two.py").write_text(SECOND + FIRST.partition("\n")[2])
    arguments = (str(tmp_path / "two.py"), "--policy", "first")
    with workers(3) as (port, _), staying(*arguments, "--port", str(port)) as process:
        lines_until(process, "Ctrl-C")
        assert answers(port) == {0}


def test_a_policy_is_attached_for_the_kernel_that_is_asked_for(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file, host = str(ROOT / "tests" / "policies" / "newer.py"), str(tmp_path / "host.json")
    assert said(capsys, "features", "--profile", host)[0] == 0
    with workers(2) as (port, _):
        assert "`--kernel 6.1`" in said(capsys, "attach", file, "--port", str(port))[2]
        for kernel in ("6.1", host):
            with staying(file, "--port", str(port), "--kernel", kernel) as process:
                lines_until(process, "Ctrl-C")


def test_faults_are_shown_by_source_line(tmp_path: Path) -> None:
    (tmp_path / "reads.py").write_text(SECOND.replace("    return 1\n", EMPTY_PACKET_FAULTS))
    with workers(2) as (port, _), staying(str(tmp_path / "reads.py"), "--port", str(port)) as process:
        lines_until(process, "Ctrl-C")
        with client(port) as ask:
            for datagram in (b"", b"\1", b""):
                ask(datagram)
        process.send_signal(signal.SIGINT)
        out, _ = process.communicate(timeout=DEADLINE)
        assert out.splitlines()[-1].strip() == "reads.py:6 ShortPacket 2"


def test_nobody_listens(policy_file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with udp_socket(reuse_port=False) as closed:
        port = closed.getsockname()[1]
    status, out, err = said(capsys, "attach", str(policy_file), "--port", str(port))
    assert (status, out) == (1, "")
    assert err.startswith(f"error[SYR701]: nobody listens on UDP port {port}")
    status, out, err = said(capsys, "attach", str(policy_file), "--port", str(port), "--json")
    assert (status, err) == (1, "")
    assert json.loads(out)["diagnostics"][0]["code"] == "SYR701"


def test_a_fault_of_our_own_is_no_traceback(
    policy_file: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    from syrup._sys import diag

    def broken(_protocol: int) -> None:
        raise ZeroDivisionError("of all things")

    monkeypatch.setattr(diag, "listening", broken)
    status, out, err = said(capsys, "attach", str(policy_file), "--port", "9")
    assert (status, out) == (3, "")
    assert err.startswith("error[SYR901]")
    assert "Traceback" not in err


def test_a_reader_that_goes_away_ends_the_command(policy_file: Path) -> None:
    with workers(2) as (port, _):
        read, write = os.pipe()
        os.close(read)
        command = [*COMMAND, "attach", str(policy_file), "--port", str(port)]
        done = subprocess.run(command, stdout=write, stderr=subprocess.PIPE, text=True, timeout=DEADLINE, check=False)
        os.close(write)
        assert (done.returncode, done.stderr) == (141, "")
        assert len(answers(port)) > 1
