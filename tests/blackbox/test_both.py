"""mode=calls+allocs: one run has every call with its figures and every block with its stack.

Truth: the same program with each mode alone, C code's own account of its calls, and
/proc/self/statm as the program read it.
"""
import collections
import json
import os

import pytest

import interpreters
import trace_events
from test_allocs import blocks
from test_truth_known import PROGRAM as KNOWN, KNOWN as LIBRARY, MIB, OBJECTS, PAGE, by_name

MODE = "mode=calls+allocs"

WORK = """
import ctypes, threading
libc = ctypes.CDLL(None)
libc.malloc.restype = libc.realloc.restype = ctypes.c_void_p
libc.malloc.argtypes, libc.realloc.argtypes = [ctypes.c_size_t], [ctypes.c_void_p, ctypes.c_size_t]
libc.free.argtypes = [ctypes.c_void_p]
malloc, realloc, free = libc.malloc, libc.realloc, libc.free
kept = []
def make(size):
    return malloc(size)
def grow(p):
    return realloc(p, 70000)
def drop(p):
    free(p)
def leak():
    kept.append(make(33333))
def numbers(n):
    for i in range(n):
        yield make(1000 + i)
def churn(n):
    for p in numbers(n):
        drop(p)
def recurse(n):
    p = make(600)
    if n:
        recurse(n - 1)
    drop(p)
def buffers():
    return [bytearray(5000) for i in range(50)]
class Held:
    def __init__(self):
        self.p = malloc(4000)
    def __del__(self):
        free(self.p)
def hold():
    for i in range(20):
        Held()
def fails():
    p = make(2000)
    try:
        raise ValueError
    finally:
        drop(p)
def in_thread():
    for i in range(300):
        drop(grow(make(2500)))
    leak()
def main():
    for i in range(10):
        leak()
    churn(200)
    recurse(20)
    buffers()
    hold()
    for i in range(5):
        try:
            fails()
        except ValueError:
            pass
    for i in range(3):
        thread = threading.Thread(target=in_thread, name="worker %d" % i)
        thread.start()
        thread.join()
main()
"""


def traced(trace, folder, program, options, **run_options):
    folder.mkdir()
    done = trace(folder, program, options, **run_options)
    assert (done.process.returncode, done.process.stderr) == (0, ""), options
    return done


def own(rows, *figures):
    """{(function, line): figures} of the program's own rows."""
    found = collections.Counter()
    for row in rows:
        if (row["file"] or "").endswith("app.py"):
            for figure in figures:
                value = row[figure] if figure in row else row["self"][figure]
                if value:
                    found[row["function"], row["line"], figure] += value
    return dict(found)


MALLOC = ("allocated_bytes", "allocated_count", "freed_bytes", "freed_count")


def check_inclusive(found, expected):
    def of_make(rows):
        [make] = [row["inclusive"] for row in rows
                  if row["function"] == "make" and (row["file"] or "").endswith("app.py")]
        return [make[figure] for figure in MALLOC]

    assert of_make(found) == of_make(expected)
    assert of_make(found)[1] >= 10 + 200 + 21 + 5 + 3 * 301


@pytest.mark.parametrize("extra", ["", "exclude=make", "native=1"])
def test_figures_are_those_of_each_mode_alone(trace, tmp_path, report, extra):
    calls = traced(trace, tmp_path / "calls", WORK, "mode=calls," + extra).path
    allocs = traced(trace, tmp_path / "allocs", WORK, "mode=allocs," + extra).path
    both = traced(trace, tmp_path / "both", WORK, MODE + "," + extra).path
    trace_events.Trace(both).assert_whole()

    def rows(view, path, *options):
        return report(view, path, "json", "--limit=all", *options)[view]

    counts = own(rows("functions", both), "calls")
    assert counts == own(rows("functions", calls), "calls")
    assert ("make" in {name for name, _, _ in counts}) != ("exclude" in extra)
    for view in ("functions", "lines"):
        assert own(rows(view, both), *MALLOC) == own(rows(view, allocs), *MALLOC), view
    if "native" in extra: # there C functions allocate, for those of the program
        check_inclusive(rows("functions", both), rows("functions", allocs))
        return
    for view, kind in (("leaks", "leaked"), ("peak", "peak"), ("churn", "temporary")):
        figures = (kind + "_bytes", kind + "_count")
        seen = own(rows(view, both), *figures)
        assert seen and seen == own(rows(view, allocs), *figures), view
    figures = own(rows("leaks", both, "--by=function"), "leaked_bytes")
    holder = "leak" if "exclude" in extra else "make"
    [leaked] = [n for (name, _, _), n in figures.items() if name == holder]
    assert 13 * 33333 <= leaked < 14 * 33333 # Python has some for its functions
    # One source for each figure: what the functions have together is what threads did.
    functions = rows("functions", both)
    threads = rows("threads", both)
    for figure in MALLOC + ("object_bytes", "object_count", "rss_net_bytes"):
        assert (sum(row["self"][figure] for row in functions)
                == sum(row["totals"][figure] for row in threads)), figure


def test_threads_have_pythons_names(trace, tmp_path, report):
    """Though each begins with a block, before its first call."""
    path = traced(trace, tmp_path / "run", WORK, MODE).path
    names = [row["name"] for row in report("threads", path)["threads"]]
    assert sorted(name for name in names if name) == ["MainThread"] + ["worker %d" % i for i in range(3)]


@pytest.mark.parametrize("rss, bound", [("exact", 1), ("trigger", 1), ("each", 1)])
def test_known_functions(trace, tmp_path, report, rss, bound):
    """Each figure has one source: RSS and objects from the calls, malloc's from the blocks."""
    mapped = tmp_path / "mapped"
    mapped.write_bytes(b"x" * (8 * MIB))
    done = traced(trace, tmp_path / "run", KNOWN.format(
        library=str(LIBRARY), objects=OBJECTS, path=str(mapped), length=8 * MIB), MODE + ",rss=" + rss)
    truth = json.loads(done.process.stdout)
    whole = trace_events.Trace(done.path)
    whole.assert_whole()
    if rss == "exact" and whole.main.rss_method != 1:
        pytest.skip("page faults are not counted here: perf_event_open is refused")
    found = by_name(whole)
    assert found["a"]["allocated_bytes"] == found["c"]["freed_bytes"] == truth["usable"]
    assert found["f"]["object_count"] - found["e"]["object_count"] == OBJECTS
    assert abs(truth["b"] - 100 * MIB // PAGE) <= 1
    for name in "abcdef":
        assert abs(found[name].get("rss_pages", 0) - truth[name]) <= bound, name

    rows = {row["function"]: row for row in report("functions", done.path, "json", "--limit=all")["functions"]
            if (row["file"] or "").endswith("app.py")}
    # Twice: once the rehearsal with 100 bytes. The free is the allocating function's.
    small = rows["a"]["self"]["allocated_bytes"] - truth["usable"]
    assert 100 <= small <= 120
    for name, allocated, freed in (("a", 2, 2), ("b", 0, 0), ("c", 0, 0)):
        assert rows[name]["calls"] == 2
        assert rows[name]["self"]["allocated_count"] == allocated
        assert rows[name]["self"]["freed_count"] == freed
    assert rows["a"]["self"]["freed_bytes"] == truth["usable"] + small
    assert rows["d"]["self"]["file_mapped_bytes"] == 8 * MIB
    sums = whole.self_deltas()
    for code, expected in sums.items():
        if code and code.file.endswith("app.py") and code.name in rows:
            mine = rows[code.name]["self"]
            assert mine["rss_net_bytes"] == expected["rss_pages"] * PAGE, code
            assert mine["object_count"] == expected["object_count"], code


def test_calls_and_blocks_are_in_order(trace, tmp_path, tool):
    program = """
import ctypes
libc = ctypes.CDLL(None)
libc.malloc.restype, libc.free.argtypes = ctypes.c_void_p, [ctypes.c_void_p]
malloc, free = libc.malloc, libc.free
def inner(p):
    free(p)
    return malloc(44444)
def outer():
    p = malloc(33333)
    return inner(p)
outer()
"""
    path = traced(trace, tmp_path / "run", program, MODE).path
    done = tool("pymemtrace-report", "log", "--format=json", path)
    assert done.returncode == 0, done.stderr
    lines = [json.loads(line) for line in done.stdout.splitlines()]
    seen, at = [], None
    for line in lines:
        name = line.get("function")
        if line.get("event") == "CALL" and name == "outer":
            at = 0
        if at is not None and name in ("inner", "outer"):
            seen.append((line["event"], name))
        if line.get("event") == "RETURN" and name == "outer":
            break
    assert seen == [
        ("CALL", "outer"), ("ALLOC", "outer"), ("CALL", "inner"), ("FREE", "inner"),
        ("ALLOC", "inner"), ("RETURN", "inner"), ("RETURN", "outer")]


PAUSES = """
import ctypes
libc = ctypes.CDLL(None)
libc.malloc.restype, libc.free.argtypes = ctypes.c_void_p, [ctypes.c_void_p]
malloc, free = libc.malloc, libc.free
def before():
    return malloc(10000)
def meanwhile():
    return malloc(20000)
def after():
    return malloc(30000)
%s
a = before()
libc.pymemtrace_pause()
for i in range(5):
    b = meanwhile()
free(a)
libc.pymemtrace_resume()
for i in range(3):
    c = after()
free(b)
"""


@pytest.mark.parametrize("start", ["running", "paused"])
def test_a_pause_leaves_out_calls_and_blocks(trace, tmp_path, report, start):
    program = PAUSES % ("libc.pymemtrace_resume()" if start == "paused" else "")
    path = traced(trace, tmp_path / "run", program, MODE + ",start=" + start).path
    rows = {row["function"]: row for row in report("functions", path, "json", "--limit=all")["functions"]}
    assert "meanwhile" not in rows
    assert (rows["before"]["calls"], rows["before"]["self"]["allocated_count"]) == (1, 1)
    assert (rows["after"]["calls"], rows["after"]["self"]["allocated_count"]) == (3, 3)
    assert rows["[paused]"]["self"]["allocated_bytes"] >= 5 * 20000
    document = report("leaks", path, "json", "--by=function")
    leaked = {row["function"]: row["self"]["leaked_count"] for row in document["leaks"]}
    # The free of `before` came while nobody looked.
    assert (leaked["before"], leaked["after"]) == (1, 3)
    assert "meanwhile" not in leaked


FORKS = """
import ctypes, os
libc = ctypes.CDLL(None)
libc.malloc.restype, libc.free.argtypes = ctypes.c_void_p, [ctypes.c_void_p]
malloc, free = libc.malloc, libc.free
def keep(n):
    for i in range(n):
        malloc(50000)
def child():
    keep(7)
keep(3)
p = malloc(50000)
pid = os.fork()
if pid == 0:
    child()
    free(p)
    os._exit(0)
assert os.waitpid(pid, 0)[1] == 0
keep(2)
print(pid)
"""


def test_both_sides_of_a_fork(trace, tmp_path, report):
    done = traced(trace, tmp_path / "run", FORKS, MODE)
    pid = int(done.process.stdout)
    child = done.path.with_name("trace.bin.%d" % pid)

    def counts(path):
        rows = {row["function"]: row for row in report("functions", path, "json", "--limit=all")["functions"]}
        leaked = {row["function"]: row["self"]["leaked_count"]
                  for row in report("leaks", path, "json", "--by=function")["leaks"]}
        return rows["keep"]["calls"], rows["keep"]["self"]["allocated_count"], leaked["keep"]

    assert counts(done.path) == (2, 5, 5)
    assert counts(child) == (1, 7, 7)
    trace_events.Trace(done.path).assert_whole()


def c_calls(path):
    """How often each C function was called, and how often one ended."""
    whole = trace_events.Trace(path)
    found = collections.Counter()
    for stream in whole.threads:
        for kind, fields, _ in stream.events:
            if kind == "c_call":
                found[whole.codes[int(fields[0])].name] += 1
            elif kind in ("c_return", "c_raise"):
                found[kind] += 1
    return found


C_CALLS = """
import threading
lines = []
def work(n):
    for i in range(n):
        lines.append(bytearray(1000 + i))
        sorted([3, 2, 1])
        "x".join(["a", "b"])
def fails():
    for i in range(7):
        try:
            int("x")
        except ValueError:
            pass
work(50)
fails()
thread = threading.Thread(target=work, args=(30,))
thread.start()
thread.join()
"""


def test_c_functions_too(trace, tmp_path, report):
    alone = c_calls(traced(trace, tmp_path / "alone", C_CALLS, "mode=calls,c_calls=1").path)
    both = traced(trace, tmp_path / "both", C_CALLS, MODE + ",c_calls=1").path
    found = c_calls(both)
    for name in ("sorted", "list.append", "str.join", "append", "join"):
        assert found[name] == alone[name]
    assert found["sorted"] >= 80
    rows = {row["function"]: row for row in report("functions", both, "json", "--limit=all")["functions"]}
    # A block is its Python function's, whatever C function asked for it.
    assert rows["work"]["self"]["allocated_count"] >= 80
    assert rows["sorted"]["calls"] == found["sorted"]


LINES = """
import ctypes, threading
libc = ctypes.CDLL(None)
libc.malloc.restype, libc.free.argtypes = ctypes.c_void_p, [ctypes.c_void_p]
malloc, free = libc.malloc, libc.free
def work(n):
    for i in range(n):
        p = malloc(5000)
        q = malloc(6000)
        free(p)
work(20)
thread = threading.Thread(target=work, args=(10,))
thread.start()
thread.join()
"""


def test_lines_too(trace, tmp_path, report):
    alone = traced(trace, tmp_path / "alone", LINES, "mode=lines").path
    both = traced(trace, tmp_path / "both", LINES, "mode=lines+allocs").path

    def rows(path):
        return {row["line"]: row for row in report("lines", path, "json", "--limit=all")["lines"]
                if (row["file"] or "").endswith("app.py") and row["function"] == "work"}

    found = rows(both)
    assert {line: row["hits"] for line, row in found.items()} == {
        line: row["hits"] for line, row in rows(alone).items()}
    first = LINES[: LINES.index("p = malloc")].count("\n") + 1
    assert [found[first + i]["hits"] for i in range(3)] == [30, 30, 30]
    assert [found[first + i]["self"]["allocated_count"] for i in range(3)] == [30, 30, 0]
    assert [found[first + i]["self"]["freed_count"] for i in range(3)] == [30, 0, 0]


@pytest.mark.interpreters(one=True)
@pytest.mark.parametrize("option", [
    "detail=tree", "detail=live", "sample=512KiB", "min_rss=1MiB", "min_alloc=1MiB", "thread=Main*",
])
def test_what_does_not_go_with_it_is_refused(trace, tmp_path, option):
    done = trace(tmp_path, "print(1)\n", MODE + "," + option)
    assert (done.process.returncode, done.process.stdout) == (0, "1\n")
    key = "mode" if option.startswith("detail") else option.split("=")[0]
    assert "PYMEMTRACE: %s does not go with " % key in done.process.stderr
    assert len(done.process.stderr.splitlines()) == 1
    assert not os.path.exists(done.path)


MANY = """
import ctypes
libc = ctypes.CDLL(None)
libc.malloc.restype, libc.free.argtypes = ctypes.c_void_p, [ctypes.c_void_p]
malloc, free = libc.malloc, libc.free
def work(i):
    free(malloc(700 + i % 4000))
for i in range(400000):
    work(i)
"""


@pytest.mark.interpreters(one=True)
def test_max_size_is_the_end(trace, tmp_path, report):
    """Calls could be summed from there on, blocks not."""
    done = traced_with_words(trace, tmp_path / "run", MANY, MODE + ",max_size=1MiB,compress=none")
    assert os.path.getsize(done.path) <= MIB
    document = report("functions", done.path, "json", "--limit=all")
    told = document["trace"]
    assert told["complete"] is False and told["lost"]["not_written"] > 0
    [work] = [row for row in document["functions"] if row["function"] == "work"]
    assert work["calls"] + told["lost"]["not_written"] // 2 >= 10000
    assert abs(work["self"]["allocated_count"] - work["calls"]) <= 1


def traced_with_words(trace, folder, program, options):
    folder.mkdir()
    done = trace(folder, program, options)
    assert done.process.returncode == 0
    return done
