"""min_rss and min_alloc: the events around a jump are those that a full trace of the same
program has there, what jumped is charged to who did it, and no byte is lost by it."""
import collections
import os
import signal

import pytest

import trace_events

PAGE = os.sysconf("SC_PAGESIZE")
MIB = 1 << 20

OPS = ("start", "return", "resume", "yield", "throw", "unwind", "line", None,
       "c_call", "c_return", "c_raise")

Point = collections.namedtuple("Point", "kind code ran skipped allocated freed")

HEAD = """
import ctypes, gc, os, random, sys, threading
libc = ctypes.CDLL(None)
libc.malloc.restype = ctypes.c_void_p
libc.malloc.argtypes = [ctypes.c_size_t]
libc.calloc.restype = ctypes.c_void_p
libc.calloc.argtypes = [ctypes.c_size_t, ctypes.c_size_t]
libc.free.argtypes = [ctypes.c_void_p]
libc.memset.argtypes = [ctypes.c_void_p, ctypes.c_int, ctypes.c_size_t]
MIB = 1 << 20
def small(): pass
"""


def points_of(whole, stream, begin=None):
    """The points of a stream, from the return of a function named `begin` on."""
    result = []
    for kind, fields, deltas in stream.events:
        if kind != "point":
            continue
        op, code, ran, _, skipped = map(int, fields[:5])
        deltas = deltas or {}
        result.append(Point(OPS[op], whole.codes.get(code), whole.codes.get(ran), skipped,
                            deltas.get("allocated_bytes", 0), deltas.get("freed_bytes", 0)))
    return after(result, begin)


def after(points, begin):
    if begin is None:
        return points
    for i, point in enumerate(points):
        if point.code and point.code.name.rpartition(".")[2] == begin \
                and point.kind == "return":
            return points[i + 1:]
    raise AssertionError("no return from %s among %d events" % (begin, len(points)))


def events_of(whole, stream, begin):
    """A full trace's events in the same words."""
    stack, result = [None], []
    for kind, fields, deltas in stream.events:
        deltas = deltas or {}
        sums = deltas.get("allocated_bytes", 0), deltas.get("freed_bytes", 0)
        if kind in trace_events.ENTERS:
            code = whole.codes[int(fields[0])]
            result.append(Point(kind, code, stack[-1], 0, *sums))
            stack.append(code)
        elif kind in trace_events.LEAVES:
            code = stack.pop()
            result.append(Point(kind, code, code, 0, *sums))
    return after(result, begin)


def choose(events, limit):
    """The rule, looking back over all events. In front of the first one was written."""
    result, last, kept = [], -1, 0

    def write(i):
        between = events[last + 1:i + 1]
        return events[i]._replace(
            skipped=len(between) - 1, allocated=sum(each.allocated for each in between),
            freed=sum(each.freed for each in between))

    for i, event in enumerate(events):
        kept += event.allocated - event.freed
        if abs(kept) < limit and event.allocated < limit and event.freed < limit:
            continue
        if last != i - 1:
            result.append(write(i - 1))
            last = i - 1
        result.append(write(i))
        last, kept = i, 0
    return result, events[last + 1:]


WALK = HEAD + """
def grow(n): held.append(libc.malloc(n))
def shrink(): libc.free(held.pop())
def pass_through(n): libc.free(libc.malloc(n))
def generate(n):
    for i in range(3):
        small()
        grow(n)
        yield i
def fail(n):
    try:
        grow(n)
        raise ValueError
    finally:
        shrink()
def recurse(depth, n):
    if depth:
        recurse(depth - 1, n)
    else:
        grow(n)
def use(n):
    for _ in generate(n):
        small()
        shrink()
def catch(n):
    try:
        fail(n)
    except ValueError:
        pass
def begin(): libc.free(libc.malloc(32 * MIB))
held = []
draw = random.Random(int(sys.argv[1]))
actions = [(draw.choice(["small", "grow", "shrink", "pass", "use", "catch", "deep"]),
            draw.choice([100, 100, 100, 100000, MIB - 200000, 3 * MIB, 5 * MIB]))
           for i in range(400)]
def main():
    begin()
    for what, n in actions:
        if what == "small":
            for i in range(7): small()
        elif what == "grow": grow(n)
        elif what == "shrink" and held: shrink()
        elif what == "pass": pass_through(n)
        elif what == "use": use(n)
        elif what == "catch": catch(n)
        elif what == "deep": recurse(n % 50, n)
gc.disable()
main()
"""


def test_jumps_are_those_of_a_full_trace(interp, trace, tmp_path, seed, same_addresses):
    app = tmp_path / "walk.py"
    app.write_text(WALK)
    env = {"PYTHONHASHSEED": "0", "PYTHONDONTWRITEBYTECODE": "1"}
    limit = 2 * MIB
    # Both texts are of one length, so that both programs copy the same environment.
    full = trace(tmp_path, [app, seed], "min_rss=0,min_alloc=0M", env=env)
    assert (full.process.returncode, full.process.stderr) == (0, "")
    whole = trace_events.Trace(full.path)
    whole.assert_whole()
    events = events_of(whole, whole.main, "begin")
    expected, rest = choose(events, limit)
    assert len(expected) > 40

    full.path.unlink()  # the import system lists the folder
    done = trace(tmp_path, [app, seed], "min_rss=0,min_alloc=2M", env=env)
    assert (done.process.returncode, done.process.stderr) == (0, "")
    sparse = trace_events.Trace(done.path)
    sparse.assert_whole()
    found = points_of(sparse, sparse.main, "begin")
    assert found[:len(expected)] == expected
    # And the last event, though nothing jumped; what runs at exit may differ in number.
    assert len(found) == len(expected) + bool(rest)
    check_sums(sparse)
    # Whole programs, their ends included: what both did adds up to the same.
    for figure in "allocated_count", "object_count":
        assert totals(sparse)[figure] == totals(whole)[figure]


def totals(whole):
    result = collections.Counter()
    for stream in whole.threads:
        for _, _, deltas in stream.events:
            result.update(deltas or {})
    return result


def check_sums(whole):
    """What all records of a stream say is what its last checkpoint says it did."""
    keys = sum(trace_events.FIELDS.values(), ())
    for stream in whole.threads:
        sums = collections.Counter()
        for kind, fields, deltas in stream.events:
            sums.update(deltas or {})
            if kind == "checkpoint":
                said = trace_events.deltas_of(fields[2:]) or {}
                assert {k: sums[k] for k in keys} == {k: said.get(k, 0) for k in keys}
        assert kind == "checkpoint"


KNOWN_FUNCTIONS = HEAD + """
N = 100 * MIB
def a(): return libc.calloc(1, N)
def b(p): libc.memset(p, 1, N)
def c(p): libc.free(p)
def between():
    for i in range(1000): small()
def main():
    between()
    p = a()
    between()
    b(p)
    between()
    c(p)
    between()
main()
"""


def known_figures(report, path):
    functions = report("functions", path, "json", "--limit=all")
    assert functions["trace"]["skipped_events"] > 8000
    mine = {each["function"]: each for each in functions["functions"]
            if (each["file"] or "").endswith("app.py")}
    assert all(each["calls"] is None for each in mine.values())
    return mine, functions


@pytest.mark.parametrize("options", ["", ",c_calls=1", ",mode=lines"])
def test_known_functions_are_named(interp, trace, tmp_path, report, options):
    done = trace(tmp_path, KNOWN_FUNCTIONS, "min_rss=4M,min_alloc=4M" + options)
    assert (done.process.returncode, done.process.stderr) == (0, "")
    mine, _ = known_figures(report, done.path)
    a, b, c = (mine[name]["self"] for name in "abc")
    assert 100 * MIB <= a["allocated_bytes"] <= 100 * MIB + 8192
    assert abs(b["rss_net_bytes"] - 100 * MIB) <= 660 * PAGE
    assert c["freed_bytes"] == a["allocated_bytes"]
    assert abs(c["rss_net_bytes"] + 100 * MIB) <= 660 * PAGE
    assert (b["allocated_bytes"], c["allocated_bytes"]) == (0, 0)
    if "lines" in options:
        lines = report("lines", done.path, "json", "--limit=all")["lines"]
        assert all(each["hits"] is None for each in lines)
        source = KNOWN_FUNCTIONS.splitlines()
        for name, key in (("a", "allocated_bytes"), ("c", "freed_bytes")):
            line, = [each for each in lines if each["function"] == name]
            assert source[line["line"] - 1].startswith("def %s(" % name)
            assert line["self"][key] == a["allocated_bytes"]


@pytest.mark.interpreters(one=True)
def test_every_view_says_that_events_are_missing(trace, tmp_path, report):
    path = trace(tmp_path, KNOWN_FUNCTIONS, "min_rss=4M,min_alloc=4M").path
    for view in ("summary", "functions", "tree", "timeline", "lines", "threads", "info"):
        assert "Only events around a jump" in report(view, path, "text"), view
    assert "events skipped before" in report("log", path, "text")


@pytest.mark.interpreters(one=True)
def test_original_log_has_the_true_neighbours(trace, tmp_path, tool):
    done = trace(tmp_path, KNOWN_FUNCTIONS, "min_rss=4M,min_alloc=4M")
    folder = tmp_path / "log"
    said = tool("pymemtrace-report", "log", "--format=original-log", "--output=%s" % folder,
                done.path)
    assert said.returncode == 0, said.stderr
    lines = [line.split() for line in next(folder.iterdir()).read_text().splitlines()]
    assert [line[0] for line in lines[:3]] == ["SOF", "HDR:", "FRST:"]
    assert [line[0] for line in lines[-2:]] == ["LAST:", "EOF"]
    events = [line for line in lines if line[0] in ("PREV:", "NEXT:") and "app.py" in line[5]]
    assert [(line[0], line[4], line[7]) for line in events] == [
        (word, what, name) for name in "abc"
        for word, what in (("PREV:", "CALL"), ("NEXT:", "RETURN"))]
    numbers = [int(line[1]) for line in lines if line[0][-1] == ":" and line[0] != "HDR:"]
    assert numbers == sorted(numbers)
    for before, behind in zip(events[0::2], events[1::2]):
        assert int(behind[1]) == int(before[1]) + 1

KILLED = HEAD + """
def jump(): libc.malloc(8 * MIB)
def under(): libc.malloc(MIB)
for i in range(1000): small()
jump()
for i in range(1000): small()
under()
os.kill(os.getpid(), %d)
"""


def test_a_kill_loses_what_had_not_reached_the_limit(interp, trace, tmp_path, tool):
    done = trace(tmp_path, KILLED % signal.SIGKILL, "min_alloc=4M")
    assert done.process.returncode == -signal.SIGKILL
    tool("pymemtrace-report", "recover", done.path)
    whole = trace_events.Trace(done.path)
    jumps = [each for each in points_of(whole, whole.main)
             if each.code and each.code.name == "jump"]
    assert [each.kind for each in jumps] == ["start", "return"]
    assert jumps[1].ran == jumps[1].code and jumps[1].skipped == 0
    assert jumps[1].allocated >= 8 * MIB
    # What under() took is less than the limit.
    assert not [each for each in points_of(whole, whole.main)
                if each.code and each.code.name == "under"]


THREADS = HEAD + """
def jump(n):
    for i in range(500): small()
    take(n)
    for i in range(500): small()
def take(n): libc.malloc(n)
def stay():
    libc.malloc(MIB)
    stays.set()
    threading.Event().wait()
stays = threading.Event()
threads = [threading.Thread(target=jump, args=((4 + i) * MIB,), name="t%d" % i)
           for i in range(6)]
for each in threads: each.start()
for each in threads: each.join()
threading.Thread(target=stay, daemon=True).start()
stays.wait()
child = os.fork()
if child == 0:
    take(20 * MIB)
    sys.exit(0)
os.waitpid(child, 0)
print(child)
"""


def test_threads_and_a_fork(interp, trace, tmp_path, report):
    done = trace(tmp_path, THREADS, "min_alloc=3M,min_rss=3M", env={"PYTHONWARNINGS": "ignore"})
    assert (done.process.returncode, done.process.stderr) == (0, "")
    whole = trace_events.Trace(done.path)
    whole.assert_whole()
    takes = [each for stream in whole.threads for each in points_of(whole, stream)
             if each.code and each.code.name == "take" and each.kind == "return"]
    assert sorted(each.allocated // MIB for each in takes) == [4, 5, 6, 7, 8, 9]
    for stream in whole.threads:
        if stream.tid not in whole.thread_sums:
            check_sums(stream_only(whole, stream))
    # The thread that never came to its end has said nothing of its MIB itself.
    rest, = [each for tid, each in whole.thread_sums.items()
             if tid in [stream.tid for stream in whole.threads]]
    assert MIB <= rest["allocated_bytes"] < 3 * MIB

    # The report's total is what the records say, the rest included.
    total = collections.Counter()
    for stream in whole.streams.values():
        for kind, fields, deltas in stream.events:
            total.update(deltas or {})
    for each in whole.thread_sums.values():
        total.update(each)
    said = report("functions", done.path, "json", "--limit=all")["functions"]
    for key in ("allocated_bytes", "allocated_count", "freed_bytes", "object_count"):
        assert sum(each["self"][key] for each in said) == total[key], key

    child = trace_events.Trace(tmp_path / ("trace.bin.%s" % done.process.stdout.strip()))
    child.assert_whole()
    check_sums(child)
    take, = [each for each in points_of(child, child.main)
             if each.code and each.code.name == "take" and each.kind == "return"]
    assert take.allocated >= 20 * MIB and take.skipped == 0


def stream_only(whole, stream):
    result = collections.namedtuple("One", "threads")
    return result([stream])


PAUSED = HEAD + """
tracer = ctypes.CDLL(None)
def jump(): libc.malloc(8 * MIB)
def call_paused():
    tracer.pymemtrace_pause()
    jump()
    tracer.pymemtrace_resume()
    again()
def again(): jump()
call_paused()
tracer.pymemtrace_mark(b"here")
jump()
"""


def test_pauses_and_marks(interp, trace, tmp_path, report):
    done = trace(tmp_path, PAUSED, "min_alloc=4M")
    assert (done.process.returncode, done.process.stderr) == (0, "")
    whole = trace_events.Trace(done.path)
    whole.assert_whole()
    check_sums(whole)
    said = {each["function"]: each["self"] for each in
            report("functions", done.path, "json", "--limit=all")["functions"]}
    assert 8 * MIB <= said["[paused]"]["allocated_bytes"] < 9 * MIB
    assert 16 * MIB <= said["jump"]["allocated_bytes"] < 17 * MIB
    assert [each["text"] for each in report("timeline", done.path)["marks"]] == ["here"]


@pytest.mark.interpreters(one=True)
def test_not_with_a_tree(interp, tool, tmp_path):
    env = {"PYMEMTRACE": "detail=tree,min_rss=1M,out=%s" % (tmp_path / "t")}
    done = interp.run(["-c", "print(1)"], env=env)
    assert (done.returncode, done.stdout) == (0, "1\n")
    assert done.stderr.count("\n") == 1
    assert "min_rss does not go with detail=tree" in done.stderr
    done = tool("pymemtrace-run", "--detail=tree", "--min-alloc=1M", "true")
    assert done.returncode == 125
    assert "min_alloc does not go with detail=tree" in done.stderr
