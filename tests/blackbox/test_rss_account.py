"""The account of the resident set is closed: what it began with, all records' changes and the
tracer's own memory are together what the process has at its end, to the page."""
import os

import pytest

import trace_events

PAGE = os.sysconf("SC_PAGESIZE")

LIFE = """
import gc, os, sys, threading
def grow(n):
    return [bytearray(4096) for _ in range(n)]
def work(i):
    kept = grow(100 + 10 * i)
    big = bytearray(300000 * (i + 1))
    return sum(map(len, kept)) + len(big)
def wave(count):
    threads = [threading.Thread(target=work, args=(i % 8,)) for i in range(count)]
    for each in threads:
        each.start()
    for each in threads:
        each.join()
def functions(n):
    for i in range(n):  # each its own code object: the tables of names grow
        exec("def f%d(): return %d\\nf%d()" % (i, i, i))
def main():
    kept = grow(500)
    for count in (1, 3, 20, 2):
        wave(count)
    functions(12000)
    del kept
    gc.collect()
main()
if {forks}:
    pid = os.fork()
    if pid == 0:
        kept = bytearray(20 << 20)
        wave(5)
        functions(500)
        sys.exit(0)
    assert os.waitpid(pid, 0)[1] == 0
    wave(4)
"""


def assert_closed(path):
    whole = trace_events.Trace(path)
    assert whole.losses == [] and whole.end is not None
    begin, own = int(whole.info["rss_begin_pages"]), int(whole.info["tracer_pages"])
    total = whole.rss_pages()
    print("%s: began with %d, changed by %d, tracer has %d, ended with %d" % (
        path.name, begin, total, own, whole.samples[-1] // PAGE))
    assert begin + total + own == whole.samples[-1] // PAGE
    return own


@pytest.mark.parametrize("rss", ["exact", "trigger", "clock", "each"])
def test_parts_are_the_whole(trace, tmp_path, rss):
    done = trace(tmp_path, LIFE.format(forks=False), "rss=%s" % rss)
    assert (done.process.returncode, done.process.stderr) == (0, "")
    assert assert_closed(done.path) > 4 * 256  # a megabyte's ring for each thread


def test_parts_are_the_whole_in_parent_and_child(trace, tmp_path):
    done = trace(tmp_path, LIFE.format(forks=True))
    assert (done.process.returncode, done.process.stderr) == (0, "")
    assert_closed(done.path)
    (child,) = tmp_path.glob("trace.bin.*")
    assert_closed(child)
    grown = sum(max((deltas or {}).get("rss_pages", 0), 0)
                for _, _, deltas in trace_events.Trace(child).main.events)
    assert grown > (20 << 20) // PAGE
