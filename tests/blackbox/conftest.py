"""Fixtures of the black-box tests: a traced program goes in, what the tools say comes out.

    interp   each interpreter in turn: interp.run(["-c", "..."]), .version, .name
    trace    trace(tmp_path, script, "mode=calls") -> Traced(process, path), on interp
    report   report("functions", path) -> the parsed JSON
    tool     tool("pymemtrace-run", "--check") -> CompletedProcess
    facts    facts(path) -> what the reader finds in a trace, without the report
    both     both(["-c", "..."]) -> the same program plain and traced, to compare
    greenlet_site  a folder with the package greenlet, None without one
    seed     for random tests; printed when one fails, PYMEMTRACE_TEST_SEED repeats it
    kill_at  kill_at(program, options, least) -> (count, trace): killed when it has counted
    same_addresses  programs run without address space randomization
"""
import collections
import ctypes
import json
import os
import pathlib
import random
import shutil
import signal
import struct
import subprocess
import time

import pytest

import interpreters

# A job in the background begins with SIGINT ignored, and would hand that on to the programs under test.
signal.signal(signal.SIGINT, signal.default_int_handler)

Traced = collections.namedtuple("Traced", "process path")

PATIENCE_S = 60 # until a program has counted, or is dead
ADDR_NO_RANDOMIZE = 0x40000  # sys/personality.h

HERE, MISSING = interpreters.find()


def choose(only=None, min=None, max=None, one=False):
    """Parameters of `interp` for a test with the marker interpreters(...)."""
    here = [
        each for each in HERE
        if (only is None or each.name in only)
        and (min is None or each.version >= min)
        and (max is None or each.version[: len(max)] <= max)
    ]
    if one:
        # Those of this machine first: they can be debugged without a chroot.
        here = sorted(here, key=lambda each: (each.root is None, each.version))[-1:]
        return here or MISSING[:1]
    return here + ([] if only else MISSING)


def pytest_generate_tests(metafunc):
    if "interp" in metafunc.fixturenames:
        marker = metafunc.definition.get_closest_marker("interpreters")
        chosen = choose(**(marker.kwargs if marker else {}))
        metafunc.parametrize(
            "interp", chosen, ids=[each.name for each in chosen], indirect=True, scope="session"
        )


def lacking(what, package=None):
    """Skip for want of something; in CI that is a failure: there it has to be there."""
    message = "not installed: %s%s" % (what, " (Debian: %s)" % package if package else "")
    if interpreters.IN_CI:
        pytest.fail(message, pytrace=False)
    pytest.skip(message)


@pytest.fixture(scope="session")
def interp(request):
    if isinstance(request.param, interpreters.Missing):
        if request.param.is_failure:
            pytest.fail(request.param.reason, pytrace=False)
        pytest.skip(request.param.reason)
    return request.param


@pytest.fixture(scope="session", autouse=True)
def preload_library():
    if not interpreters.LIBRARY.exists():
        pytest.exit("no %s: build first, or name the build in PYMEMTRACE_BUILD"
                    % interpreters.LIBRARY, returncode=3)
    return interpreters.LIBRARY


@pytest.fixture
def trace(interp):
    """Run a program traced: trace(tmp_path, program, options="", **run_options).

    program is source text (it holds a newline), the path of a script, or a list of
    arguments for the interpreter. options are those of PYMEMTRACE, without out=.
    """

    def run_traced(tmp_path, program, options="", env=None, **run_options):
        if isinstance(program, str) and "\n" in program:
            script = tmp_path / "app.py"
            script.write_text(program, encoding="utf-8")
            program = script
        if isinstance(program, (str, pathlib.PurePath)):
            program = [program]
        path = tmp_path / "trace.bin"
        settings = ",".join(part for part in ("out=%s" % path, options) if part)
        environment = {"PYMEMTRACE": settings, **(env or {})}
        run_options.setdefault("cwd", tmp_path)
        return Traced(interp.run(program, env=environment, **run_options), path)

    return run_traced


def run_tool(name, *args, env=None, timeout=interpreters.TIMEOUT_S, **options):
    """Run one of our programs from the build; its output as text."""
    program = interpreters.BUILD / name
    assert program.exists(), "the build has no %s" % name
    environment = {"PATH": os.environ["PATH"], "LANG": "C.UTF-8", "HOME": os.environ.get("HOME", "/")}
    environment.update(env or {})
    return subprocess.run(
        [str(program), *map(str, args)], env=environment, timeout=timeout,
        stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        encoding="utf-8", errors="backslashreplace", **options
    )


@pytest.fixture
def greenlet_site(interp, tmp_path):
    """A folder with the package greenlet for PYTHONPATH; None where it cannot be had."""
    done = subprocess.run(
        [str(interpreters.TOP / "scripts" / "rivals"), "--wheels",
         "%d.%d" % interp.version[:2], "greenlet"],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, encoding="utf-8",
    )
    if done.returncode:
        print("no greenlet:", done.stderr.strip()[-200:])
        return None
    # An interpreter in a chroot sees this folder, not the cache.
    return pathlib.Path(shutil.copytree(done.stdout.strip(), tmp_path / "site"))


@pytest.fixture(scope="session")
def tool():
    return run_tool


@pytest.fixture(scope="session")
def report():
    """report(view, trace, fmt="json", *options, status=0): JSON parsed, or the text."""

    def show(view, trace, fmt="json", *options, status=0):
        done = run_tool("pymemtrace-report", view, "--format=%s" % fmt, *options, trace)
        assert done.returncode == status, "%s\n%s" % (done.args, done.stderr)
        return json.loads(done.stdout) if fmt == "json" else done.stdout

    return show


@pytest.fixture(scope="session")
def facts():
    """facts(trace): the JSON of tests/support/trace_facts.c."""

    def read(path):
        done = run_tool("tests/support/trace_facts", path)
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout)

    return read


@pytest.fixture
def both(interp, tmp_path):
    """both(args, ...) -> (plain, traced): the same program twice. The traced run's stderr is
    without the tracer's own lines, which are in .said; its trace is at .path."""

    def run_twice(args, options="", env=None, **run_options):
        run_options.setdefault("cwd", tmp_path)
        path = tmp_path / "trace.bin"
        settings = ",".join(part for part in ("out=%s" % path, options) if part)
        plain = interp.run(args, env=env, preload=False, **run_options)
        traced = interp.run(args, env={"PYMEMTRACE": settings, **(env or {})}, **run_options)
        lines = traced.stderr.splitlines(True)
        traced.said = [line for line in lines if line.startswith("pymemtrace: ")]
        traced.stderr = "".join(line for line in lines if line not in traced.said)
        traced.path = path
        return plain, traced

    return run_twice


@pytest.fixture
def seed():
    """Captured output is shown only for a test that failed."""
    value = os.environ.get("PYMEMTRACE_TEST_SEED") or str(random.SystemRandom().randrange(10**9))
    print("PYMEMTRACE_TEST_SEED=%s" % value)
    return value


@pytest.fixture
def same_addresses():
    """Hashes of addresses differ from run to run: plain CPython 3.15 ends with 22830 to 22837
    objects in test_triggers, and always with 22837 where addresses do not differ."""
    libc = ctypes.CDLL(None, use_errno=True)
    before = libc.personality(0xFFFFFFFF)
    assert before >= 0 and libc.personality(before | ADDR_NO_RANDOMIZE) >= 0, ctypes.get_errno()
    yield
    libc.personality(before)


@pytest.fixture
def kill_at(interp, tmp_path):
    """kill_at(program, options, least) -> (count, trace): SIGKILL for a program that counts in
    the first 8 bytes of the file that it is given, when it has come to `least`."""

    def run_and_kill(program, options, least):
        counter, path = tmp_path / "count", tmp_path / "trace.bin"
        counter.write_bytes(bytes(8))
        script = tmp_path / "killed.py"
        script.write_text(program)
        process = interp.popen([script, counter], env={"PYMEMTRACE": "%s,out=%s" % (options, path)},
                               cwd=tmp_path, stdin=subprocess.DEVNULL)
        deadline = time.monotonic() + PATIENCE_S
        while struct.unpack("Q", counter.read_bytes())[0] < least:
            assert time.monotonic() < deadline and process.poll() is None
            time.sleep(0.0005)
        process.send_signal(signal.SIGKILL)
        process.wait(PATIENCE_S)
        return struct.unpack("Q", counter.read_bytes())[0], path

    return run_and_kill
