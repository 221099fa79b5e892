"""The command `syrupc`: compile, check, verify, disasm, run, explain.

Exit status: 0 accepted, 1 diagnostics, 2 usage, 3 a fault of this project. This module alone reads environment
variables. What a command needs is imported when it runs: one that finds its object in the cache never loads Numba.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Sequence
from functools import partial, wraps
from pathlib import Path
from typing import Any, Final, NoReturn, TypeVar, cast

import click

from syrupc import streams
from syrupc.build import compiled
from syrupc.cache import Cache, user_cache
from syrupc.diagnostics import Diagnostic
from syrupc.errors import UsageError
from syrupc.files import ELF_MAGIC, read_bytes, read_source, write_whole
from syrupc.frontend.source import PolicySource
from syrupc.kernel.hooks import HOOKS
from syrupc.kernels import KERNEL_HELP, chosen
from syrupc.objfile.model import Object
from syrupc.objfile.reader import read_object
from syrupc.options import MAX_EXECUTORS, Options
from syrupc.render import render_text
from syrupc.report import FORMATS, Output, Report, Status, attempt, sentence
from syrupc.spec import DEFAULT_MAX_EXECUTORS
from syrupc.verifier import verify
from syrupc.verifier.limit import within

OBJECT_SUFFIX: Final = ".bpf.o"
_Command = TypeVar("_Command", bound=Callable[..., Any])


def main() -> NoReturn:
    """The entry point of the command."""
    streams.prepare()
    sys.exit(run(sys.argv[1:]))


def run(arguments: Sequence[str]) -> int:
    """Run the command and return its exit status."""
    try:
        status = syrupc.main(list(arguments), prog_name="syrupc", standalone_mode=False, obj=tuple(arguments))
        sys.stdout.flush()
    except click.ClickException as error:
        streams.misused(error)
        return Status.USAGE
    except (KeyboardInterrupt, click.Abort):
        return Status.INTERRUPTED
    except BrokenPipeError:  # nobody reads on
        streams.abandon(sys.stdout)
        return Status.BROKEN_PIPE
    except OSError as error:  # of the streams: all others are diagnostics by now
        streams.say(render_text(streams.lost(error).diagnostics))
        return Status.USAGE
    return int(status or 0)


@click.group(name="syrupc", context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="syrupc", prog_name="syrupc")
def syrupc() -> None:
    """Compile scheduling policies, written in Python, to BPF objects that are proven safe."""


# -- options that several commands share -----------------------------------------------------------------------------


def _options(command: _Command) -> _Command:
    """Adds what makes an `Options`, as the argument `options`; one that cannot be used ends the command."""

    @wraps(command)
    def resolved(*objects: Any, hook: str | None, kernel: str | None, max_executors: int, **rest: Any) -> int:
        made: list[Options] = []
        report = attempt(
            "reading",
            "--kernel",
            lambda _: made.append(Options(hook, None if kernel is None else chosen(kernel), max_executors)),
        )
        if not made:
            looks = (rest[each] for each in ("shape", "verbose", "color"))
            return _make_output(*looks, occupied=rest.get("output") == "-").show([report])
        return cast("int", command(*objects, options=made[0], **rest))

    hooks = click.option("--hook", type=click.Choice(sorted(HOOKS)), help="Compile for this hook only.")
    oldest = click.option("--kernel", help=KERNEL_HELP)
    room = click.IntRange(1, MAX_EXECUTORS)
    executors = click.option("--max-executors", type=room, default=DEFAULT_MAX_EXECUTORS, help="Room for executors.")
    return cast("_Command", hooks(oldest(executors(resolved))))


def _output(command: _Command) -> _Command:
    """Adds what makes an `Output`, as the arguments `shape`, `verbose` and `color`."""
    shape = click.option(
        "--format", "shape", type=click.Choice(FORMATS), default="text", help="How findings are shown."
    )
    verbose = click.option("-v", "--verbose", is_flag=True, help="Show what lies under a finding, too.")
    color = click.option("--color", type=click.Choice(("auto", "always", "never")), default="auto")
    return shape(verbose(color(command)))


def _make_output(shape: str, verbose: bool, color: str, *, occupied: bool = False) -> Output:
    """Findings as text go to stderr, for machines to stdout; all to stderr where stdout is `occupied` by the result."""
    findings = sys.stderr if shape == "text" or occupied else sys.stdout
    automatic = findings.isatty() and not os.environ.get("NO_COLOR")
    messages = sys.stderr if occupied else sys.stdout
    return Output(shape, verbose, automatic if color == "auto" else color == "always", findings, messages)


# -- commands --------------------------------------------------------------------------------------------------------


@syrupc.command("compile")
@click.argument("policy")
@click.option("-o", "--output", help="Where to write; `-` is standard output.  [default: NAME.bpf.o in this folder]")
@click.option("--emit", type=click.Choice(("obj", "asm", "llvm", "numba")), default="obj", show_default=True)
@click.option("--no-cache", is_flag=True, help="Compile also what was compiled before.")
@_options
@_output
def compile_(
    policy: str,
    output: str | None,
    emit: str,
    no_cache: bool,
    options: Options,
    shape: str,
    verbose: bool,
    color: str,
) -> int:
    """Compile POLICY to a BPF object.

    Nothing is written unless the object is proven safe. The forms for people go to standard output: what Numba and
    LLVM make of the policy. `syrupc disasm` shows the instructions that ship.
    """
    target = output or (f"{Path(policy).stem}{OBJECT_SUFFIX}" if emit == "obj" else "-")
    cache = None if no_cache else user_cache(os.environ)

    def action(report: Report) -> None:
        _spare(policy, target)
        content = _object_code(report, options, cache) if emit == "obj" else _text(policy, options, emit)
        if content is None:
            return
        if target == "-":
            with streams.output() as stream:
                stream.buffer.write(content)
        else:
            write_whole(target, content)
            report.messages.append(f"wrote {target} ({len(content)} bytes)")

    return _make_output(shape, verbose, color, occupied=target == "-").show([attempt("compiling", policy, action)])


@syrupc.command()
@click.argument("policies", nargs=-1, required=True)
@_options
@_output
def check(policies: tuple[str, ...], options: Options, shape: str, verbose: bool, color: str) -> int:
    """Compile and verify POLICIES. Nothing is written."""
    action = partial(_check, options=options)
    return _make_output(shape, verbose, color).show([attempt("checking", path, action) for path in policies])


@syrupc.command("verify")
@click.argument("files", nargs=-1, required=True)
@click.option("--baseline", metavar="FILE", help="What is accepted for now: only other findings fail, or fewer.")
@click.option("--max-cost", type=click.IntRange(1), metavar="N", help="The most instructions that a run may take.")
@click.option("--update-baseline", is_flag=True, help="Write what is found to the file of --baseline.")
@_options
@_output
@click.pass_obj
def verify_(
    typed: Sequence[str],
    files: tuple[str, ...],
    baseline: str | None,
    max_cost: int | None,
    update_baseline: bool,
    options: Options,
    shape: str,
    verbose: bool,
    color: str,
) -> int:
    """Verify FILES: BPF objects, from this or any other compiler, or policies.

    A folder stands for the objects and policies in it, a quoted pattern such as 'policies/**/*.py' for what it matches.
    """
    from syrupc.review import Gate, review

    if update_baseline and baseline is None:
        raise click.UsageError("--update-baseline needs --baseline")
    gate = Gate(baseline, update_baseline, typed)
    return review(files, partial(_verify, options=options, most=max_cost)).conclude(
        _make_output(shape, verbose, color), gate
    )


@syrupc.command()
@click.argument("file")
@_options
@_output
def disasm(file: str, options: Options, shape: str, verbose: bool, color: str) -> int:
    """Show the instructions of FILE, an object or a policy, under the lines of source they come from."""
    from syrupc.listing import list_object

    def action(report: Report) -> None:
        report.messages.append(list_object(_object(report, options)).rstrip("\n"))

    return _make_output(shape, verbose, color).show([attempt("disassembling", file, action)])


@syrupc.command("run")
@click.argument("file")
@click.option("--packet", "packets", multiple=True, required=True, help="A datagram's payload in hex; repeatable.")
@click.option("--policy", "name", help="Which policy, where FILE has several.")
@click.option(
    "--executors", type=click.IntRange(0, MAX_EXECUTORS), help="How many are there.  [default: all there is room for]"
)
@click.option(
    "--store", "stores", multiple=True, help="An entry to put into a map first, as `tokens[7]=3`; repeatable."
)
@click.option("--source-port", type=click.IntRange(0, 65_535), default=40_000, show_default=True)
@click.option("--flow-hash", type=click.IntRange(0, 2**32 - 1), default=0, show_default=True)
@click.option("--seed", type=int, default=0, help="What `random()` draws from.")
@_options
@_output
def run_(file: str, options: Options, shape: str, verbose: bool, color: str, **arguments: Any) -> int:
    """Run FILE, a policy or an object of ours, on datagrams in the interpreter: no kernel, no rights."""
    from syrupc.trial import Trial, run_trial

    trial = Trial(**arguments)

    def action(report: Report) -> None:
        obj = _object(report, options)
        for decided in run_trial(obj, trial):
            report.messages.append(str(decided))
            report.results.append(decided.fields())

    return _make_output(shape, verbose, color).show([attempt("running", file, action)])


@syrupc.command()
@click.argument("code", required=False)
@_output
def explain(code: str | None, shape: str, verbose: bool, color: str) -> int:
    """Explain a diagnostic's CODE, as in `syrupc explain SYR503`; without it, list all codes."""
    from syrupc.explain import index, page

    def action(report: Report) -> None:
        report.messages.append((page(code) if code else index()).rstrip("\n"))

    return _make_output(shape, verbose, color).show([attempt("explaining", code or "", action)])


# -- what they do to one file ------------------------------------------------------------------------------------------


def _object_code(report: Report, options: Options, cache: Cache | None) -> bytes | None:
    """The bytes to write for a policy; `None` if the verdict on them, which is in the report, forbids it."""
    verdict = compiled(_read_policy(report), options, cache, report.remarks.append)
    report.judge(verdict)
    return verdict.object.data if verdict.accepted else None


def _text(policy: str, options: Options, kind: Any) -> bytes:
    from syrupc.driver import emit_text  # brings Numba

    return emit_text(Path(policy), options, kind).encode()


def _check(report: Report, options: Options) -> None:
    verdict = compiled(_read_policy(report), options)
    report.judge(verdict)
    report.messages += [sentence(report.path, each) for each in verdict.programs]


def _verify(report: Report, options: Options, most: int | None) -> None:
    content = read_bytes(report.path)
    if _is_policy(report.path, content):
        verdict = compiled(_read_policy(report), options)
    else:
        from syrupc.listing import sources_of

        obj = read_object(content)
        report.sources |= sources_of(obj)
        verdict = verify(obj, options.profile_for())
    report.judge(verdict if most is None else within(verdict, most))


def _object(report: Report, options: Options) -> Object:
    """The object that a file is or compiles to, whatever the verdict."""
    content = read_bytes(report.path)
    if not _is_policy(report.path, content):
        return read_object(content)
    return compiled(_read_policy(report), options).object


def _is_policy(path: str, content: bytes) -> bool:
    return path.endswith(".py") and not content.startswith(ELF_MAGIC)


def _read_policy(report: Report) -> PolicySource:
    """The policy at the report's path; its text goes into the report, for excerpts."""
    source = read_source(report.path)
    report.sources[source.path_name] = source.text
    report.names[source.base_name] = source.path_name
    return source


def _spare(policy: str, target: str) -> None:
    """Refuse to write over the policy itself; raises `UsageError` SYR002."""
    if target != "-" and os.path.exists(target) and os.path.exists(policy) and os.path.samefile(policy, target):
        raise UsageError(Diagnostic("SYR002", f"cannot write `{target}`: it is the policy"))
