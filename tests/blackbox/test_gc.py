"""gc=1: collections as events, against gc.callbacks and gc.get_stats() of the program itself."""
import json

import pytest

import test_attach
import trace_events
from test_attach import build, hosts, library # noqa: F401 (fixtures)

START, STOP, GONE, BACK = range(4)

# A plan of known collections, and what the program's own callbacks saw of them: one that is
# called before the tracer's and one behind it, with the time.
PROGRAM = """
import gc, json, os, sys, threading, time
gc.disable()
class Node: pass
def cycles(count):
    for _ in range(count):
        a, b = Node(), Node()
        a.__dict__, b.__dict__
        a.other, b.other = b, a
seen, before = [], []
def note(to):
    def callback(phase, info):
        to.append([threading.get_native_id(), phase, info["generation"], info["collected"],
                   info["uncollectable"], time.monotonic_ns()])
    return callback
ours = len(gc.callbacks)
gc.collect(); gc.collect()
gc.callbacks.insert(0, note(before))
gc.callbacks.append(note(seen))
stats = [gc.get_stats()]
def plan():
    for generation, count in (0, 0), (0, 10), (1, 20), (0, 5), (2, 300), (2, 0), (1, 1):
        cycles(count)
        gc.collect(generation)
%s
stats.append(gc.get_stats())
gc.callbacks.pop(), gc.callbacks.pop(0)
print(json.dumps([ours, seen, before, stats]))
"""

MODES = ["calls", "lines", "calls,c_calls=1", "calls,min_rss=1M", "allocs", "objects",
         "allocs,sample=64K", "refs"]


def events_of(path):
    """[(tid, phase, generation, interpreter, collected, uncollectable, ticks, tick)]"""
    found = []
    for stream in trace_events.Trace(path).streams.values():
        for kind, fields, _ in stream.events:
            if kind == "gc":
                numbers = [int(field) for field in fields] + [0, 0, 0]
                found.append((stream.tid, *numbers[:6]))
    return found


def check_against_own(path, printed):
    """The events of the trace are those that the program saw, thread by thread."""
    ours, seen, _, stats = json.loads(printed)
    assert ours == 1
    events = events_of(path)
    assert seen
    for tid in {row[0] for row in seen}:
        own = [(START if row[1] == "start" else STOP, *row[2:5]) for row in seen if row[0] == tid]
        told = [(row[1], row[2], row[4], row[5]) for row in events if row[0] == tid]
        assert told[-len(own):] == own
        assert [row[0] for row in told] == [START, STOP] * (len(told) // 2)
    stops = [row for row in seen if row[1] == "stop"]
    for generation in range(3):
        before, after = stats[0][generation], stats[1][generation]
        of_it = [row for row in stops if row[2] == generation]
        assert after["collections"] - before["collections"] == len(of_it)
        assert after["collected"] - before["collected"] == sum(row[3] for row in of_it)
    return events, seen


@pytest.mark.parametrize("mode", MODES)
def test_events_are_the_programs_own(trace, interp, tmp_path, mode):
    if mode == "refs" and interp.version < (3, 13):
        pytest.skip("mode=refs is of 3.13 and newer")
    traced = trace(tmp_path, PROGRAM % "plan()", "mode=%s,gc=1" % mode)
    assert (traced.process.returncode, traced.process.stderr) == (0, "")
    _, seen = check_against_own(traced.path, traced.process.stdout)
    collected = [row[3] for row in seen if row[1] == "stop"]
    assert len(collected) == 7 and collected[0] == 0 and collected[4] >= 600


def test_times_lie_between_those_of_neighbours(trace, tool, tmp_path):
    traced = trace(tmp_path, PROGRAM % "plan(); cycles(200000); gc.collect()", "gc=1")
    _, seen, before, _ = json.loads(traced.process.stdout)
    lines = tool("pymemtrace-report", "log", "--format=json", traced.path).stdout.splitlines()
    told = [event for event in map(json.loads, lines) if event["event"].startswith("GC_")]
    told = told[-len(seen):]
    for i in range(0, len(seen), 2):
        # The tracer's callback stands between the two that note the time.
        least = before[i + 1][5] - seen[i][5]
        most = seen[i + 1][5] - before[i][5]
        took = told[i + 1]["duration_ns"]
        assert least * 0.98 - 1000 <= took <= most * 1.02 + 1000, i
        assert abs(told[i + 1]["time_ns"] - told[i]["time_ns"] - took) <= took * 0.02 + 1000
    assert told[-1]["collected"] >= 400000 and told[-1]["generation"] == 2


def test_threads_have_their_own(trace, tmp_path):
    traced = trace(tmp_path, PROGRAM % """
def work():
    for i in range(5): cycles(i); gc.collect(i % 3)
threads = [threading.Thread(target=work) for _ in range(4)]
for thread in threads:
    thread.start()
    thread.join()
""", "gc=1")
    assert traced.process.returncode == 0, traced.process.stderr
    _, seen = check_against_own(traced.path, traced.process.stdout)
    assert len({row[0] for row in seen}) == 4


def test_what_collects_by_itself(trace, report, tmp_path):
    traced = trace(tmp_path, PROGRAM % "gc.enable(); cycles(20000); gc.disable()", "gc=1")
    events, seen = check_against_own(traced.path, traced.process.stdout)
    assert len(seen) > 10
    stops = [row for row in events if row[1] == STOP]
    found = report("summary", traced.path)["summary"]["collections"]
    assert found["count"] == len(stops)
    assert found["collected"] == sum(row[4] for row in stops)
    assert found["uncollectable"] == 0 and found["unseen_since_ns"] is None
    assert [each["count"] for each in found["generations"]] == [
        sum(row[2] == generation for row in stops) for generation in range(3)]
    assert 0 < found["longest_ns"] <= found["duration_ns"] and 0 < found["share"] < 1
    assert "Collector  %d runs (" % len(stops) in report("summary", traced.path, "text")


@pytest.mark.parametrize("mode", ["calls", "allocs"])
def test_a_forked_child_has_its_own(trace, tmp_path, mode):
    traced = trace(tmp_path, PROGRAM % """
plan()
pid = os.fork()
if not pid:
    for i in range(30): gc.collect(i % 2)
    os._exit(0)
os.waitpid(pid, 0)
""", "mode=%s,gc=1" % mode)
    check_against_own(traced.path, traced.process.stdout)
    child, = tmp_path.glob("trace.bin.*")
    assert [row[1:3] for row in events_of(child)] == [
        (phase, i % 2) for i in range(30) for phase in (START, STOP)]


def after_the_start(path):
    """Without the young collections of the interpreter's own start, which has no old ones."""
    return [row for row in events_of(path) if row[1] >= GONE or row[2] == 2]


TAKEN_OUT = """
import gc
gc.disable()
gc.collect()
kept = gc.callbacks[:]
gc.callbacks.clear()
gc.collect()
%s
"""


@pytest.mark.parametrize("end", ["", "open(__file__).close()"])
def test_taken_out_is_said(trace, report, tmp_path, end):
    traced = trace(tmp_path, TAKEN_OUT % end, "gc=1")
    assert (traced.process.returncode, traced.process.stderr) == (0, "")
    assert [row[1] for row in after_the_start(traced.path)] == [START, STOP, GONE]
    assert report("summary", traced.path)["summary"]["collections"]["unseen_since_ns"] > 0
    assert "! Collections are not seen from" in report("summary", traced.path, "text")


def test_put_in_again(trace, report, tmp_path):
    again = "open(__file__).close(); gc.callbacks[:] = kept; open(__file__).close(); gc.collect()"
    traced = trace(tmp_path, TAKEN_OUT % again, "gc=1")
    assert [row[1] for row in after_the_start(traced.path)] == [START, STOP, GONE, BACK, START, STOP]
    assert "not seen" not in report("summary", traced.path, "text")


@pytest.mark.parametrize("kind", ["legacy", "isolated"])
def test_subinterpreters(trace, interp, tmp_path, kind):
    code = "import gc\ngc.disable()\nfor i in range(4): gc.collect()\n"
    program = "code = %r\nimport gc\ngc.disable()\ngc.collect()\ndef work(): pass\n" % code
    program += test_attach.subinterpreters(interp, kind) + "gc.collect()\n"
    traced = trace(tmp_path, ["-W", "ignore", "-c", program], "gc=1")
    assert traced.process.returncode == 0, traced.process.stderr
    rows = after_the_start(traced.path)
    if interp.version[:2] == (3, 9): # its subinterpreters call nobody, whoever is in the list
        assert [row[1] for row in rows] == [START, STOP] * 2
        return
    numbers = [row[3] for row in rows]
    assert [row[1] for row in rows] == [START, STOP] * (1 + 3 * 4 + 1)
    assert numbers[:2] == numbers[-2:] == [0, 0]
    assert len(set(numbers)) == 4 and all(numbers.count(n) == 8 for n in set(numbers) - {0})


@pytest.mark.parametrize("way, rounds", [("again", 3), ("second", 4)])
def test_embedded(both, interp, hosts, library, way, rounds): # noqa: F811
    if interp.version[:2] == (3, 9) and way == "second":
        rounds = 2 # see test_subinterpreters
    program, argument = hosts["opened"]
    code = ("import gc\ngc.disable()\nimport sys\nx = 'gc' in sys.modules\n"
            "for i in range(5): gc.collect()\nprint(x, len(gc.get_stats()))\n")
    env = {"PYTHONHOME": library[2], "PYTHONDONTWRITEBYTECODE": "1"}
    plain, traced = both([], "gc=1", argv=[program, argument, way, code], env=env)
    assert (traced.returncode, traced.stdout, traced.stderr) == (
        plain.returncode, plain.stdout, plain.stderr)
    rows = after_the_start(traced.path)
    assert [row[1] for row in rows] == [START, STOP] * 5 * rounds


KILLED = """
import gc, mmap, struct, sys
gc.disable()
gc.freeze()
with open(sys.argv[1], "r+b") as f:
    shared = mmap.mmap(f.fileno(), 0)
i = 0
while True:
    gc.collect()
    i += 1
    shared[:8] = struct.pack("Q", i)
"""


@pytest.mark.parametrize("mode", ["calls", "allocs"])
@pytest.mark.parametrize("least", [1, 3000])
def test_a_kill_keeps_all(kill_at, tool, mode, least):
    count, path = kill_at(KILLED, "mode=%s,gc=1" % mode, least)
    assert tool("pymemtrace-report", "recover", path).returncode in (0, 4)
    stops = [row for row in events_of(path) if row[1:3] == (STOP, 2)]
    assert len(stops) in (count, count + 1)


def test_same_as_plain(both):
    """But for the entry in gc.callbacks."""
    plain, traced = both(["-W", "error", "-c", (
        "import sys\n"
        "print('gc' in sys.modules)\n"
        "import gc, os\n"
        "class A: pass\n"
        "def work():\n"
        "    for i in range(30000):\n"
        "        a = A(); a.a = a\n"
        "    gc.collect()\n"
        "gc.collect()\n"
        "before = gc.get_stats()\n"
        "work()\n"
        "print(sum(b['collected'] - a['collected'] for a, b in zip(before, gc.get_stats())))\n"
        "print(gc.garbage, gc.get_debug(), gc.isenabled(), gc.get_threshold())\n"
        "pid = os.fork()\n"
        "if not pid: work(); os._exit(3)\n"
        "print(os.waitpid(pid, 0)[1])\n"
        "sys.exit(5)")], "gc=1")
    assert (traced.stdout, traced.stderr, traced.returncode) == (
        plain.stdout, plain.stderr, plain.returncode)
    assert traced.said == []


def test_the_program_may_call_it(trace, tmp_path):
    traced = trace(tmp_path, """
import gc
gc.disable()
f, = gc.callbacks
for args in [(), (1,), ("start", {}), ("stop", None), (None, {}), ("start", {"generation": "x"}),
             ("stop", {"generation": 10**30, "collected": 1, "uncollectable": 0}), (b"start", {1: 2})]:
    assert f(*args) is None
""", "gc=1")
    assert (traced.process.returncode, traced.process.stderr) == (0, "")
    assert after_the_start(traced.path) == []


def test_off_it_is_not_there(trace, report, interp, tmp_path):
    traced = trace(tmp_path, "import gc\nprint(gc.callbacks)\n")
    assert traced.process.stdout == "[]\n"
    assert events_of(traced.path) == []
    if interp.version < (3, 13):
        assert report("summary", traced.path)["summary"]["collections"] is None


# --- what the interpreter itself counts, without gc=1 --------------------------------------------

COUNTED = """
import gc, json, os, sys
class Node: pass
def work(count):
    for i in range(count):
        a = Node()
        a.self = a
work(30000)
gc.disable()
for i in range(7): gc.collect(i % 3)
pid = os.fork()
if not pid:
    kept = bytearray(100000)
    def inner(): gc.collect(1)
    for i in range(30): inner()
    os._exit(0)
os.waitpid(pid, 0)
print(gc.callbacks, json.dumps(gc.get_stats()), flush=True)
os._exit(0)
"""


@pytest.mark.interpreters(min=(3, 13))
@pytest.mark.parametrize("mode", ["calls", "calls,detail=tree", "allocs", "refs", "refs,interval=0"])
def test_the_interpreters_own_counts(trace, report, interp, tmp_path, mode):
    traced = trace(tmp_path, COUNTED, "mode=" + mode)
    assert traced.process.returncode == 0, traced.process.stderr
    assert traced.process.stdout.startswith("[] ")
    stats = json.loads(traced.process.stdout[3:])
    found = report("summary", traced.path)["summary"]["collections"]
    assert found["events"] is False and found["longest_ns"] is None
    assert [{key: told[key] for key in ("collected", "uncollectable")} | {"collections": told["count"]}
            for told in found["generations"]] == [
        {key: row[key] for key in ("collected", "uncollectable", "collections")} for row in stats]
    assert found["count"] == found["counted"] == sum(row["collections"] for row in stats) > 7
    if interp.version >= (3, 15):
        assert found["duration_ns"] == pytest.approx(sum(row["duration"] for row in stats) * 1e9)
    else:
        assert found["duration_ns"] is None
    child, = tmp_path.glob("trace.bin.*")
    counts = [each["count"] for each in report("summary", child)["summary"]["collections"]["generations"]]
    assert counts == [0, 30, 0]


@pytest.mark.interpreters(min=(3, 13))
def test_refs_say_what_the_collector_found(trace, report, tmp_path):
    traced = trace(tmp_path, COUNTED, "mode=refs")
    stats = json.loads(traced.process.stdout[3:])
    said = "Found by the cyclic garbage collector: %d in %d runs" % (
        sum(row["collected"] for row in stats), sum(row["collections"] for row in stats))
    assert said in report("types", traced.path, "text")
    lines = [line for line in report("log", traced.path, "csv").splitlines() if ",GC," in line]
    assert "generation 0: %d collections by now" % stats[0]["collections"] in "".join(lines)


@pytest.mark.interpreters(min=(3, 13))
def test_counts_and_events_agree(trace, report, tmp_path):
    """But for the collections before the tracer came, which have no events."""
    traced = trace(tmp_path, PROGRAM % (
        "gc.enable(); cycles(20000); gc.disable()\n"
        "print(json.dumps([stats[0], gc.get_stats(), len(seen)]), flush=True)\nos._exit(0)"), "gc=1")
    first, last, seen = json.loads(traced.process.stdout)
    found = report("summary", traced.path)["summary"]["collections"]
    assert found["events"] is True
    assert found["counted"] == sum(row["collections"] for row in last)
    stops = [row for row in events_of(traced.path) if row[1] == STOP]
    assert found["count"] == len(stops) <= found["counted"]
    assert found["counted"] - sum(row["collections"] for row in first) == seen // 2 > 10


LEFT = """
try:
    import _interpreters as inner
except ImportError:
    import _xxsubinterpreters as inner
import gc, os, sys
gc.disable()
code = "import gc\\ngc.disable()\\nfor i in range(6): gc.collect(1)"
def work(): pass
for i in range(2):
    inner.run_string(inner.create(), code)
if sys.version_info < (3, 14): # whose child dies beside subinterpreters, also when it runs plain
    sys.exit(4)
pid = os.fork() # whose child has the main interpreter alone
if not pid:
    work()
    sys.exit(3)
print(os.waitpid(pid, 0)[1])
"""


@pytest.mark.interpreters(min=(3, 13))
@pytest.mark.parametrize("options", ["interval=10ms", "gc=1", "mode=refs", "mode=allocs,interval=10ms"])
def test_interpreters_left_to_the_end(both, report, options):
    plain, traced = both(["-W", "ignore", "-c", LEFT], options)
    assert (traced.returncode, traced.stdout, traced.stderr) == (
        plain.returncode, plain.stdout, plain.stderr)
    found = report("summary", traced.path)["summary"]["collections"]
    assert found["generations"][1]["count"] >= 12
