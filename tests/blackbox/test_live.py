"""detail=live: what is live, summed in the process. The truth is the program's own account, and
the same program with every block in a stream; a kill loses nothing."""
import collections
import json
import os
import random
import signal
import time

import pytest

import interpreters
from test_faults import KILL_PROCESS, SHUT
from test_kill import BLOCK_BYTES, Run, kill_when_it_has_counted, new_folder

KILLS = 20 if interpreters.LONG else 2
LIVE = "mode=allocs,detail=live"


def rows(report, view, path, *options):
    return report(view, path, "json", "--limit=all", *options)[view]


def by_line(found, kind):
    """{line: (bytes, blocks)} of app.py, blocks where nothing was mapped."""
    result = collections.defaultdict(lambda: [0, 0])
    for row in found:
        if row["file"] and row["file"].endswith("/app.py"):
            place = result[row["line"]]
            place[0] += row["self"][kind + "_bytes"] - row["self"]["mapped_bytes"]
            place[1] += row["self"][kind + "_count"] if not row["self"]["mapped_bytes"] else 0
    return {key: tuple(value) for key, value in result.items()}


def functions(report, path):
    """{name: (allocated bytes, count, freed bytes, count)} of app.py, by itself."""
    return {row["function"]: tuple(row["self"][key] for key in (
        "allocated_bytes", "allocated_count", "freed_bytes", "freed_count"))
        for row in rows(report, "functions", path)
        if row["file"] and row["file"].endswith("/app.py")}


def lost(report, path):
    return {cause: count for cause, count in report("info", path)["trace"]["lost"].items() if count}


LIBC = """
import ctypes, threading, os, json, sys
libc = ctypes.CDLL(None)
malloc, free, resize = libc.malloc, libc.free, libc.realloc
malloc.restype = resize.restype = ctypes.c_void_p
malloc.argtypes = [ctypes.c_size_t]
resize.argtypes = [ctypes.c_void_p, ctypes.c_size_t]
free.argtypes, free.restype = [ctypes.c_void_p], None
usable = libc.malloc_usable_size
usable.argtypes, usable.restype = [ctypes.c_void_p], ctypes.c_size_t
"""

# Python's own allocations on the program's lines are the same in each run: nothing there
# depends on time. Where pymalloc's arenas come depends on addresses: they are left out. And
# glibc now and then gives 16 bytes more, the rest of a larger block.
# What is kept of the room leaves Python space for its own: no arena of it comes in between.
ACCOUNT = LIBC + """
room = [bytes(400) for i in range(3000)][::100]
def kept(n):
    return [malloc(1000 + i % 7 * 100) for i in range(n)]
def brief(n):
    for i in range(n):
        free(malloc(5000))
def high():
    held = [malloc(300000) for i in range(64)]
    for p in held:
        free(p)
def grown():
    p = malloc(100)
    for i in range(1, 50):
        p = resize(p, i * 1000)
    return p
def spread(n):
    held = [malloc(64) for i in range(n)]
    for p in held[1::3]:
        free(p)
    return held
keep = kept(500), brief(2000), high(), grown(), spread(3000)
"""


def test_same_as_the_stream(trace, tmp_path, report, tool, same_addresses):
    told = {}
    for detail in "stream", "live":
        folder = tmp_path / detail
        folder.mkdir()
        done = trace(folder, ACCOUNT, "mode=allocs,detail=" + detail,
                     env={"PYTHONHASHSEED": "0"})
        assert (done.process.returncode, done.process.stderr) == (0, "")
        assert not lost(report, done.path)
        told[detail] = [
            by_line(rows(report, "leaks", done.path), "leaked"),
            by_line(rows(report, "leaks", done.path, "--to=exit"), "leaked"),
            by_line(rows(report, "peak", done.path), "peak"),
            functions(report, done.path),
        ]
        blocks = report("leaks", done.path)["blocks"]
        assert blocks["measured"]
        found = rows(report, "leaks", done.path)
        assert blocks["live_bytes"] == sum(row["self"]["leaked_bytes"] for row in found)
        assert blocks["live_count"] == sum(row["self"]["leaked_count"] for row in found)
        assert blocks["peak_count"] == sum(
            row["self"]["peak_count"] for row in rows(report, "peak", done.path))
        text = report("leaks", done.path, "text", "--bytes")
        assert text.startswith("{:,} in {:,} blocks".format(
            blocks["live_bytes"], blocks["live_count"])), text
    for live, stream in zip(told["live"], told["stream"]):
        assert set(live) == set(stream)
        for place, figures in live.items():
            for bytes_, count, others_bytes, others_count in zip(
                    figures[::2], figures[1::2], stream[place][::2], stream[place][1::2]):
                assert count == others_count, place
                assert abs(bytes_ - others_bytes) <= 16 * max(count, 10), place
    for view, options in ("at", ["--by=line", "50%"]), ("sizes", []), ("fragmentation", []):
        said = tool("pymemtrace-report", view, *options, done.path)
        assert said.returncode == 2 and "not block by block" in said.stderr, said
    at_end, _, at_peak, allocated = told["live"]
    assert sum(bytes_ for bytes_, _ in at_end.values()) >= 500 * 1000 + 49000 + 2000 * 64
    assert sum(bytes_ for bytes_, _ in at_peak.values()) >= 64 * 300000
    assert allocated["brief"][1] >= 2000


def test_temporary_blocks(trace, tmp_path, report, tool):
    done = trace(tmp_path, ACCOUNT, LIVE)
    churn = collections.Counter()
    for row in rows(report, "churn", done.path, "--by=function"):
        churn[row["function"]] += row["self"]["temporary_count"]
    assert churn["brief"] == 2000
    for what in ("churn --within=5", "leaks --from=here", "leaks --to=there", "leaks --by=size",
                 "peak --of=rss", "sizes", "fragmentation"):
        refused = tool("pymemtrace-report", *what.split(), done.path)
        assert refused.returncode == 2, what
        assert "without detail=live" in refused.stderr


THREADS = LIBC + """
import queue
N, COUNT = 4, 5000
queues = [queue.SimpleQueue() for i in range(N)]
def taken(i):
    while True:
        p = queues[i].get()
        if p is None:
            return
        free(p)
def given(i):
    for n in range(COUNT):
        queues[i].put(malloc(777))
    queues[i].put(None)
def left(i):
    for n in range(100):
        malloc(888)
def work(i):
    given((i + 1) % N)
    taken(i)
    left(i)
threads = [threading.Thread(target=work, args=(i,)) for i in range(N)]
for each in threads:
    each.start()
for each in threads:
    each.join()
print(usable(malloc(777)), usable(malloc(888)))
"""


def test_threads_free_each_others_blocks(trace, tmp_path, report):
    done = trace(tmp_path, THREADS, LIVE)
    assert (done.process.returncode, done.process.stderr) == (0, "")
    size, left_size = map(int, done.process.stdout.split())
    assert not lost(report, done.path)
    found = {row["function"]: row["self"]
             for row in rows(report, "leaks", done.path, "--by=function")}
    # The queue's own nodes are Python's, on the same line.
    allocated = functions(report, done.path)
    assert allocated["given"][1] >= 4 * 5000 and allocated["given"][0] >= 4 * 5000 * size
    # None of their 20,000 stays, but perhaps one of Python's arenas.
    assert found.get("given", {"leaked_count": 0})["leaked_count"] < 10
    assert found["left"]["leaked_count"] == 400
    assert 0 <= found["left"]["leaked_bytes"] - 400 * left_size <= 400 * 16


FORK = LIBC + """
def before(held):
    while len(held) < 100:
        held.append(malloc(10000))
    return held
def child_keeps(held):
    while len(held) < 30:
        held.append(malloc(20000))
    return held
held = before([])
pid = os.fork()
if pid == 0:
    for p in held[:60]:
        free(p)
    kept = child_keeps([])
    json.dump([usable(held[60]), usable(kept[0])], open(sys.argv[1], "w"))
    os._exit(0)
assert os.waitpid(pid, 0)[1] == 0
print(pid)
"""


def test_fork(interp, tmp_path, report, tool):
    script, path = tmp_path / "app.py", tmp_path / "trace.bin"
    script.write_text(FORK)
    done = interp.run([script, tmp_path / "sizes"], env={"PYMEMTRACE": "out=%s,%s" % (path, LIVE)})
    assert (done.returncode, done.stderr) == (0, "")
    before, kept = json.loads((tmp_path / "sizes").read_text())
    child = path.with_name("trace.bin." + done.stdout.strip())

    def leaks(of):
        return {row["function"]: (row["self"]["leaked_bytes"], row["self"]["leaked_count"])
                for row in rows(report, "leaks", of, "--by=function")}

    parents, childs = leaks(path), leaks(child)
    assert parents["before"][1] >= 100 and "child_keeps" not in parents
    assert childs["child_keeps"][1] >= 30 and childs["child_keeps"][0] >= 30 * kept
    assert "before" not in childs
    dump = tool("pymemtrace-report", "dump", "--format=json", child).stdout
    states = [json.loads(line) for line in dump.splitlines() if '"LIVE_STATE"' in line]
    last = states[-1]
    assert last["inherited_count"] > 100
    assert last["inherited_freed_count"] >= 60
    assert last["inherited_freed_bytes"] >= 60 * before
    for each in path, child:
        assert not lost(report, each)


@pytest.mark.parametrize("processes,threads", [(1, 1), (1, 4), (2, 2)])
def test_killed_at_a_random_moment(interp, tmp_path, facts, report, seed, processes, threads):
    """What each thread has completed is in the sums, and at most one call more."""
    chance = random.Random("%s %s %s %s" % (seed, interp.name, processes, threads))
    usable = (BLOCK_BYTES + 8 + 15) // 16 * 16 - 8 # of glibc
    for kill in range(KILLS):
        run = Run(interp, new_folder(tmp_path, kill), processes, threads, options=LIVE,
                  size=[BLOCK_BYTES])
        kill_when_it_has_counted(run, chance.randrange(1, 20000), signal.SIGKILL)
        words = run.words()
        for process in range(processes):
            path = run.path(process)
            told = facts(path)
            assert told["ring"]["state"] == "salvaged"
            assert told["missing_bytes"] == 0, told["problems"]
            found = {row["function"]: row["self"] for row in rows(report, "functions", path)}
            live = {row["function"]: row["self"]["leaked_count"]
                    for row in rows(report, "leaks", path, "--by=function")}
            assert report("leaks", path)["trace"]["complete"] is False
            os.unlink(told["ring"]["path"])
            for thread in range(threads):
                name = "work_%d_%d" % (process, thread)
                counted = words[process * threads + thread]
                row = found[name]
                # ctypes may allocate on that line too, and frees that.
                times = row["allocated_bytes"] // usable
                assert counted <= times <= counted + 1, name
                assert counted <= row["freed_bytes"] // usable <= times, name
                assert live.get(name, 0) <= 2


ASKED = LIBC + """
def kept(n):
    for i in range(n):
        held.append(malloc(3000))
def step(n):
    kept(n)
    print(usable(held[0]) * len(held), flush=True)
    sys.stdin.readline()
held = []
step(100)
step(50)
kept(25)
dump = libc.pymemtrace_dump
dump.argtypes = []
print(dump(), usable(held[0]) * len(held), flush=True)
sys.stdin.readline()
os.kill(os.getpid(), 9)
"""


def asked_states(tool, path):
    """What each state that was asked for, and is in the file, says of kept: its live bytes."""
    dump = tool("pymemtrace-report", "dump", "--format=json", path)
    found, live, is_asked = [], {}, False
    for line in dump.stdout.splitlines():
        record = json.loads(line)
        if record.get("record") == "LIVE_STATE":
            is_asked = record["reason"] == 3
            if is_asked:
                found.append(dict(live))
        elif record.get("record") == "LIVE_PLACE" and record["kind"] == 0:
            bytes_, count = record["live_bytes"], record["live_count"]
            is_kept = count and 3000 <= bytes_ // count <= 3016
            live[record["stream"], record["stack_id"]] = bytes_ if is_kept else 0
            if is_asked:
                found[-1] = dict(live)
    return [sum(state.values()) for state in found]


def test_dump_when_it_is_asked_for(interp, tmp_path, tool, report):
    """By a signal and by a call, while the program runs; all is there before a kill."""
    script, path = tmp_path / "app.py", tmp_path / "trace.bin"
    script.write_text(ASKED)
    options = "out=%s,%s,dump_signal=USR1,ring=private" % (path, LIVE)
    process = interp.popen([script], env={"PYMEMTRACE": options}, cwd=tmp_path, stdin=-1, stdout=-1)
    live = []
    try:
        for step in range(2):
            live.append(int(process.stdout.readline()))
            process.send_signal(signal.SIGUSR1)
            deadline = time.monotonic() + 60
            while len(asked_states(tool, path)) <= step:
                assert time.monotonic() < deadline and process.poll() is None
            process.stdin.write(b"\n")
            process.stdin.flush()
        written, now = map(int, process.stdout.readline().split())
        live.append(now)
        assert written == 1
        assert len(asked_states(tool, path)) == 3
        process.stdin.write(b"\n")
        process.stdin.flush()
        assert process.wait(60) == -signal.SIGKILL
    finally:
        process.kill()
        process.wait()
    for state, truth in zip(asked_states(tool, path), live):
        assert truth <= state <= truth + 2000 # glibc's remainders
    leaks = {row["function"]: row["self"] for row in rows(report, "leaks", path, "--by=function")}
    assert leaks["kept"]["leaked_bytes"] >= live[2]


def test_signal_that_is_not_asked_for(interp, tmp_path):
    """Off by default: the signal does what it does without the tracer."""
    for options, status in (LIVE, -signal.SIGUSR1), (LIVE + ",dump_signal=USR1", 3):
        done = interp.run(["-c", "import os\nos.kill(os.getpid(), 10)\nos._exit(3)"],
                          env={"PYMEMTRACE": "out=%s,%s" % (tmp_path / "t.bin", options)})
        assert done.returncode == status


def test_signal_handler_of_the_program(interp, tmp_path):
    program = "\n".join((
        "import os, signal",
        "signal.signal(10, lambda *args: print('mine'))",
        "os.kill(os.getpid(), 10)"))
    done = interp.run(["-c", program], env={
        "PYMEMTRACE": "out=%s,%s,dump_signal=USR1" % (tmp_path / "t.bin", LIVE)})
    assert (done.returncode, done.stdout, done.stderr) == (0, "mine\n", "")


FILTERED = SHUT + """
import threading
def work(kept):
    for i in range(200):
        kept.append(bytearray(20000))
first, second = [], []
work(first)
shut([{"x86_64": 324, "aarch64": 283}[os.uname().machine]], %d)
thread = threading.Thread(target=work, args=(second,))
thread.start()
thread.join()
work(first)
print(len(first), len(second))
""" % KILL_PROCESS


@pytest.mark.skipif(os.uname().machine not in ("x86_64", "aarch64"), reason="the call's number")
def test_a_filter_that_kills_on_what_it_does_not_know(trace, tmp_path, report):
    """The program shuts itself in before its second thread counts: membarrier would be its end."""
    done = trace(tmp_path, FILTERED, LIVE)
    assert (done.process.returncode, done.process.stdout) == (0, "400 200\n"), done.process.stderr
    shown = report("leaks", done.path, "json", "--limit=all")
    [row] = [row for row in shown["leaks"] if row["function"] == "work"]
    lost = sum(shown["trace"]["lost"].values())
    # By their bytes: the lists' own blocks, and arenas, are in the row too.
    blocks = (row["self"]["leaked_bytes"] - row["self"]["mapped_bytes"]) // 20001
    assert 400 <= blocks <= 600 <= blocks + lost
