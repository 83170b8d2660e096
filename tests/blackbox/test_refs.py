"""mode=refs: objects by type, against what the interpreter and the program itself count."""
import json
import os
import pathlib
import signal
import subprocess
import time

import pytest

import interpreters
from test_attach import build, hosts, library # noqa: F401 (fixtures)

HAVE_IT = pytest.mark.interpreters(min=(3, 13))
PROGRAM = pathlib.Path(__file__).parent / "programs" / "objects_by_type.py"
WAIT_S = 60


def types_of(report, path):
    rows = report("types", path)["types"]
    names = [(row["module"], row["type"]) for row in rows]
    assert len(set(names)) == len(names)
    return {row["type"]: row for row in rows if row["module"] == "__main__"}


@HAVE_IT
def test_counts_are_the_programs_own(trace, tmp_path, report):
    traced = trace(tmp_path, PROGRAM, "mode=refs")
    assert traced.process.returncode == 0, traced.process.stderr
    found = json.loads(traced.process.stdout)
    types = types_of(report, traced.path)
    for name, (count, _) in found.items():
        short = "Outer.Inner" if name == "Inner" else name
        assert types[short]["live_count"] == count, name
    made = {"Plain": 1000, "Slots": 1000, "Tuple": 150, "Node": 600, "Threaded": 1000}
    assert {name: types[name]["new_count"] for name in made} == made
    assert types["Node"]["live_count"] == 0
    # No __dict__, no values beside: what sys.getsizeof says is what was asked for.
    for name in "Slots", "Threaded":
        assert types[name]["live_bytes"] == found[name][1], name
    assert os.path.getsize(traced.path) < 100000


@HAVE_IT
def test_types_that_die_are_told_apart(trace, tmp_path, report):
    traced = trace(tmp_path, PROGRAM, "mode=refs")
    types = types_of(report, traced.path)
    for i in range(40):
        row = types["Dying%d" % i]
        assert (row["new_count"], row["live_count"]) == (10 * (i + 1), 0)


@HAVE_IT
def test_same_as_plain(both):
    plain, traced = both(["-W", "error", "-c", (
        "import gc, os, sys\n"
        "class A: pass\n"
        "x = [A() for i in range(100)]\n"
        "pid = os.fork()\n"
        "if not pid: x.clear(); os._exit(3)\n"
        "print(os.waitpid(pid, 0)[1], gc.callbacks, len(gc.get_objects()) > 0)\n"
        "sys.exit(5)")], "mode=refs")
    assert (traced.stdout, traced.stderr, traced.returncode) == (
        plain.stdout, plain.stderr, plain.returncode)


@HAVE_IT
def test_a_forked_child_counts_its_own(trace, tmp_path, report):
    traced = trace(tmp_path, """
import os
class A:
    __slots__ = ()
class B:
    __slots__ = ()
x = [A() for i in range(100)]
pid = os.fork()
if not pid:
    x.clear()
    y = [B() for i in range(50)]
    os._exit(0)
os.waitpid(pid, 0)
""", "mode=refs")
    assert types_of(report, traced.path)["A"]["live_count"] == 100
    child, = [each for each in tmp_path.glob("trace.bin.*")]
    types = types_of(report, child)
    assert types["B"]["live_count"] == 50
    assert (types["A"]["new_count"], types["A"]["earlier_count"]) == (0, 100)


@HAVE_IT
def test_a_kill_leaves_the_counts(interp, tmp_path, report):
    path = tmp_path / "trace.bin"
    process = interp.popen([PROGRAM, "wait"], env={"PYMEMTRACE": "mode=refs,out=%s" % path},
                           cwd=tmp_path, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    try:
        found = json.loads(process.stdout.readline())
        deadline = time.monotonic() + WAIT_S
        while types_of(report, path).get("Node", {}).get("new_count") != 600:
            assert time.monotonic() < deadline, "the counts never reached the trace"
    finally:
        process.kill()
        process.communicate()
    assert process.returncode == -signal.SIGKILL
    told = report("types", path)
    assert told["trace"]["complete"] is False
    assert types_of(report, path)["Slots"]["live_count"] == found["Slots"][0]
    for ring in pathlib.Path("/dev/shm").glob("pymemtrace-*-%d-*.ring" % process.pid):
        ring.unlink()


OWN_TRACER = """
import tracemalloc
class A:
    __slots__ = ()
%s
x = [A() for i in range(1000)]
%s
y = [A() for i in range(10)]
open(__file__).close()
print(tracemalloc.get_object_traceback(y[0]) is not None)
"""


@HAVE_IT
def test_it_gives_way_to_another_tracer(trace, tmp_path, report):
    traced = trace(tmp_path, OWN_TRACER % ("", "tracemalloc.start()"), "mode=refs")
    assert traced.process.stdout == "True\n"
    assert traced.process.stderr.count("reference tracer") == 1
    assert types_of(report, traced.path)["A"]["new_count"] == 1000


@HAVE_IT
def test_it_goes_in_front_of_one_that_is_there(trace, tmp_path, report):
    traced = trace(tmp_path, OWN_TRACER % ("", ""), "mode=refs", env={"PYTHONTRACEMALLOC": "1"})
    assert traced.process.stdout == "True\n"
    assert traced.process.stderr == ""
    assert types_of(report, traced.path)["A"]["live_count"] == 1010


@pytest.mark.interpreters(max=(3, 12))
def test_older_versions_refuse(trace, tmp_path, report):
    traced = trace(tmp_path, ["-c", "print(1)"], "mode=refs")
    assert (traced.process.returncode, traced.process.stdout) == (0, "1\n")
    assert traced.process.stderr.count("mode=refs needs CPython 3.13 or newer") == 1
    assert report("types", traced.path)["measured"] is False


@HAVE_IT
@pytest.mark.parametrize("module", ["test_gc", "test_capi"] if interpreters.LONG else ["test_gc"])
def test_cpythons_own_tests(interp, tmp_path, module):
    from test_cpython_suite import run_module

    plain = run_module(interp, module, "mode=refs", tmp_path / "plain", False)
    if not plain.ran:
        pytest.skip("%s does not run here: %s" % (module, plain.text[-200:]))
    traced = run_module(interp, module, "mode=refs", tmp_path / "traced", True)
    assert (traced.bad, traced.ran, traced.skipped, traced.status) == (
        plain.bad, plain.ran, plain.skipped, plain.status), traced.text


INNER = """
try:
    import _interpreters as inner
except ImportError:
    import _xxsubinterpreters as inner
class Outer:
    __slots__ = ()
x = [Outer() for i in range(100)]
code = "class Inner:\\n    __slots__ = ()\\nx = [Inner() for i in range(50)]\\ndel x[:20]"
kept = inner.create(%(kind)r)
inner.run_string(kept, code)
for i in range(3):
    made = inner.create(%(kind)r)
    inner.run_string(made, code)
    inner.destroy(made)
y = [Outer() for i in range(10)]
import os
os._exit(0)
"""


@HAVE_IT
@pytest.mark.parametrize("kind", ["legacy", "isolated"])
def test_subinterpreters(trace, tmp_path, report, kind):
    """Counted together; what a destroyed one still held is freed with it."""
    traced = trace(tmp_path, INNER % {"kind": kind}, "mode=refs")
    assert (traced.process.returncode, traced.process.stderr) == (0, "")
    types = types_of(report, traced.path)
    assert types["Outer"]["live_count"] == types["Outer"]["new_count"] == 110
    assert types["Inner"]["new_count"] == 4 * 50
    assert types["Inner"]["live_count"] == 30


LIVES = """
import os
n = int(os.environ.get("LIFE", "0"))
os.environ["LIFE"] = str(n + 1)
class Same:
    __slots__ = ()
Own = type("Life%d" % n, (), {"__slots__": ()})
x = [Same() for i in range(100)]
y = [Own() for i in range(1000)]
del x[:30], y[:200]
"""


@HAVE_IT
def test_ended_and_begun_again(both, hosts, library, report): # noqa: F811
    """What an interpreter frees at its end is not deleted, also where its address comes again; and
    an address may be that of another type in the next life."""
    program, argument = hosts["opened"]
    env = {"PYTHONHOME": library[2], "PYTHONDONTWRITEBYTECODE": "1"}
    plain, traced = both([], "mode=refs", argv=[program, argument, "again", LIVES], env=env)
    assert (traced.returncode, traced.stdout, traced.stderr) == (
        plain.returncode, plain.stdout, plain.stderr)
    assert traced.said == []
    types = types_of(report, traced.path)
    counts = {name: (row["new_count"], row["deleted_count"]) for name, row in types.items()}
    assert counts["Same"] == (300, 90)
    assert [counts.get("Life%d" % n) for n in range(3)] == [(1000, 200)] * 3
