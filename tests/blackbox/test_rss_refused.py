"""Where the kernel counts fewer page faults for us, or none: the next best method is taken,
named for each thread, and keeps what it promises. Refusal is real: a filter as containers
have it, or an ordinary user, by tests/support/with_less."""
import collections
import json
import os

import pytest

import interpreters
import test_truth_known
import trace_events

WITH_LESS = interpreters.BUILD / "tests" / "support" / "with_less"
EXACT, TRIGGER, CLOCK = 1, 2, 3
EPERM, EACCES = 1, 13
PAGE = os.sysconf("SC_PAGESIZE")

# What this machine touches in the clock's 100 us, with room for a loaded one.
CLOCK_PAGES = 660


def run_with_less(interp, trace, tmp_path, less, source, options=""):
    script = tmp_path / "app.py"
    script.write_text(source, encoding="utf-8")
    done = trace(tmp_path, script, options, argv=[WITH_LESS, *less, interp.python, script])
    if done.process.returncode == 77:
        pytest.skip("this user may not do less: " + done.process.stderr)
    assert (done.process.returncode, done.process.stderr) == (0, "")
    whole = trace_events.Trace(done.path)
    whole.assert_whole()
    return done, whole


def paranoid():
    with open("/proc/sys/kernel/perf_event_paranoid") as file:
        return int(file.read())


@pytest.mark.parametrize("less, wanted, method, bound", [
    (["perf=%d" % EACCES], "exact", CLOCK, CLOCK_PAGES),
    (["perf=%d" % EPERM], "trigger", CLOCK, CLOCK_PAGES),
    (["perf=%d" % EPERM], "clock", CLOCK, CLOCK_PAGES),
    (["user"], "exact", TRIGGER, 1),
    (["user", "perf=%d" % EPERM], "exact", CLOCK, CLOCK_PAGES),
], ids=["EACCES", "EPERM", "clock", "user", "user-EPERM"])
def test_known_functions(interp, trace, report, tmp_path, less, wanted, method, bound):
    if less == ["user"] and paranoid() != 2:
        pytest.skip("perf_event_paranoid is not 2: users have another method here")
    mapped = tmp_path / "mapped"
    mapped.write_bytes(b"x" * (8 << 20))
    done, whole = run_with_less(interp, trace, tmp_path, less, test_truth_known.PROGRAM.format(
        library=str(test_truth_known.KNOWN), objects=test_truth_known.OBJECTS,
        path=str(mapped), length=8 << 20,
    ), "rss=" + wanted)
    truth = json.loads(done.process.stdout)
    assert whole.main.rss_method == method
    found = test_truth_known.by_name(whole)
    for name in "abcdef":
        assert abs(found[name].get("rss_pages", 0) - truth[name]) <= bound, name
    # What an event misses the next has: nothing is lost on the whole.
    off = sum(found[name].get("rss_pages", 0) - truth[name] for name in "abcdef")
    assert abs(off) <= max(bound, 6)
    said = report("info", done.path, "text")
    assert {TRIGGER: "trigger: as exact, but", CLOCK: "clock: read at most every 100 us"}[
        method] in " ".join(said.split())


# Resident pages are the process's: who looks at them while another's C code fills its block
# has some of that. So all others sleep then; the first round is for what each needs for it.
MANY = """
import ctypes, os, threading
known = ctypes.CDLL({library!r})
known.known_calloc.restype = ctypes.c_void_p
SIZE = ctypes.c_size_t(400 * 4096)
def fill(block, size):
    known.known_fill(block, size)
def work(i):
    block = ctypes.c_void_p(known.known_calloc(SIZE))
    everybody.wait()
    for size in sizes:
        go[i].acquire()
        fill(block, size)
        done.release()
    leave.acquire()
def is_asleep(thread):
    fd = os.open("/proc/self/task/%d/stat" % thread.native_id, os.O_RDONLY)
    state = os.read(fd, 400).rsplit(b")", 1)[1].split()[0]
    os.close(fd)
    return state == b"S"
count = {count}
sizes = ctypes.c_size_t(0), SIZE
everybody, done, leave = threading.Barrier(count + 1), threading.Lock(), threading.Semaphore(0)
done.acquire()
go = [threading.Lock() for _ in range(count)]
for each in go:
    each.acquire()
threads = [threading.Thread(target=work, args=(i,)) for i in range(count)]
for each in threads:
    each.start()
everybody.wait()
for _ in sizes:
    for each in threads:
        while not is_asleep(each): pass
    for each, its in zip(threads, go):
        its.release()
        done.acquire()
        while not is_asleep(each): pass
for each in threads:
    leave.release()
for each in threads:
    each.join()
"""


@pytest.mark.interpreters(one=True)
def test_threads_beyond_the_limit_of_perf(interp, trace, report, tmp_path):
    """perf's memory is limited for each user: what it gives goes to the first threads."""
    if paranoid() != 2:
        pytest.skip("perf_event_paranoid is not 2")
    count = 160
    done, whole = run_with_less(
        interp, trace, tmp_path, ["user"],
        MANY.format(library=str(test_truth_known.KNOWN), count=count), "ring_size=64KiB")
    methods = collections.Counter(each.rss_method for each in whole.threads)
    assert set(methods) == {TRIGGER, CLOCK} and sum(methods.values()) == count + 1
    assert methods[TRIGGER] >= 64
    for stream in whole.threads[1:]:
        own = whole.self_deltas(stream)
        fill = sum(own[code]["rss_pages"] for code in own if code and code.name == "fill")
        slack = 8 if stream.rss_method == TRIGGER else CLOCK_PAGES
        assert abs(fill - 400) <= slack, (stream.tid, stream.rss_method)

    said = " ".join(report("info", done.path, "text").split())
    assert "trigger (%d threads): as exact, but" % methods[TRIGGER] in said
    assert "clock (%d threads): read at most" % methods[CLOCK] in said
    named = collections.Counter(
        each["rss_method"] for each in report("threads", done.path)["threads"])
    assert named["trigger"] == methods[TRIGGER] and named["clock"] == methods[CLOCK]


@pytest.mark.interpreters(one=True)
@pytest.mark.parametrize("less, says, remedy", [
    (["perf=%d" % EPERM], "perf_event_open: Operation not permitted", "--cap-add=PERFMON"),
    (["perf=%d" % EACCES], "perf_event_open: Permission denied",
     "sysctl kernel.perf_event_paranoid=1 for exact"),
    (["user"], "not those in system calls", "or run with CAP_PERFMON, for rss=exact"),
], ids=["EPERM", "EACCES", "user"])
def test_check_says_what_is_refused(interp, tmp_path, less, says, remedy):
    if less == ["user"] and paranoid() != 2:
        pytest.skip("perf_event_paranoid is not 2: users have another method here")
    if interp.root:
        pytest.skip("the tool looks at interpreters of this machine")
    tool = interpreters.BUILD / "pymemtrace-run"
    done = interp.run([], preload=False, cwd=tmp_path,
                      argv=[WITH_LESS, *less, tool, "--check", interp.python])
    if done.returncode == 77 and "pymemtrace" not in done.stdout:
        pytest.skip("this user may not do less: " + done.stderr)
    said = " ".join(done.stdout.split())
    assert done.returncode == 0, said + done.stderr
    assert says in said and remedy in said
    method = "trigger" if less == ["user"] else "clock"
    assert "less RSS rss=%s: " % method in said
    assert ("enough for some" in said) == (less == ["user"])
