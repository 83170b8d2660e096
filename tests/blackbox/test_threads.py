"""Threads: many at once, coming and going, native ones too. Nothing is lost, calls balance,
and the counts are those that the program keeps itself."""
import collections
import json

import interpreters
import trace_events

KNOWN = interpreters.BUILD / ".libs" / "libknown.so"


def entered(whole, name):
    return sum(
        kind in trace_events.ENTERS and code.name == name and code.file.endswith("app.py")
        for stream in whole.threads for kind, code in whole.calls(stream)
    )


def run(trace, tmp_path, program):
    done = trace(tmp_path, program)
    assert (done.process.returncode, done.process.stderr) == (0, "")
    whole = trace_events.Trace(done.path)
    whole.assert_whole()
    return json.loads(done.process.stdout), whole


NATIVE = """
import ctypes, json
known = ctypes.CDLL(%r)
table = (ctypes.c_uint64 * (5 * 8))()
known.known_threads(table, 8, 100000)
print(json.dumps([list(table)[i * 5:i * 5 + 5] for i in range(8)]))
"""


def test_native_threads(interp, trace, tmp_path):
    """8 threads that Python never sees, 100,000 malloc and free each, by their own account."""
    truth, whole = run(trace, tmp_path, NATIVE % str(KNOWN))
    assert len(truth) == 8
    for *expected, tid in truth:
        assert expected[1] == expected[3] == 100000
        sums = whole.thread_sums[tid]
        assert [sums[key] for key in trace_events.FIELDS["m"]] == expected


COMING_AND_GOING = """
import json, threading
lock = threading.Lock()
counts = {"leaf": 0, "work": 0}
tids = []
def leaf(n):
    return n
def work(n):
    for i in range(n):
        leaf(i)
    with lock:
        counts["leaf"] += n
        counts["work"] += 1
        tids.append(threading.get_native_id())
for wave in range(4):
    threads = [threading.Thread(target=work, args=(200 + i,)) for i in range(16)]
    for each in threads:
        each.start()
    for each in threads:
        each.join()
print(json.dumps([counts, tids]))
"""


def test_threads_coming_and_going(interp, trace, tmp_path):
    (counts, tids), whole = run(trace, tmp_path, COMING_AND_GOING)
    assert counts == {"leaf": 64 * 200 + 4 * 120, "work": 64}
    for name in counts:
        assert entered(whole, name) == counts[name]
    assert collections.Counter(s.tid for s in whole.threads[1:]) == collections.Counter(tids)


SHORT_LIVED = """
import glob, json, os, threading
def touch():
    pass
def area():
    return sum(os.stat(path).st_size for path in glob.glob("/dev/shm/pymemtrace-*-%d-*" % os.getpid()))
before = area()
for _ in range(500):
    thread = threading.Thread(target=touch)
    thread.start()
    thread.join()
print(json.dumps([before, area()]))
"""


def test_slots_are_used_again(interp, trace, tmp_path):
    """500 threads, one after the other, do not cost 500 rings."""
    (before, after), whole = run(trace, tmp_path, SHORT_LIVED)
    assert entered(whole, "touch") == 500
    assert len(whole.threads) == 501
    assert before > 0
    print("the rings grew from %d to %d KiB" % (before >> 10, after >> 10))
    assert after - before <= 64 << 20


BUSY = """
def fib(n):
    return n if n < 2 else fib(n - 1) + fib(n - 2)
fib(26)
"""


def test_a_busy_thread_makes_large_chunks(trace, tmp_path, report):
    """Each chunk costs a file opened and closed: a quarter of the ring belongs into it."""
    traced = trace(tmp_path, BUSY)
    assert (traced.process.returncode, traced.process.stderr) == (0, "")
    document = report("info", traced.path)
    busy = max(document["info"]["streams"], key=lambda stream: stream["record_bytes"])
    print("%d bytes of records in %d chunks" % (busy["record_bytes"], busy["chunks"]))
    assert busy["record_bytes"] > 1 << 20
    assert busy["record_bytes"] / busy["chunks"] > 64 << 10


FULL = """
import threading
def leaf():
    pass
def fill():
    for _ in range(60000):
        leaf()
for _ in range(6):
    thread = threading.Thread(target=fill)
    thread.start()
    thread.join()
print("done")
"""


NAMELESS = """
import _thread, threading
def small(n): return bytearray(70000 + n)
def fill(n):
    for i in range(4800): small(i + n)
    done.release()
for n in range(12):
    done = threading.Lock()
    done.acquire()
    _thread.start_new_thread(fill, (n,))
    done.acquire()
print("done")
"""


def test_a_thread_without_a_name_in_a_small_ring(trace, tmp_path, facts):
    """It comes back to be asked for its name, never behind the ring's end."""
    traced = trace(tmp_path, NAMELESS, "ring_size=64KiB")
    assert (traced.process.returncode, traced.process.stdout) == (0, "done\n"), traced.process.stderr
    told = facts(traced.path)
    assert sum(told["lost"].values()) == 0
    assert sum(stream["entered"].get("small", 0) for stream in told["streams"]) == 12 * 4800


def test_full_rings_of_dead_threads(interp, tmp_path):
    """No file may grow beyond 16 KiB (dash counts 512 bytes): not the trace, so that each thread dies with a full
    ring, and not a ring's file. The program ends as it would have, and it is said once."""
    script = tmp_path / "app.py"
    script.write_text(FULL)
    limited = 'ulimit -f 32; exec "$0" "$@"'
    done = interp.run(
        [], argv=["/bin/sh", "-c", limited, interp.python, script], cwd=tmp_path, timeout=120,
        env={"PYMEMTRACE": "out=%s/trace.bin,compress=none,ring_size=64KiB" % tmp_path},
    )
    assert (done.returncode, done.stdout) == (0, "done\n")
    said = done.stderr.splitlines()
    assert [line for line in said if "File too large" in line]
    assert len(said) == len(set(said)) <= 2, said
