"""Events stay whole where a program does unusual things to its own calls: it profiles or
traces itself, runs into the recursion limit, has many frames under way at its end."""
import collections
import json

import pytest

import trace_events
from test_events_sequence import PROGRAMS, assert_equal, comparable

def names(trace, stream=None):
    """How often each function was entered, by name, in the program's own file."""
    return collections.Counter(
        code.name for kind, code in trace.calls(stream or trace.main)
        if kind in trace_events.ENTERS and code.file.endswith("app.py")
    )


@pytest.mark.parametrize("workload", ["generators", "threads"])
def test_beside_own_setprofile(interp, trace, tmp_path, workload):
    """What the program's profiler sees is in the trace, the profiler's own calls too."""
    out = tmp_path / "out.json"
    done = trace(tmp_path, [PROGRAMS / "profiled.py", "profile", workload, out])
    assert (done.process.returncode, done.process.stderr) == (0, "")
    seen = json.loads(out.read_text())
    whole = trace_events.Trace(done.path)
    whole.assert_whole()
    codes = [trace_events.Code(*code) for code in seen["codes"]]
    found = comparable(without_profiler(whole.calls(whole.main)), True)
    truth = comparable([(call, codes[i]) for call, i in seen["threads"][0]], True)
    assert_equal(found, truth)
    assert len(whole.threads) == len(seen["threads"])


def without_profiler(calls):
    return [
        (kind in trace_events.ENTERS, code) for kind, code in calls
        if not code.name.endswith("__call__") or not code.file.endswith("profiled.py")
    ]


def test_beside_own_settrace(trace, tmp_path):
    done = trace(tmp_path, """
import sys
lines = 0
def tracer(frame, event, arg):
    global lines
    lines += event == "line"
    return tracer
def f(n):
    total = 0
    for i in range(n):
        total += g(i)
    return total
def g(i):
    return i
sys.settrace(tracer)
for _ in range(50):
    f(10)
sys.settrace(None)
for _ in range(50):
    f(10)
print(lines)
""")
    assert (done.process.returncode, done.process.stderr) == (0, "")
    assert int(done.process.stdout) > 50 * 22
    whole = trace_events.Trace(done.path)
    whole.assert_whole()
    counts = names(whole)
    assert (counts["f"], counts["g"]) == (100, 1000)


LIMIT = """
import sys
entered = 0
def down():
    global entered
    entered += 1
    down()
def generator():
    global entered
    entered += 1
    yield from generator()
for limit in (200, 1000, 3000):
    sys.setrecursionlimit(limit)
    for call in (down, lambda: list(generator())):
        try:
            call()
        except RecursionError:
            pass
sys.setrecursionlimit(1000)
print(entered)
"""


def test_recursion_limit(interp, trace, tmp_path):
    """Every call whose body ran is there. Up to 3.11 a call that the limit refused is
    there too, as the evaluator is asked before the interpreter looks at the limit; on 3.11
    making a generator is no call, so that its refusal is none."""
    plain = interp.run(["-c", LIMIT], preload=False)
    done = trace(tmp_path, LIMIT)
    assert (done.process.returncode, done.process.stderr) == (0, "")
    assert int(done.process.stdout) == int(plain.stdout)
    whole = trace_events.Trace(done.path)
    whole.assert_whole()
    counts = names(whole)
    refused = {8: 6, 9: 6, 10: 6, 11: 3}.get(interp.version[1], 0)
    assert counts["down"] + counts["generator"] == int(plain.stdout) + refused


def test_frames_under_way_at_the_end(trace, tmp_path):
    """sys.exit through frames and suspended generators: they are left before the end."""
    done = trace(tmp_path, """
import sys
def gen():
    try:
        yield 1
    finally:
        cleanup()
def cleanup():
    pass
def down(n, g):
    next(g)
    if n == 0:
        sys.exit(3)
    down(n - 1, gen())
down(20, gen())
""")
    assert (done.process.returncode, done.process.stderr) == (3, "")
    whole = trace_events.Trace(done.path)
    whole.assert_whole()
    counts = names(whole)
    assert counts["down"] == 21 and counts["cleanup"] == 21
    assert whole.end[1] == 3 << 1  # zigzag
