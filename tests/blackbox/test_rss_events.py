"""The resident set at every event against /proc/self/statm, which the program itself reads
there: a profile function in C, called beside each call and return, takes no memory."""
import json
import os

import pytest

import interpreters
import trace_events

KNOWN = interpreters.BUILD / ".libs" / "libknown.so"
EXACT = 1

SINGLE = """
import ctypes, gc, json, mmap, os, sys
known = ctypes.CDLL({library!r})
known.known_calloc.restype = ctypes.c_void_p
gc.disable()

def begin_marker():
    pass
def end_marker():
    pass
def small(n):
    return [object() for _ in range(n)]
def large(n):
    return bytearray(n)
def drop(kept):
    kept.clear()
def mapped(n):
    area = mmap.mmap(-1, n)
    for at in range(0, n, 8192):
        area[at] = 1
    return area
def shrink(area):
    area.madvise(mmap.MADV_DONTNEED) if hasattr(area, "madvise") else area.close()
def read(path):
    with open(path, "rb", buffering=0) as file:
        return file.read()
def native(n):
    block = ctypes.c_void_p(known.known_calloc(ctypes.c_size_t(n)))
    known.known_fill(block, ctypes.c_size_t(n))
    known.known_free(block)
def recurse(n):
    return n if n == 0 else recurse(n - 1)
def leaf(n):
    return n
def main():
    kept = []
    for i in range(30):
        kept.append(small(500 * i))
        kept.append(large(10000 * i))
        kept.append(large(300000 + 100000 * i))
        area = mapped(40 * 4096)
        shrink(area)
        del area
        kept.append(read({path!r}))
        native(5000 * i + 1)
        native(200000 * i)
        recurse(20 * i)
        for j in range(100):
            leaf(j)
        if i % 4 == 3:
            drop(kept)

known.known_readings_prepare()
install = ctypes.pythonapi.PyEval_SetProfile
install.argtypes = [ctypes.c_void_p, ctypes.c_void_p]
install.restype = None
main()
install(ctypes.cast(known.known_profile, ctypes.c_void_p), None)
begin_marker()
main()
end_marker()
install(None, None)
table = ctypes.POINTER(ctypes.c_int32)()
count = known.known_readings(ctypes.byref(table))
print(json.dumps(table[:count]))
"""


def between_markers(whole):
    """The resident set of the trace at each event of main between the markers, in pages
    since the first of them."""
    stack, result, total = [], None, 0
    for kind, fields, deltas in whole.main.events:
        total += (deltas or {}).get("rss_pages", 0)
        if kind in trace_events.ENTERS:
            stack.append(whole.codes[int(fields[0])].name)
            if stack[-1] == "begin_marker":
                result = []
        elif kind not in trace_events.LEAVES:
            continue
        if result is not None:
            result.append(total)
        if kind in trace_events.LEAVES and stack.pop() == "end_marker":
            break
    return [each - result[0] for each in result]


def is_stack_of_call(interp, found, truth, i):
    """Up to 3.11 a call is seen before the evaluator runs: the page of C stack that it may
    take comes between our reading and the program's, and is in our next one."""
    return interp.version < (3, 12) and truth[i] - found[i] == 1 and found[i + 1] == truth[i + 1]


@pytest.mark.parametrize("rss", ["exact", "each"])
def test_every_event_of_one_thread(interp, trace, tmp_path, rss):
    data = tmp_path / "data"
    data.write_bytes(b"x" * 1500000)
    done = trace(tmp_path, SINGLE.format(library=str(KNOWN), path=str(data)), "rss=" + rss)
    assert (done.process.returncode, done.process.stderr) == (0, "")
    whole = trace_events.Trace(done.path)
    whole.assert_whole()
    if rss == "exact" and whole.main.rss_method != EXACT:
        pytest.skip("page faults are not counted here: perf_event_open is refused")
    readings = json.loads(done.process.stdout)
    truth = [each - readings[0] for each in readings]
    found = between_markers(whole)
    assert len(found) == len(truth) > 6000
    moved = sum(a != b for a, b in zip(truth, truth[1:]))
    assert moved > 100
    wrong = [
        (i, a, b) for i, (a, b) in enumerate(zip(found, truth))
        if a != b and not is_stack_of_call(interp, found, truth, i)
    ]
    assert wrong == [], "%d of %d events, first %s" % (len(wrong), len(truth), wrong[:5])


FOUR = """
import ctypes, gc, json, threading
known = ctypes.CDLL({library!r})
known.known_rss_pages.restype = ctypes.c_int64
gc.disable()

def rings():
    # Pages of the tracer's own shared memory, by its name in the kernel's list.
    pages, ours = 0, False
    with open("/proc/self/smaps") as file:
        for line in file:
            if "-" in line.split(" ", 1)[0]:
                ours = "pymemtrace-" in line
            elif ours and line.startswith("Rss:"):
                pages += int(line.split()[1]) // 4
    return pages
def account():
    fresh = bytearray(3 << 20)  # a page fault: what others did last is read now
    return begin_or_end(rings())
def begin_or_end(ours):
    return known.known_rss_pages() - ours
def grow(kept, n):
    kept.append(bytearray(n))
    kept.append([object() for _ in range(n // 400)])
def work(kept, seed):
    for i in range(60):
        grow(kept, 20000 + 7919 * (seed + i) % 400000)
        if i % 7 == 6:
            del kept[: 2 * seed]
keeps = [[] for _ in range(4)]
account()
begin = account()
threads = [threading.Thread(target=work, args=(keeps[i], i + 1)) for i in range(4)]
for each in threads:
    each.start()
for each in threads:
    each.join()
end = account()
print(json.dumps([begin, end]))
"""


def test_changes_of_four_threads_add_up(interp, trace, tmp_path):
    """The sum over all threads is final minus initial; each thread's stack, its perf pages
    and the table of threads are the few pages that may differ."""
    done = trace(tmp_path, FOUR.format(library=str(KNOWN)))
    assert (done.process.returncode, done.process.stderr) == (0, "")
    begin, end = json.loads(done.process.stdout)
    assert end - begin > 2000
    whole = trace_events.Trace(done.path)
    whole.assert_whole()
    assert len(whole.threads) == 5

    total, times = 0, 0
    for kind, fields, deltas in whole.main.events:
        if 2 <= times < 3:
            total += (deltas or {}).get("rss_pages", 0)
        if kind in trace_events.ENTERS and whole.codes[int(fields[0])].name == "begin_or_end":
            times += 1
    assert times == 3
    for stream in whole.threads[1:]:
        total += sum((deltas or {}).get("rss_pages", 0) for _, _, deltas in stream.events)
    print("sum %d, from outside %d pages" % (total, end - begin))
    # A block of the tracer's own tables, 16 pages, may have come meanwhile.
    assert -4 <= end - begin - total <= 4 + 16


LONG_CALLS = """
import ctypes, threading
libc, known = ctypes.CDLL(None), ctypes.CDLL({library!r})
libc.prctl(41, 1, 0, 0, 0)  # PR_SET_THP_DISABLE: a fault is a page
libc.mallopt(-3, 131072)  # M_MMAP_THRESHOLD: each large block is a mapping
known.known_calloc.restype = ctypes.c_void_p

def fill(block, size):
    known.known_fill(block, size)
def drop(block):
    known.known_free(block)
def rounds(pages):
    size = ctypes.c_size_t(pages * 4096)
    for i in range(50):
        block = ctypes.c_void_p(known.known_calloc(size))
        fill(block, size)
        drop(block)
def busy(kept, n):
    kept.append(bytearray(5000))
def work(pages):
    rounds(2 * pages)
    everybody.wait()
    begin_marker()
    rounds(pages)
    everybody.wait()
def begin_marker():
    pass
everybody = threading.Barrier(4)
threads = [threading.Thread(target=work, args=(100 + 100 * i,)) for i in range(4)]
for each in threads:
    each.start()
kept = []
while threads[0].is_alive():
    busy(kept, 1)
for each in threads:
    each.join()
"""


def known_calls(whole, stream):
    """What each fill and drop behind the marker did, in pages."""
    stack, result = [], None
    for kind, fields, deltas in stream.events:
        if result is not None and stack and stack[-1] in ("fill", "drop"):
            result[-1][1] += (deltas or {}).get("rss_pages", 0)
        if kind in trace_events.ENTERS:
            stack.append(whole.codes[int(fields[0])].name)
            if stack[-1] == "begin_marker":
                result = []
            if result is not None and stack[-1] in ("fill", "drop"):
                result.append([stack[-1], 0])
        elif kind in trace_events.LEAVES:
            stack.pop()
    return result


def test_long_calls_of_four_threads(interp, trace, tmp_path):
    """Four threads touch and give back known memory in C calls that let go of the GIL, while
    a fifth has one event after the other and finds what they do."""
    done = trace(tmp_path, LONG_CALLS.format(library=str(KNOWN)))
    assert (done.process.returncode, done.process.stderr) == (0, "")
    whole = trace_events.Trace(done.path)
    whole.assert_whole()
    if whole.main.rss_method != EXACT:
        pytest.skip("page faults are not counted here: perf_event_open is refused")
    errors = []
    for i, stream in enumerate(whole.threads[1:]):
        calls = known_calls(whole, stream)
        assert [name for name, _ in calls] == ["fill", "drop"] * 50
        errors += [abs(abs(found) - 100 * (i + 1)) for _, found in calls]
    errors.sort()
    print("pages off, each tenth call:", errors[::10], "worst:", errors[-5:])
    # A page more is the block's header. What several did at one time is told apart by what
    # is known of each; the bound is all that the others can have done meanwhile.
    assert errors[len(errors) * 90 // 100] <= 4
    assert errors[-1] <= sum((100, 200, 300, 400))


MAPS = "print(sum('perf_event' in line for line in open('/proc/self/maps')))"


@pytest.mark.parametrize("mode", ["calls", "calls+allocs", "allocs", "objects"])
def test_page_faults_are_counted_for_calls_alone(trace, tmp_path, mode):
    """Counting slows each of them by a tenth."""
    def counted(options):
        done = trace(tmp_path, ["-c", MAPS], options)
        assert (done.process.returncode, done.process.stderr) == (0, "")
        return int(done.process.stdout)

    if not counted("mode=calls,rss=exact"):
        pytest.skip("page faults are not counted here: perf_event_open is refused")
    assert counted("mode=%s" % mode) == ("calls" in mode)
    assert counted("mode=%s,rss=exact" % mode) == 1
