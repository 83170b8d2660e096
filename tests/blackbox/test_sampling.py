"""mode=allocs with sample=: only drawn blocks are in the trace, with all that is needed to say what
the others did. Truth: programs that know each of their own calls. A sound sampler leaves a bound
once in a hundred million.
"""
import collections
import json
import math
import mmap
import os

import pytest

from test_allocs import MALLOC_KINDS, blocks

UNLIKELY = 1e-8
MEAN = 8192

BEGIN = """
import ctypes, json, sys
malloc, free, realloc = (getattr(ctypes.CDLL(None), n) for n in ("malloc", "free", "realloc"))
malloc.restype = realloc.restype = ctypes.c_void_p
malloc.argtypes, free.argtypes = [ctypes.c_size_t], [ctypes.c_void_p]
realloc.argtypes = [ctypes.c_void_p, ctypes.c_size_t]
usable = ctypes.CDLL(None).malloc_usable_size
usable.restype, usable.argtypes = ctypes.c_size_t, [ctypes.c_void_p]
"""


def tails(terms):
    """How far a sum of independent draws lies from its mean at most, below and above: each term
    (worth, chance) counts with its worth or not at all. Chernoff's bound, from the terms' own
    distribution: a few large ones are far from normal."""
    counted = collections.Counter(terms)
    mean = sum(n * worth * p for (worth, p), n in counted.items())
    scale = max(worth for worth, _p in counted)
    ends = []
    for sign in (-1, 1):
        least = math.inf
        for k in range(-60, 45):
            rate = sign * 1.2 ** k / scale
            if abs(rate) * scale > 600:
                break
            cumulant = sum(n * math.log1p(p * math.expm1(rate * worth))
                           for (worth, p), n in counted.items())
            least = min(least, (cumulant - rate * mean - math.log(UNLIKELY)) / abs(rate))
        ends.append(least)
    return ends


def bounds(sizes):
    """Of what blocks of these sizes add up to: bytes and count, with their tails."""
    drawn = [(size, -math.expm1(-size / MEAN)) for size in sizes]
    return (
        (sum(sizes), tails((size / p, p) for size, p in drawn)),
        (len(sizes), tails((1 / p, p) for _s, p in drawn)),
    )


def check(estimate, truth, what, slack=1):
    expected, (below, above) = truth
    assert expected - below - slack <= estimate <= expected + above + slack, (
        "%s: %d estimated, %d in truth, %d below to %d above are likely" % (
            what, estimate, expected, below, above))


def by_function(rows):
    return {row["function"]: row["self"] for row in rows}


KNOWN = BEGIN + """
# Lists are made before: one that grows is a block that grows.
def tiny(held, sizes):
    for i in range(len(held)): held[i] = malloc(1)
def small(held, sizes):
    for i in range(len(held)): held[i] = malloc(100 + i % 400)
def middle(held, sizes):
    for i in range(len(held)): held[i] = malloc(1000 + i * 7 % 30000)
def large(held, sizes):
    for i in range(len(held)): held[i] = malloc(80000 + i * 13 % 9000)
def grown(held, sizes):
    for i in range(len(held)):
        p = None
        for k, size in enumerate((10, 5000, 300, 20000)):
            p = realloc(p, size)
            sizes[4 * i + k] = usable(p)
        held[i] = p
all_sizes, kept_sizes, kept = {}, {}, {}
for f, n in ((tiny, 20000), (small, 20000), (middle, 2000), (large, 300), (grown, 1000)):
    held, sizes = [None] * n, [None] * 4 * n
    f(held, sizes)
    all_sizes[f.__name__] = sizes if f is grown else [usable(p) for p in held]
    for p in held[::2]:
        free(p)
    kept[f.__name__] = held[1::2]
    kept_sizes[f.__name__] = [usable(p) for p in held[1::2]]
json.dump([all_sizes, kept_sizes, kept], sys.stdout)
"""


@pytest.mark.parametrize("allocator", ["pymalloc", "malloc"])
def test_estimates_are_as_near_as_they_must_be(trace, tmp_path, tool, report, allocator):
    traced = trace(tmp_path, KNOWN, "mode=allocs,sample=%d" % MEAN, env={"PYTHONMALLOC": allocator})
    assert (traced.process.returncode, traced.process.stderr) == (0, "")
    all_sizes, kept_sizes, kept = json.loads(traced.process.stdout)
    told = report("functions", traced.path)
    assert told["trace"]["sampling"]["mean_bytes"] == MEAN
    assert sum(told["trace"]["lost"].values()) == 0
    functions = by_function(told["functions"])
    held = by_function(report("leaks", traced.path, "json", "--by=function")["leaks"])
    [main] = [r for r in blocks(tool, traced.path).values() if any(b.name == "large" for b in r)]
    assert told["trace"]["sampling"]["samples"] >= sum(b.what == "ALLOC" for b in main)
    for name in all_sizes:
        ours = allocator == "pymalloc" # otherwise Python's own are there too
        bytes_, count = bounds(all_sizes[name])
        if ours:
            check(functions[name]["allocated_bytes"], bytes_, name + " allocated bytes")
            check(functions[name]["allocated_count"], count, name + " allocated count")
            drawn = sum(b.what == "ALLOC" and b.kind in MALLOC_KINDS and b.name == name for b in main)
            assert functions[name]["samples"] >= drawn
            bytes_, count = bounds(kept_sizes[name])
            # Python's arenas are mappings, of 256 KiB or more.
            mapped = held[name]["mapped_bytes"]
            check(held[name]["leaked_bytes"] - mapped, bytes_, name + " kept bytes")
            check(held[name]["leaked_count"], count, name + " kept count", 1 + mapped / (256 << 10))
        # Whatever the chance: drawn blocks are live in the trace just as they are in truth.
        live = {}
        for b in main:
            if b.kind in MALLOC_KINDS and b.what == "ALLOC":
                live[b.address] = b
            elif b.kind in MALLOC_KINDS:
                assert live.pop(b.address, None), "a free of what was not drawn"
        addresses = {b.address for b in live.values() if b.name == name and b.requested in range(1, 90000)}
        if ours:
            assert addresses <= set(kept[name])
        chances = [-math.expm1(-size / MEAN) for size in kept_sizes[name]]
        found = len(addresses & set(kept[name]))
        check(found, (sum(chances), tails((1, p) for p in chances)), name + " drawn")


def test_totals_are_exact(trace, tmp_path, report):
    """A sample changes nothing in the sums: they are those of the same program with every block."""
    program = BEGIN + "for i in range(30000): free(malloc(i))\n"
    totals = []
    for options in ("mode=allocs", "mode=allocs,sample=1MiB"):
        traced = trace(tmp_path, program, options)
        assert traced.process.returncode == 0
        totals.append(report("summary", traced.path)["summary"]["totals"])
    for figure in ("allocated_bytes", "allocated_count", "freed_bytes", "freed_count"):
        least = 30000 if figure.endswith("count") else 30000 * 29999 // 2
        assert min(t[figure] for t in totals) >= least
        assert abs(totals[0][figure] - totals[1][figure]) < totals[0][figure] / 1000 + 100
    assert totals[1]["allocated_bytes"] != totals[1]["freed_bytes"]


MAPS = BEGIN + """
import mmap
libc = ctypes.CDLL(None)
libc.mmap.restype = ctypes.c_void_p
libc.mmap.argtypes = [ctypes.c_void_p, ctypes.c_size_t] + [ctypes.c_int] * 3 + [ctypes.c_long]
libc.munmap.argtypes = [ctypes.c_void_p, ctypes.c_size_t]
PAGE = mmap.PAGESIZE
held = [None] * 1800
def maps():
    for i in range(1800):
        held[i] = libc.mmap(None, (1 + i % 9) * PAGE, 3, mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS, -1, 0)
maps()
sizes = [(1 + i % 9) * PAGE for i in range(1800)]
for i in range(0, 1800, 2):
    assert libc.munmap(held[i], sizes[i]) == 0
for i in range(1, 1800, 2):
    if sizes[i] > 4 * PAGE: # its last page only
        assert libc.munmap(held[i] + sizes[i] - PAGE, PAGE) == 0
json.dump([(p, s) for p, s in zip(held, sizes)][1::2], sys.stdout)
"""


def test_mappings_are_drawn_too(trace, tmp_path, tool, report):
    traced = trace(tmp_path, MAPS, "mode=allocs,sample=%d" % MEAN)
    assert (traced.process.returncode, traced.process.stderr) == (0, "")
    kept = json.loads(traced.process.stdout)
    held = by_function(report("leaks", traced.path, "json", "--by=function")["leaks"])["maps"]
    chances = [(s, s - (mmap.PAGESIZE if s > 4 * mmap.PAGESIZE else 0), -math.expm1(-s / MEAN))
               for _p, s in kept]
    truth = sum(left for _s, left, _p in chances)
    check(held["mapped_bytes"], (truth, tails((left / p, p) for _s, left, p in chances)), "mapped bytes")
    check(held["leaked_count"], bounds([s for _p, s in kept])[1], "mappings")
    [main] = [r for r in blocks(tool, traced.path).values() if any(b.name == "maps" for b in r)]
    drawn = {(b.address, b.usable) for b in main if b.what == "ALLOC" and b.kind >= 8}
    freed = [b for b in main if b.what == "FREE" and b.kind == 8]
    assert all(any(a < b.address + b.bytes and b.address < a + size for a, size in drawn) for b in freed)


THREADS = BEGIN + """
import threading
import collections
def work(n, kept):
    for i in range(n):
        p = malloc(200 + i % 3000)
        if i % 10:
            queue.append(p)     # another thread frees it
        else:
            kept[i // 10] = p
        if len(queue) > 100:
            free(queue.popleft())
queue, keeps = collections.deque(), [[None] * 500 for _ in range(6)]
threads = [threading.Thread(target=work, args=(5000, k)) for k in keeps]
for t in threads: t.start()
for t in threads: t.join()
while queue: free(queue.pop())
json.dump([usable(p) for k in keeps for p in k], sys.stdout)
"""


def test_threads_free_what_others_drew(trace, tmp_path, report):
    traced = trace(tmp_path, THREADS, "mode=allocs,sample=%d" % MEAN)
    assert (traced.process.returncode, traced.process.stderr) == (0, "")
    sizes = json.loads(traced.process.stdout)
    told = report("leaks", traced.path, "json", "--by=function")
    assert sum(told["trace"]["lost"].values()) == 0
    held = by_function(told["leaks"])["work"]
    bytes_, count = bounds(sizes)
    check(held["leaked_bytes"], bytes_, "kept bytes")
    check(held["leaked_count"], count, "kept blocks")
    assert told["blocks"]["unknown_frees"] == told["blocks"]["double_frees"] == 0


KILLED = BEGIN + """
import mmap, struct
with open(sys.argv[1], "r+b") as f:
    shared = mmap.mmap(f.fileno(), 0)
def keep():
    i = 0
    while True:
        malloc(500)
        free(malloc(3000))
        i += 1
        shared[:8] = struct.pack("Q", i)
keep()
"""


@pytest.mark.parametrize("least", [2000, 60000])
def test_a_kill_keeps_all_samples(kill_at, report, least):
    count, path = kill_at(KILLED, "mode=allocs,sample=%d" % MEAN, least)
    told = report("leaks", path, "json", "--by=function")
    assert told["trace"]["complete"] is False
    held = by_function(told["leaks"])["keep"]
    bytes_, blocks_ = bounds([504] * count)
    check(held["leaked_bytes"], bytes_, "kept bytes")
    check(held["leaked_count"], blocks_, "kept blocks")
    os.unlink(told["trace"].get("ring") or path)


FORKED = BEGIN + """
import os
def before(held):
    for i in range(len(held)): held[i] = malloc(5000)
def in_child(held):
    for i in range(len(held)): held[i] = malloc(5000)
held = [None] * 1000
before(held)
pid = os.fork()
if pid == 0:
    for p in held: free(p)
    in_child(held)
    for p in held[::2]: free(p)
    sys.exit(3)
assert os.waitpid(pid, 0)[1] == 3 << 8
print(pid)
"""


def test_a_forked_child_goes_on(trace, tmp_path, report):
    traced = trace(tmp_path, FORKED, "mode=allocs,sample=%d" % MEAN, env={"PYTHONWARNINGS": "error"})
    assert (traced.process.returncode, traced.process.stderr) == (0, "")
    child = "%s.%d" % (traced.path, int(traced.process.stdout))
    bytes_, count = bounds([5000] * 1000)
    held = by_function(report("leaks", traced.path, "json", "--by=function")["leaks"])
    check(held["before"]["leaked_bytes"], bytes_, "the parent's bytes")
    told = report("leaks", child, "json", "--by=function")
    held = by_function(told["leaks"])
    check(held["in_child"]["leaked_bytes"], bounds([5000] * 500)[0], "the child's bytes")
    assert "before" not in held
    # The drawn ones of the parent: their frees are the child's.
    chance = -math.expm1(-5000 / MEAN)
    check(told["blocks"]["unknown_frees"], (1000 * chance, tails([(1, chance)] * 1000)), "foreign", 20)
    assert count


@pytest.mark.interpreters(one=True)
def test_text_says_that_it_estimates(trace, tmp_path, report):
    traced = trace(tmp_path, KNOWN, "mode=allocs,sample=%d" % MEAN)
    for view in ("summary", "functions", "leaks", "peak", "churn", "tree", "lines"):
        text = " ".join(report(view, traced.path, "text").split())
        assert "estimated from" in text and "one in 8.0 KiB on average" in text, view


@pytest.mark.interpreters(one=True)
def test_a_trace_grows_with_its_samples(trace, tmp_path, report):
    sizes = []
    for pairs in (200000, 600000):
        program = BEGIN + "for i in range(%d): free(malloc(1000))\n" % pairs
        traced = trace(tmp_path, program, "mode=allocs,interval=0,compress=none,sample=%d" % MEAN)
        samples = report("leaks", traced.path)["trace"]["sampling"]["samples"]
        sizes.append((os.path.getsize(traced.path), samples))
        assert abs(samples - pairs * 1016 / MEAN) < pairs * 1016 / MEAN / 5 + 1000
    more, samples = (b - a for a, b in zip(*sizes))
    assert more / samples < 60 # an allocation, its free, their times and sums
