"""detail=tree: calls summed per call path in the process. The counts are those that cProfile
has, the sums those that mode=calls has of the same program, and a kill loses nothing."""
import collections
import json
import os
import random
import signal

import pytest

import interpreters
import test_events_sequence
from test_events_sequence import bytecode  # noqa: F401  a fixture
from test_kill import Run

KILLS = 8 if interpreters.LONG else 2
FIGURES = ("allocated_bytes", "allocated_count", "freed_bytes", "freed_count",
           "object_bytes", "object_count")


def functions(report, path, file="app.py"):
    """{(name, line): row} of the functions of one file."""
    rows = report("functions", path, "json", "--limit=all")["functions"]
    return {(row["function"], row["line"]): row for row in rows
            if row["file"] and row["file"].endswith("/" + file)}


def calls(report, path):
    """{name: calls} of app.py, qualified names cut to their last part."""
    result = collections.Counter()
    for (name, _), row in functions(report, path).items():
        result[name.rpartition(".")[2]] += row["calls"]
    return dict(result)


def figures(report, path):
    return {
        name: [row["calls"]] + [row[part][key] for part in ("self", "inclusive") for key in FIGURES]
        for name, row in functions(report, path).items()
        if name[0] not in ("<module>", "main")  # imports depend on folders, threads on time
    }


def lost(report, path):
    return {cause: count for cause, count in report("info", path)["trace"]["lost"].items() if count}


@pytest.mark.parametrize("workload", [
    each for each in test_events_sequence.WORKLOADS if each != "threads"])
def test_counts_are_those_of_cprofile(interp, tmp_path, report, workload, bytecode):  # noqa: F811
    path = tmp_path / "trace.bin"
    test_events_sequence.run(interp, tmp_path / "traced", "plain", workload, bytecode,
                             env={"PYMEMTRACE": "out=%s,detail=tree" % path})
    truth = test_events_sequence.run(interp, tmp_path / "count", "cprofile", workload, bytecode,
                                     preload=False)
    found = functions(report, path, workload + ".py")
    expected = collections.Counter()
    for name, line, file, count in truth:
        if file.endswith("/%s.py" % workload):
            expected[name, line] += count
    assert expected
    assert {key: found[key]["calls"] for key in expected} == expected


PROGRAM = """
import gc, threading
gc.disable()
def leaf(i):
    return [i] * (i % 50)
def numbers(n):
    for i in range(n):
        yield leaf(i)
def fails(n):
    if n == 0:
        raise ValueError(leaf(3))
    return fails(n - 1)
def catches():
    for _ in range(50):
        try:
            fails(20)
        except ValueError:
            pass
def abandoned():
    it = numbers(10)
    next(it)
    it.close()
def sent():
    total = 0
    while True:
        total += yield total
def sends():
    it = sent()
    next(it)
    for i in range(100):
        it.send(i)
def big():
    return bytes(300000)
def work():
    sum(len(x) for x in numbers(500))
    catches()
    abandoned()
    sends()
    return [big() for _ in range(20)]
def main():
    keep = []
    for _ in range(3):
        keep.append(work())
    for _ in range(4):
        thread = threading.Thread(target=work)
        thread.start()
        thread.join()
main()
"""


def run(trace, tmp_path, program, options, name="run", **more):
    folder = tmp_path / name
    folder.mkdir()
    done = trace(folder, program, options, **more)
    assert (done.process.returncode, done.process.stderr) == (0, "")
    return done


@pytest.mark.parametrize("options", ["", "c_calls=1"])
def test_sums_are_those_of_events(interp, trace, tmp_path, report, options):
    """Per function, by itself and with callees, to the byte."""
    script = tmp_path / "app.py"
    script.write_text(PROGRAM)
    env = {"PYTHONHASHSEED": "0", "PYTHONDONTWRITEBYTECODE": "1"}
    events = run(trace, tmp_path, script, options, "events", env=env, cwd=tmp_path)
    tree = run(trace, tmp_path, script, "detail=tree," + options, "tree", env=env, cwd=tmp_path)
    assert lost(report, tree.path) == {}
    found, expected = figures(report, tree.path), figures(report, events.path)
    assert len(expected) >= 10
    assert found == expected
    assert os.path.getsize(tree.path) < os.path.getsize(events.path)


def test_a_thread_has_its_own_tree(trace, tmp_path, report):
    done = run(trace, tmp_path, PROGRAM, "detail=tree")
    threads = report("threads", done.path)["threads"]
    assert len([each for each in threads if each["calls"]]) == 5
    paths = report("tree", done.path, "json", "--by-thread", "--min-share=0")
    assert json.dumps(paths).count('"big"') == 5


FORK = """
import os
def leaf():
    return [0]
def child():
    for _ in range(700):
        leaf()
def parent():
    for _ in range(300):
        leaf()
def fork():
    pid = os.fork()
    if pid == 0:
        child()
        os._exit(0)
    os.waitpid(pid, 0)
    print(pid)
parent()
fork()
parent()
"""


def test_a_forked_child_begins_anew(trace, tmp_path, report):
    done = run(trace, tmp_path, FORK, "detail=tree")
    assert calls(report, done.path)["leaf"] == 600
    child = done.path.with_name("trace.bin.%s" % done.process.stdout.strip())
    assert calls(report, child) == {"child": 1, "leaf": 700}


@pytest.mark.parametrize("processes,threads", [(1, 1), (1, 4), (2, 2)])
def test_killed_at_a_random_moment(interp, tmp_path, report, tool, seed, processes, threads):
    """What the program had counted is in the ring's file; recover makes one file of both."""
    chance = random.Random("%s %s %s %s" % (seed, interp.name, processes, threads))
    for kill in range(KILLS):
        folder = tmp_path / str(kill)
        folder.mkdir()
        run = Run(interp, folder, processes, threads, options="detail=tree")
        try:
            run.wait_for(chance.randrange(1, 200000))
            run.kill_group(signal.SIGKILL)
        finally:
            run.process.kill()
            run.wait()
        words = run.words()
        for process in range(processes):
            path = run.path(process)
            for is_recovered in (False, True):
                if is_recovered:
                    done = tool("pymemtrace-report", "recover", path)
                    assert done.returncode == 0, done.stderr
                rows = report("functions", path, "json", "--limit=all")["functions"]
                seen = {row["function"]: row["calls"] for row in rows}
                for thread in range(threads):
                    counted = words[process * threads + thread]
                    name = "work_%d_%d" % (process, thread)
                    assert counted <= seen[name] <= counted + 1, name


FULL = """
import sys
def a(n):
    if n:
        a(n - 1)
        b(n - 1)
def b(n):
    if n:
        a(n - 1)
        b(n - 1)
def after():
    pass
a(18)
after()
"""


@pytest.mark.interpreters(one=True)
def test_a_full_tree_counts_at_the_call_above(trace, tmp_path, report):
    """2^19 call paths do not fit; every call is in a count or in the losses."""
    done = run(trace, tmp_path, FULL, "detail=tree")
    seen = calls(report, done.path)
    missing = lost(report, done.path)
    assert list(missing) == ["tree_full"]
    assert sum(seen.get(name, 0) for name in ("a", "b", "after")) + missing["tree_full"] == 2**19
    assert 200000 < seen["a"] + seen["b"] < 2**19 - 1


LONG = """
import sys
def leaf(i):
    return [i] * 3
def work(n):
    for i in range(n):
        leaf(i)
def deep(n):
    if n:
        deep(n - 1)
    else:
        for _ in range(60):
            work(5000)
def gen():
    for i in range(3):
        work(10)
        yield i
def main():
    deep(30)
    work(100)
    return list(gen())
main()
work(7)
"""


def test_at_max_size_calls_are_summed(trace, tmp_path, report, tool):
    """The calls that run when the trace reaches its size stay the path of what follows."""
    options = "max_size=1MiB,compress=none,ring_size=64KiB"
    done = run(trace, tmp_path, LONG, options)
    whole = run(trace, tmp_path, LONG, "", "whole")
    assert lost(report, done.path) == {}
    assert calls(report, done.path) == {
        "<module>": 1, "leaf": 300137, "work": 65, "deep": 31, "gen": 4, "main": 1}
    assert figures(report, done.path) == figures(report, whole.path)
    text = tool("pymemtrace-report", done.path).stdout
    assert "reached max_size" in text
    assert (1 << 20) * 7 // 8 <= os.path.getsize(done.path) < 3 << 19


PAUSED = """
import ctypes
tracer = ctypes.CDLL(None)
pause, resume = tracer.pymemtrace_pause, tracer.pymemtrace_resume
def leaf():
    return [0] * 10
def hidden():
    for _ in range(100):
        leaf()
    deeper()
def deeper():
    resume()
    seen()
def seen():
    for _ in range(10):
        leaf()
def main():
    seen()
    pause()
    hidden()
    seen()
    pause()
    hidden()
    resume()
    seen()
main()
seen()
"""


@pytest.mark.parametrize("options", ["", "start=paused"])
def test_pauses(trace, tmp_path, report, options):
    events = run(trace, tmp_path, PAUSED, options, "events")
    tree = run(trace, tmp_path, PAUSED, "detail=tree," + options, "tree")
    assert calls(report, tree.path) == calls(report, events.path)
    assert lost(report, tree.path) == lost(report, events.path) == {}


MARKED = """
import ctypes
tracer = ctypes.CDLL(None)
libc = ctypes.CDLL(None)
def allocate():
    libc.malloc(ctypes.c_size_t(1 << 20))
    tracer.pymemtrace_mark(b"here")
    libc.malloc(ctypes.c_size_t(1 << 20))
allocate()
"""


@pytest.mark.interpreters(one=True)
def test_a_mark_takes_nothing_from_its_function(trace, tmp_path, report):
    done = run(trace, tmp_path, MARKED, "detail=tree")
    assert [each["text"] for each in report("timeline", done.path)["marks"]] == ["here"]
    (row,) = [row for (name, _), row in functions(report, done.path).items() if name == "allocate"]
    assert 2 << 20 <= row["self"]["allocated_bytes"] < (2 << 20) + 65536


@pytest.mark.interpreters(one=True)
def test_views_say_that_there_are_no_events(trace, tmp_path, tool):
    done = run(trace, tmp_path, PROGRAM, "detail=tree")
    for view in ("log", "lines"):
        shown = tool("pymemtrace-report", view, done.path)
        assert shown.returncode == 0
        assert "detail=tree" in shown.stdout + shown.stderr
