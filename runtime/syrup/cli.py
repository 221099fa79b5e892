"""The command `syrup`: attach, detach, list, stats, maps, features.

Exit status: 0 done, 1 diagnostics, 2 usage, 3 a fault of this project. What the user asked for goes to stdout, findings
go to stderr; with `--json` both go to stdout, one JSON object a line.
"""

from __future__ import annotations

import json
import os
import select
import signal
import socket
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, NoReturn, TypeVar

import click

from syrupc import streams
from syrupc.crash import internal_error
from syrupc.diagnostics import Diagnostic
from syrupc.errors import AttachError, SyrupError, UsageError
from syrupc.kernel.hooks import HOOKS
from syrupc.kernels import KERNEL_HELP
from syrupc.options import MAX_EXECUTORS
from syrupc.render import render_json, render_text
from syrupc.report import Report, Status
from syrupc.spec import DEFAULT_MAX_EXECUTORS

if TYPE_CHECKING:
    from rich.console import RenderableType

    from syrup.link import Link
    from syrup.policy import Policy
    from syrup.registry import Record
    from syrupc.lang.maps import Map

_ENDING: Final = frozenset((signal.SIGINT, signal.SIGTERM, signal.SIGHUP))
_LOOK_SECONDS: Final = 1.0
"""How often a staying attach looks whether its policy is still in place."""

_Command = TypeVar("_Command", bound=Callable[..., Any])


def main() -> NoReturn:
    """The entry point of the command."""
    streams.prepare()
    sys.exit(run(sys.argv[1:]))


def run(arguments: Sequence[str]) -> int:
    """Run the command and return its exit status."""
    try:
        syrup.main(list(arguments), prog_name="syrup", standalone_mode=False)
        sys.stdout.flush()
    except click.ClickException as error:
        streams.misused(error)
        return Status.USAGE
    except SyrupError as error:
        return _failed(error, arguments)
    except (KeyboardInterrupt, click.Abort):
        return Status.INTERRUPTED
    except (BrokenPipeError, SystemExit):  # nobody reads on; click turns the first into the second, and nothing else
        streams.abandon(sys.stdout)
        return Status.BROKEN_PIPE
    except Exception as error:  # the one place where nothing may escape
        if isinstance(error, OSError) and streams.is_of_output(error):
            return _failed(streams.lost(error), ())
        return _failed(internal_error(error, f"`syrup {' '.join(arguments[:1])}`"), arguments)
    return Status.ACCEPTED


@click.group(name="syrup", context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="syrupc", prog_name="syrup")
def syrup() -> None:
    """Let scheduling policies, written in Python, decide in the running kernel."""


def _told(command: _Command) -> _Command:
    """Adds the options of all commands, for which `run` looks itself."""
    as_json = click.option("--json", "as_json", is_flag=True, help="Write JSON, one object a line.")
    verbose = click.option("-v", "--verbose", is_flag=True, help="Show what lies under a finding, too.")
    return as_json(verbose(command))


def _shared(command: _Command) -> _Command:
    """Adds the options of the commands that pins are for."""
    place = click.option("--bpffs", default="/sys/fs/bpf", show_default=True, help="Where pins are.")
    return _told(place(command))


@syrup.command()
@click.argument("policy")
@click.option("--port", type=click.IntRange(1, 65535), required=True, help="The port that the service listens on.")
@click.option("--hook", type=click.Choice(sorted(HOOKS)), default="socket", show_default=True, help="Where to decide.")
@click.option("--address", help="The service's address, if it listens at several.  [default: all of them]")
@click.option("--policy", "name", metavar="NAME", help="Which policy, if the file has several.")
@click.option(
    "--max-executors",
    type=click.IntRange(1, MAX_EXECUTORS),
    default=DEFAULT_MAX_EXECUTORS,
    show_default=True,
    help="Room for executors.",
)
@click.option("--kernel", help=KERNEL_HELP)
@click.option("--pin", metavar="NAME", help="Let the policy stay, under this name, and return.")
@click.option("--replace", is_flag=True, help="With --pin: let the policy take the place of the pinned one.")
@_shared
def attach(
    policy: str,
    port: int,
    hook: str,
    address: str | None,
    name: str | None,
    max_executors: int,
    kernel: str | None,
    pin: str | None,
    replace: bool,
    bpffs: str,
    as_json: bool,
    verbose: bool,  # noqa: ARG001 -- see `_shared`
) -> None:
    """Let POLICY, a file, decide which socket of a running service receives what arrives at a port.

    The sockets are numbered in the order of their process's start, pid and descriptor, and shown. The policy decides
    until this command ends, however it ends; with --pin until `syrup detach`. The service needs no change and no
    restart: each of its workers needs a socket with SO_REUSEPORT.
    """
    from syrup.attaching import attach as attach_policy
    from syrup.policy import compile_policy
    from syrup.privileges import require_bpf
    from syrupc.cache import user_cache

    if replace and not pin:
        raise click.UsageError("--replace needs --pin")
    # From here on a signal finds everything in place or nothing; while compiling there is nothing to tidy up.
    require_bpf()
    cache = user_cache(os.environ)
    compiled = compile_policy(policy, name=name, max_executors=max_executors, kernel=kernel, cache=cache)
    with _signals_held() as numbers:
        link = _replaced(compiled, pin, bpffs, port, address) if replace and pin else None
        if link is None:
            link = attach_policy(compiled, hook=hook, port=port, address=address, pin=pin, bpffs=bpffs)
        with link:
            _say_attached(link, as_json)
            if pin is None:
                _stay(link, as_json, numbers)


def _replaced(policy: Policy[..., Any], pin: str, bpffs: str, port: int, address: str | None) -> Link | None:
    """The pinned link with its new policy; `None` where there is no such pin, or its service was restarted."""
    from syrup import pins
    from syrup.link import pinned

    named = pins.Pin(pin, Path(bpffs))
    if not pins.exists(named):
        return None
    link = pinned(pin, bpffs)
    if not all(group.receives(port, address) for group in link.groups):
        with link:
            raise AttachError(pins.elsewhere(named, ", ".join(map(str, link.groups))))
    if link.active is False:
        link.detach()
        return None
    link.replace(policy)
    return link


@syrup.command()
@click.argument("name")
@_shared
def detach(name: str, bpffs: str, as_json: bool, verbose: bool) -> None:  # noqa: ARG001
    """Give the choice back to the kernel where the policy pinned as NAME decides, and take the pin away."""
    from syrup import pins
    from syrup.link import pinned

    pin = pins.Pin(name, Path(bpffs))
    try:
        link = pinned(name, bpffs)
    except AttachError:
        if not pins.exists(pin):
            raise
        pins.remove(pin)
        if as_json:
            _json({"event": "removed", "pin": name})
        else:
            _say(f"the pin `{name}` was incomplete: removed what was left of it")
        return
    _say_detached(link, as_json)


@syrup.command("list")
@_shared
def list_(bpffs: str, as_json: bool, verbose: bool) -> None:  # noqa: ARG001
    """List what is attached on this host: by running processes, and by pins."""
    from syrup import present, registry

    found = [present.Listed(record, registry.in_place(record)) for record in registry.visible()]
    if as_json:
        for each in found:
            _json(present.record_fields(each.record, each.in_place))
    elif found:
        _show(present.listing(found))
    else:
        _say("nothing is attached")


@syrup.command()
@click.argument("name", required=False)
@_shared
def stats(name: str | None, bpffs: str, as_json: bool, verbose: bool) -> None:  # noqa: ARG001
    """Show the decisions of the policy pinned as NAME, or of all that is attached on this host."""
    from syrup import present, registry
    from syrup.link import pinned

    if name is not None:
        with pinned(name, bpffs) as link:
            shown = [(link.record, link.stats())]
    else:
        shown = [(r, counted) for r in registry.visible() if (counted := registry.stats_of(r)) is not None]
    for record, counted in shown:
        if as_json:
            _json({**present.record_fields(record, registry.in_place(record)), "stats": present.stats_fields(counted)})
        else:
            _say_where(record)
            _show(present.statistics(counted, record.groups))
    if not shown and not as_json:
        _say("nothing is attached")


@syrup.command()
@click.argument("name", required=False)
@click.option("--map", "only", metavar="MAP", help="Show the map of this name alone.")
@click.option(
    "--limit", type=click.IntRange(0), default=20, show_default=True, help="How many entries to show of each map."
)
@_shared
def maps(name: str | None, only: str | None, limit: int, bpffs: str, as_json: bool, verbose: bool) -> None:  # noqa: ARG001
    """Show the maps of the policy pinned as NAME, or of all that is attached on this host.

    Looking takes nothing out: of a queue the next value is shown, and events are left to who reads them.
    """
    from syrup import registry
    from syrup.link import pinned

    if name is not None:
        with pinned(name, bpffs) as link:
            shown = [(link.record, link.maps)]
    else:
        shown = [(record, registry.maps_of(record)) for record in registry.visible()]
    known = sorted({each for _, found in shown for each in found})
    if only is not None and only not in known:
        there = f"there are: {', '.join(known)}" if known else "there is none"
        raise click.BadParameter(f"there is no map {only!r}; {there}", param_hint="--map")
    for record, found in shown:
        _say_maps(record, [each for label, each in found.items() if only in (None, label)], limit, as_json)
    if not shown and not as_json:
        _say("nothing is attached")


def _say_where(record: Record) -> None:
    """Which policy this is, and whether it is one that decides no more."""
    from syrup import registry

    where = ", ".join(str(group.group) for group in record.groups)
    _say(f"{record.program} on {where}, held by {record.attacher}")
    if registry.in_place(record) is False:
        away = f"; `syrup detach {record.pin}` takes the pin away" if record.pin else ""
        _say(f"it decides no more: its sockets are closed, or another program was attached to them{away}")


def _say_maps(record: Record, found: Sequence[Map], limit: int, as_json: bool) -> None:
    from syrup import present
    from syrup.contents import contents

    if not as_json and found:
        _say_where(record)
    for each in found:
        seen = contents(each, limit)
        if as_json:
            _json({"policy": record.program, "pin": record.pin, "pid": record.pid, **present.contents_fields(seen)})
        else:
            _show(present.map_contents(seen))


@syrup.command()
@click.option(
    "--profile", metavar="FILE", help="Write what this kernel offers to a file, for `syrupc … --kernel FILE`."
)
@click.option("--helpers", is_flag=True, help="Show also each helper with the types of programs that may call it.")
@_told
def features(profile: str | None, helpers: bool, as_json: bool, verbose: bool) -> None:  # noqa: ARG001
    """Show what the running kernel offers to programs: every part is tried, none is guessed from the release."""
    from syrup import host, present
    from syrupc.files import write_whole
    from syrupc.kernel.host import fields, text

    found = host.probe()
    if profile is not None:
        write_whole(profile, text(found).encode())
    if as_json:
        _json(fields(found))
        return
    _show(present.host(found))
    if helpers:
        _show(present.helpers(found))
    if profile is not None:
        _say(f"wrote {profile}: `syrupc … --kernel {profile}` compiles and verifies for this kernel")


# -- a staying attach --------------------------------------------------------------------------------------------------


@contextmanager
def _signals_held() -> Iterator[socket.socket]:
    """Signals that end the command wait until they are asked for: their numbers come out of the socket that this gives.

    Blocking them is not enough. Libraries that were imported may have started threads (those of NumPy's linear algebra
    do), and the kernel gives a signal to any thread that takes it.
    """
    numbers, told = socket.socketpair()
    told.setblocking(False)
    handlers = {each: signal.signal(each, lambda *_: None) for each in _ENDING}
    before = signal.set_wakeup_fd(told.fileno())
    signal.pthread_sigmask(signal.SIG_BLOCK, _ENDING)
    try:
        yield numbers
    finally:
        signal.pthread_sigmask(signal.SIG_UNBLOCK, _ENDING)
        signal.set_wakeup_fd(before)
        for each, handler in handlers.items():
            signal.signal(each, handler)
        with numbers, told:
            if select.select([numbers], [], [], 0)[0]:  # nobody asked for it: it does what it would have done
                signal.raise_signal(numbers.recv(1)[0])


def _signalled(numbers: socket.socket, seconds: float) -> bool:
    """Whether a signal came, or comes within that time."""
    signal.pthread_sigmask(signal.SIG_UNBLOCK, _ENDING)
    came = bool(select.select([numbers], [], [], seconds)[0])
    signal.pthread_sigmask(signal.SIG_BLOCK, _ENDING)
    while came and select.select([numbers], [], [], 0)[0]:
        numbers.recv(64)
    return came


def _stay(link: Link, as_json: bool, numbers: socket.socket) -> None:
    """Wait for a signal, or for the end of the attachment."""
    while not _signalled(numbers, _LOOK_SECONDS):
        if link.active is False:
            _say_detached(link, as_json)
            raise AttachError(
                Diagnostic(
                    "SYR709",
                    f"`{link.policy}` does not decide any more",
                    notes=("the service's last socket was closed, or another program was attached to the group",),
                    help=("attach again when the service is back",),
                )
            )
    _say_detached(link, as_json)


def _say_attached(link: Link, as_json: bool) -> None:
    from syrup import present

    if as_json:
        _json({"event": "attached", **present.record_fields(link.record, link.active)})
        return
    _show(present.attached(link.record))
    if len(link.groups) > 1:
        _say(f"the port has {len(link.groups)} groups of sockets, and the policy decides in each: --address names one")
    if link.record.pin:
        _say(f"pinned: it stays until `syrup detach {link.record.pin}`, or until the service's last socket closes")
    else:
        _say("Ctrl-C detaches, and so does any other end of this process")
    sys.stdout.flush()


def _say_detached(link: Link, as_json: bool) -> None:
    from syrup import present

    last = link.detach()
    if as_json:
        _json({"event": "detached", "stats": present.stats_fields(last)})
        return
    _say(f"detached `{link.policy}`: the kernel's default decides again")
    _show(present.statistics(last, link.record.groups))


# -- output ------------------------------------------------------------------------------------------------------------


def _say(text: str) -> None:
    with streams.output() as stream:
        stream.write(f"{text}\n")


def _show(table: RenderableType) -> None:
    from syrup import present

    with streams.output() as stream:
        present.console(stream).print(table)


def _json(fields: dict[str, Any]) -> None:
    _say(json.dumps(fields))


def _failed(error: SyrupError, arguments: Sequence[str]) -> int:
    """Show what ended the command, and return its exit status."""
    report = Report("")
    report.fail(error)
    if "--json" in arguments:
        try:
            _json({"event": "failed", **json.loads(render_json(error.diagnostics))})
        except UsageError as unsaid:
            return _failed(unsaid, ())
    else:
        color = sys.stderr.isatty() and not os.environ.get("NO_COLOR")
        verbose = not {"-v", "--verbose"}.isdisjoint(arguments)
        streams.say(render_text(error.diagnostics, color=color, verbose=verbose))
    return report.status
