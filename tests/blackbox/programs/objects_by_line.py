"""Objects whose lines are known; what is live of them is counted from outside.

With TRUTH in the environment tracemalloc counts, and the program says what each of its lines
holds. Without it says by how much sys.getallocatedblocks() grew, and whether that counts what
pymalloc hands on to malloc. Between the marks "begin" and
"end" what free lists hold is taken first, and then nothing of theirs is freed.
"""
import ctypes
import gc
import json
import os
import sys

N = int(sys.argv[1])
TRUTH = "TRUTH" in os.environ


def mark(text):
    try:
        ctypes.CDLL(None).pymemtrace_mark(text)
    except AttributeError: # not preloaded
        pass


def tuples():
    return [(i, -i) for i in range(N * 10)]


def texts():
    return ["%d" % i for i in range(N)]


def byte_strings():
    return [bytes(i) for i in range(N)]


def byte_arrays():
    return [bytearray(i * 7) for i in range(N)]


def grown():
    table = {}
    for i in range(N):
        table[i, i] = None
    return table


def grown_list():
    items = []
    for i in range(N):
        items.append(None)
    return items


class Thing:
    def __init__(self):
        self.a = self.b = None


def things():
    return [Thing() for i in range(N)]


def freed():
    a = [bytes(n) for n in range(N)]
    del a[::2]
    return a


def make():
    return [tuples(), texts(), byte_strings(), byte_arrays(), grown(), grown_list(), things(), freed()]


gc.disable()
# Old interpreters keep the frame of a function that has run once.
N, size = 3, N
make()
N = size
kept = [Thing()]
mark(b"warm")
before = sys.getallocatedblocks()
if TRUTH:
    import tracemalloc
    tracemalloc.start()
    before = sys.getallocatedblocks()
mark(b"begin")
# What free lists hold is taken, so that it is not served from them.
taken = [[(1, i)] for i in range(5000)], [float(i) for i in range(500)], [{1: i} for i in range(200)]
kept += make()
mark(b"end")
if TRUTH:
    found = tracemalloc.take_snapshot().filter_traces([tracemalloc.Filter(True, __file__)])
    lines = {s.traceback[0].lineno: [s.count, s.size] for s in found.statistics("lineno")}
    print(json.dumps(lines))
else:
    after = sys.getallocatedblocks()
    large = bytes(100000)
    counts_large = sys.getallocatedblocks() > after # not on all versions
    print(json.dumps([after - before, counts_large]))
