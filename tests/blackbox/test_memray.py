"""Against memray: the same program under memray and under mode=allocs gives the same
allocations by function and line, and the same blocks at the peak.

In two processes: in one, the trace holds what memray itself allocates too. Both have
memray's modules imported, so that the interpreter's own caches are alike. memray counts
requested bytes; so does the log of a trace, from which the rows are added up here, apart
from the report's own accounts.
"""
import collections
import json
import subprocess

import pytest

import interpreters

PACKAGES = ["memray==1.20.0", "numpy==2.5.5", "pandas==3.1.1"]

# work() is what both see. Its modules are imported, and numpy's lazy ones, before.
RUN = """
import contextlib, ctypes, sys
import memray
mark = getattr(ctypes.CDLL(None), "pymemtrace_mark", lambda text: None)
def run(work, **options):
    with memray.Tracker(sys.argv[1], **options) if sys.argv[1:] else contextlib.nullcontext():
        mark(b"begin")
        work()
        mark(b"end")
"""

OBJECTS = """
import itertools
def chain(n):
    head = None
    for i in range(n):
        head = (head, [i] * 100)
    return head
def strings(n):
    return {"key%d" % i: ("value %d" % i) * 50 for i in range(n)}
def grow(n):
    buffer = bytearray()
    for i in range(n):
        buffer += b"x" * 1000
    return bytes(buffer)
def work():
    kept = [chain(2000), strings(3000)]
    for _ in range(3):
        kept.append(grow(300))
        list(itertools.permutations(range(6)))
    kept.pop(0)
"""

JSON = """
import json
kept = []
def load(text):
    return json.loads(text)
def build():
    return {"users": [{"id": i, "name": "user%d" % i * 50, "tags": ["a", "b", str(i)],
                       "blob": "x" * (i % 3000)} for i in range(2000)]}
def work():
    data = build()
    for _ in range(3):
        kept.append(load(json.dumps(data)))
    kept.pop()
"""

NUMPY = """
import numpy as np
kept = []
def small(rng):
    total = 0.0
    for k in range(300):
        c = np.arange(k + 10, dtype=np.float64)
        total += float((c * 2).mean())
    return total
def large(base, i):
    a = base * 1.5 + i
    return np.concatenate([a[::2], a[1::2]])
def work():
    rng = np.random.default_rng(1)
    base = rng.random(200_000)
    for i in range(20):
        kept.append(large(base, i)[:1000].copy())
        small(rng)
work()
kept.clear()
"""

PANDAS = """
import numpy as np, pandas as pd
def frame(rng, n):
    return pd.DataFrame({"k": rng.integers(0, 500, n), "g": rng.choice(["a", "b", "c", "d"], n),
                         "v": rng.random(n), "w": rng.random(n)})
def once(rng):
    df = frame(rng, 20_000)
    sums = df.groupby(["k", "g"]).agg({"v": ["sum", "mean"], "w": "max"})
    merged = df.merge(sums["v"].reset_index(), on=["k", "g"])
    return merged.sort_values("v")
def work():
    rng = np.random.default_rng(1)
    once(rng)
    once(rng)
work()
"""

THREADS = """
import threading
def step(k, keep):
    for i in range(40):
        keep.append(bytearray(600 + i + k))
    return b"z" * (700 + k)
def thread(k):
    keep = []
    for i in range(100):
        step(k, keep)
        del keep[::2]
def work():
    threads = [threading.Thread(target=thread, args=(k,)) for k in range(4)]
    for each in threads: each.start()
    for each in threads: each.join()
"""

POOL = """
import multiprocessing.pool # imports in a worker would depend on which had which task
def task(k):
    keep = [bytearray(1000 + k * 100 + i) for i in range(500)]
    return len(keep), b"r" * 100_000
def work():
    with multiprocessing.get_context("fork").Pool(2) as pool:
        pool.map(task, range(4), chunksize=1)
        pool.close()
        pool.join()
"""

# Rows that differ, and why: what memray does to the program, or does not see.
KNOWN = {
    # pthread_create: the loader's calloc of a thread's variables, which no relocation leads to.
    ("start", "threading.py"),
}

ORACLE = """
import json, sys
from memray import AllocatorType, FileReader
reader = FileReader(sys.argv[1])
def rows(records):
    for each in records:
        kind = AllocatorType(each.allocator).name
        if kind not in ("FREE", "MUNMAP", "PYMALLOC_FREE"):
            stack = each.stack_trace(max_stacks=1)
            yield (*(stack[0] if stack else ("", "", 0)), kind, each.n_allocations, each.size)
print(json.dumps({"all": list(rows(reader.get_allocation_records())),
                  "peak": list(rows(reader.get_high_watermark_allocation_records()))}))
"""

ARENA_BYTES = 1 << 20
ENVIRONMENT = {"PYTHONHASHSEED": "0", "PYTHONDONTWRITEBYTECODE": "1", "OPENBLAS_NUM_THREADS": "1"}


@pytest.fixture(scope="session")
def memray_python(interp):
    """A Python of that version that has memray, numpy and pandas."""
    done = subprocess.run(
        [str(interpreters.TOP / "scripts" / "rivals"), interp.python, *PACKAGES],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, encoding="utf-8",
    )
    if done.returncode:
        pytest.skip("the registry does not give it: %s" % done.stderr.strip().splitlines()[-1])
    return "%s/bin/python" % done.stdout.strip()


class Rows(collections.defaultdict):
    """(function, file, line) -> [count, requested bytes] of what malloc and its kin gave.

    pymalloc's arenas, mapped, are kept apart: whose object finds the last one full differs
    with what the interpreter did before."""

    def __init__(self):
        super().__init__(lambda: [0, 0])
        self.mapped_bytes = 0

    def add(self, function, file, line, kind, count, size):
        if kind == "mmap":
            self.mapped_bytes += size
            return
        row = self[function.rpartition(".")[2], file, line]
        row[0] += count
        row[1] += size

    def of(self, file):
        return {key: row for key, row in self.items() if key[1] == str(file)}


def by_memray(python, path):
    done = subprocess.run([python, "-c", ORACLE, path], stdout=subprocess.PIPE, check=True)
    everything, peak = Rows(), Rows()
    for name, rows in ("all", everything), ("peak", peak):
        for row in json.loads(done.stdout)[name]:
            rows.add(*row[:3], row[3].lower(), *row[4:])
    return everything, peak


def by_log(path, whole=False):
    """What happened between the marks, and all the while in threads begun between them."""
    rows, inside, main = Rows(), whole, None
    log = subprocess.Popen([str(interpreters.BUILD / "pymemtrace-report"), "log", "--format=json", path],
                           stdout=subprocess.PIPE)
    for line in log.stdout:
        if b'"event":"MARK"' in line:
            event = json.loads(line)
            if event["text"] == "begin":
                inside, main = True, event["stream"]
            elif event["text"] == "end":
                inside = False
        elif b'"event":"ALLOC"' in line:
            event = json.loads(line)
            if inside or main not in (None, event["stream"]):
                rows.add(event.get("function", ""), event.get("file"), event.get("line"),
                         event["kind"], 1, event["requested_bytes"])
    assert log.wait() == 0
    return rows


def run(python, script, *args, env=None):
    done = subprocess.run([python, str(script), *map(str, args)], env={**ENVIRONMENT, **(env or {})},
                          stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=interpreters.TIMEOUT_S,
                          encoding="utf-8")
    assert done.returncode == 0, done.stderr


def run_both(python, tmp_path, program, options=""):
    script = tmp_path / "app.py"
    script.write_text("%s\n%s\nrun(work%s)\n" % (RUN, program, options))
    run(python, script, tmp_path / "app.memray")
    run(python, script, env={
        "LD_PRELOAD": str(interpreters.LIBRARY),
        "PYMEMTRACE": "mode=allocs,out=%s" % (tmp_path / "trace.bin"),
    })
    return script


def is_known(key):
    return (key[0], key[1].rpartition("/")[2]) in KNOWN


def top_ten(rows, what):
    """The keys of the ten functions, or rather their lines, with the most."""
    return sorted((key for key in rows if key[0]), key=lambda key: rows[key][what])[-10:]


@pytest.mark.interpreters(min=(3, 13), max=(3, 13), one=True)
@pytest.mark.parametrize("program", [OBJECTS, JSON, NUMPY, PANDAS, THREADS],
                         ids=["objects", "json", "numpy", "pandas", "threads"])
def test_same_as_memray(memray_python, program, tmp_path, report, same_addresses):
    script = run_both(memray_python, tmp_path, program)
    theirs, their_peak = by_memray(memray_python, tmp_path / "app.memray")
    ours = by_log(tmp_path / "trace.bin")

    assert ours.of(script) == theirs.of(script)
    for what in 0, 1:
        for key in top_ten(theirs, what):
            assert is_known(key) or ours[key] == theirs[key], key
        total, their_total = (sum(row[what] for row in rows.values()) for rows in (ours, theirs))
        assert total == pytest.approx(their_total, rel=0.01)
    assert abs(ours.mapped_bytes - theirs.mapped_bytes) <= 2 * ARENA_BYTES


@pytest.mark.interpreters(min=(3, 13), max=(3, 13), one=True)
@pytest.mark.parametrize("program", [OBJECTS, JSON, NUMPY, PANDAS],
                         ids=["objects", "json", "numpy", "pandas"])
def test_same_peak_as_memray(memray_python, program, tmp_path, report, same_addresses):
    script = run_both(memray_python, tmp_path, program)
    _, theirs = by_memray(memray_python, tmp_path / "app.memray")

    def live(view, mark, name):
        """What was live, and what of it was not mapped, by line."""
        rows = report(view, tmp_path / "trace.bin", "json", "--to=%s" % mark, "--limit=all")[view]
        found = Rows()
        for row in rows:
            mapped = row["self"]["mapped_bytes"]
            found.add(row["function"], row["file"], row["line"], "",
                      row["self"][name + "_count"] - mapped // ARENA_BYTES,
                      row["self"][name + "_bytes"] - mapped)
        return found

    # memray does not know what was there before it came, of which some may be gone, and does
    # not keep arenas apart here. Usable bytes: a chunk of glibc is up to 24 bytes more than was
    # asked for, an mmapped one up to a page more.
    before, ours = live("leaks", "begin", "leaked"), live("peak", "end", "peak")
    for key in top_ten(theirs, 1):
        count, size = theirs[key]
        found, found_size = ours[key]
        old, old_size = before[key]
        assert any(
            count - arenas <= found <= count - arenas + old
            and 0 <= found_size - (size - arenas * ARENA_BYTES)
            <= old_size + 24 * count + 4096 * (size // 131072)
            for arenas in range(size // ARENA_BYTES + 1)
        ), (key, theirs[key], ours[key], before[key])


@pytest.mark.interpreters(min=(3, 13), max=(3, 13), one=True)
def test_same_in_a_pool(memray_python, tmp_path, same_addresses):
    script = run_both(memray_python, tmp_path, POOL, ", follow_fork=True")
    theirs, ours = Rows(), Rows()
    for path in tmp_path.glob("app.memray.*"):
        for key, row in by_memray(memray_python, path)[0].items():
            theirs.add(*key, "", *row)
    for path in tmp_path.glob("trace.bin.*"):
        for key, row in by_log(path, whole=True).items():
            ours.add(*key, "", *row)

    assert len(theirs.of(script)) >= 2
    assert ours.of(script) == theirs.of(script)
