"""mode=objects: each block of Python's allocator domains is in the trace, once, whatever serves it.
Truth: tracemalloc in a plain run of the same program, sys.getallocatedblocks, and C that allocates.
"""
import collections
import json
import os

import pytest

import interpreters
from test_allocs import blocks
from test_leaks import by_function

PROGRAM = interpreters.TOP / "tests" / "blackbox" / "programs" / "objects_by_line.py"
DOMAINS = {16: "raw", 17: "mem", 18: "obj"}
MALLOC_KINDS = {0, 1, 2}
# Lines that hold what they made, apart from those that call them.
BODIES = {
    "tuples": "for i in range(N * 10)]", "texts": '"%d" % i for', "byte_strings": "return [bytes(i)",
    "byte_arrays": "return [bytearray(", "grown": "table[i, i] = None", "grown_list": "items.append(",
    "things": "return [Thing()", "freed": "a = [bytes(n)", "attributes": "self.a = self.b",
}


def number_of(text):
    lines = PROGRAM.read_text(encoding="utf-8").splitlines()
    return [number for number, line in enumerate(lines, 1) if text in line][0]


LINES = {name: number_of(text) for name, text in BODIES.items()}


def truth(interp, size, env=None, options=()):
    """Blocks and bytes of each line, by tracemalloc without us."""
    done = interp.run([*options, PROGRAM, str(size)], env={"TRUTH": "1", **(env or {})}, preload=False)
    assert done.returncode == 0, done.stderr
    lines = json.loads(done.stdout)
    return {name: tuple(lines[str(number)]) for name, number in LINES.items() if str(number) in lines}


def live_by_line(report, path, *options):
    """Of the program, by the report."""
    document = report("leaks", path, "json", "--limit=all", *options)
    found = collections.Counter()
    for row in document["leaks"]:
        if row["file"] == str(PROGRAM):
            found[row["line"], 0] += row["self"]["leaked_count"]
            found[row["line"], 1] += row["self"]["leaked_bytes"]
    doubts = document["blocks"]
    assert doubts["double_frees"] == doubts["missed_frees"] == doubts["unplaced_records"] == 0, doubts
    return {name: (found[number, 0], found[number, 1]) for name, number in LINES.items() if found[number, 0]}


def alternate(tool, path):
    """Of one thread's blocks: an address is given, taken, given... The frees of what came before."""
    unknown = 0
    for records in blocks(tool, path).values():
        live = set()
        for record in records:
            if record.kind in MALLOC_KINDS or record.kind in DOMAINS:
                if record.what == "ALLOC":
                    assert record.address not in live, record
                    live.add(record.address)
                elif record.address in live:
                    live.remove(record.address)
                else:
                    unknown += 1
            elif record.what == "FREE":
                unknown += 1  # perhaps: of a mapping
    return unknown


ALLOCATORS = {
    "pymalloc": ({}, ()),
    "malloc": ({"PYTHONMALLOC": "malloc"}, ()),
    "debug": ({"PYTHONMALLOC": "debug"}, ()),
    "malloc_debug": ({"PYTHONMALLOC": "malloc_debug"}, ()),
    "dev": ({}, ("-X", "dev")),
}


@pytest.mark.parametrize("allocator", ALLOCATORS)
def test_live_objects_are_those_of_tracemalloc(interp, trace, tmp_path, report, allocator):
    env, options = ALLOCATORS[allocator]
    size = 10000 if allocator == "pymalloc" else 1000
    traced = trace(tmp_path, [*options, PROGRAM, str(size)], "mode=objects", env=env)
    assert (traced.process.returncode, traced.process.stderr) == (0, "")
    expected = truth(interp, size, env, options)
    assert len(expected) >= len(LINES) - 1
    found = live_by_line(report, traced.path, "--from=begin", "--to=end")
    # The tables of pymalloc are malloc's, and nothing that tracemalloc knows of.
    served = report("leaks", traced.path, "json", "--from=begin", "--to=end")["blocks"]["domains"]["malloc"]
    more = [tuple(f - e for f, e in zip(found[name], expected[name])) for name in expected]
    # From 3.14 on a free list has up to 100 ints: tracemalloc gives them to who takes them from there.
    ints = 100 if interp.version >= (3, 14) else 0
    assert [name for name, (count, size) in zip(expected, more) if count < -ints or size < -32 * ints] == []
    assert served["count"] <= 4
    assert sum(pair[0] for pair in more) <= served["count"] + ints
    assert sum(pair[1] for pair in more) <= served["bytes"] + 32 * ints
    assert ints or len([pair for pair in more if pair[0]]) <= 1


def test_arena_blocks_are_those_that_python_counts(interp, trace, tmp_path, tool):
    """pymalloc's blocks are records without usable bytes, those that it hands on have some."""
    traced = trace(tmp_path, [PROGRAM, "1000"], "mode=objects")
    plain = interp.run([PROGRAM, "1000"], preload=False)
    grew, counts_all = json.loads(traced.process.stdout)
    assert abs(grew - json.loads(plain.stdout)[0]) <= 50  # what one mark more or less makes
    done = tool("pymemtrace-report", "dump", "--format=json", traced.path)
    count, address, stream, here = 0, {}, None, False
    small = set()
    for line in done.stdout.splitlines():
        record = json.loads(line)
        stream = record.get("stream", stream)
        what = record.get("record")
        if what == "CHECKPOINT":
            address[stream] = 0
        elif what == "MARK":
            here = {"warm": True, "end": False}.get(record["text"], here)
        elif what in ("ALLOC", "FREE"):
            address[stream] = (address[stream] + record["address_step"]) % 2**64
            if record["kind"] in (17, 18) and what == "ALLOC":
                is_small = record["usable_bytes"] == 0
                assert record["requested_bytes"] <= (512 if is_small else record["usable_bytes"])
                if is_small or counts_all:
                    small.add(address[stream])
                    count += here
            elif what == "FREE" and address[stream] in small:
                small.remove(address[stream])
                count -= here
    assert abs(count - grew) <= 20  # those of the two marks themselves


@pytest.mark.parametrize("allocator", ALLOCATORS)
def test_addresses_alternate(interp, trace, tmp_path, tool, report, allocator):
    env, options = ALLOCATORS[allocator]
    traced = trace(tmp_path, [*options, PROGRAM, "500"], "mode=objects", env=env)
    assert (traced.process.returncode, traced.process.stderr) == (0, "")
    unknown = alternate(tool, traced.path)
    document = report("leaks", traced.path, "json", "--to=exit")["blocks"]
    assert document["double_frees"] == document["missed_frees"] == 0
    assert document["unknown_frees"] <= unknown


ONCE = """
import ctypes
libc = ctypes.CDLL(None)
libc.malloc.restype = ctypes.c_void_p
kept = []
def large():
    kept.append(bytes(100000 - 33))
def larger():
    a = bytearray(200000)
    for i in range(50):
        a.extend(bytes(10000))
    kept.append(a)
def of_c():
    kept.append(libc.malloc(300000))
def raw():
    ctypes.pythonapi.PyMem_RawMalloc.restype = ctypes.c_void_p
    kept.append(ctypes.pythonapi.PyMem_RawMalloc(400000))
large(); larger(); of_c(); raw()
"""


@pytest.mark.parametrize("allocator", ALLOCATORS)
def test_what_malloc_serves_is_counted_once(trace, tmp_path, tool, report, allocator):
    env, options = ALLOCATORS[allocator]
    script = tmp_path / "once.py"
    script.write_text(ONCE)
    traced = trace(tmp_path, [*options, script], "mode=objects", env=env)
    assert (traced.process.returncode, traced.process.stderr) == (0, "")
    found = {}
    for records in blocks(tool, traced.path).values():
        for b in records:
            if b.what == "ALLOC" and b.requested > 50000 and b.name in ("large", "of_c", "raw"):
                found.setdefault(b.name, []).append((b.kind, b.requested))
    assert found == {"large": [(18, 100000)], "of_c": [(0, 300000)], "raw": [(16, 400000)]}
    document = report("leaks", traced.path, "json", "--limit=all")
    held = by_function(document["leaks"], "leaked_bytes")
    assert 700000 <= held["larger"] < 1000000
    domains = document["blocks"]["domains"]
    assert domains["malloc"]["bytes"] >= 300000 and domains["raw"]["bytes"] >= 400000
    assert sum(d["bytes"] for d in domains.values()) == document["blocks"]["live_bytes"]
    assert sum(d["count"] for d in domains.values()) == document["blocks"]["live_count"]
    rows = report("leaks", traced.path, "json", "--by=domain")["leaks"]
    assert {row["domain"]: row["self"]["leaked_bytes"] for row in rows} == {
        name: d["bytes"] for name, d in domains.items() if d["count"]}


def test_functions_are_charged_as_the_sums_say(trace, tmp_path, report):
    traced = trace(tmp_path, ONCE, "mode=objects")
    assert traced.process.returncode == 0, traced.process.stderr
    every = report("functions", traced.path, "json", "--limit=all")["functions"]
    by_name = {f["function"]: f["self"] for f in every}
    assert by_name["large"]["object_bytes"] >= 100000 <= by_name["large"]["allocated_bytes"]
    assert by_name["of_c"]["object_bytes"] < 10000 < 300000 <= by_name["of_c"]["allocated_bytes"]
    threads = report("threads", traced.path)["threads"]
    for key in ("allocated_bytes", "allocated_count", "freed_bytes", "freed_count", "object_bytes", "object_count"):
        assert sum(f["self"][key] for f in every) == sum(t["totals"][key] for t in threads), key


ARENAS = """
kept = [(i, i) for i in range(300000)]
"""


def test_arenas_stand_apart(interp, trace, tmp_path, report):
    traced = trace(tmp_path, ARENAS, "mode=objects")
    assert traced.process.returncode == 0, traced.process.stderr
    text = report("leaks", traced.path, "text")
    assert "Apart from the heap, live: Python's arenas " in text
    document = report("leaks", traced.path)["blocks"]
    small = sum(document["domains"][name]["bytes"] for name in ("obj", "mem"))
    assert document["domains"]["mmap"]["bytes"] == 0
    # The outer list is malloc's; what is left in arenas has some room besides.
    assert small - 8 * 340000 <= document["arena_bytes"] <= small + (4 << 20)
    trace(tmp_path, ARENAS, "mode=objects", env={"PYTHONMALLOC": "malloc"})
    assert report("leaks", traced.path)["blocks"]["arena_bytes"] == 0


TRACEMALLOC = """
import ctypes, sys, tracemalloc
mark = ctypes.CDLL(None).pymemtrace_mark
def make():
    return [bytes(7001 + 10 * n) for n in range(200)]
kept = [make()]
if "start" in sys.argv:
    tracemalloc.start()
kept.append(make())
got = sum(s.size for s in tracemalloc.take_snapshot().statistics("filename"))
mark(b"now")
if "stop" in sys.argv:
    del kept[0]
    tracemalloc.stop()
    kept.clear()
    if "again" in sys.argv:
        sys.audit("anything")
    kept.append(make())
print(got > 200 * 7001)
"""


@pytest.mark.parametrize("how", ["at start", "start", "stop", "stop again"])
def test_tracemalloc_beside_it(trace, tmp_path, tool, report, how):
    """It stands in front of us, or behind, and takes what lies before it away when it stops."""
    script = tmp_path / "app.py"
    script.write_text(TRACEMALLOC)
    options = () if how == "start" else ("-X", "tracemalloc")
    traced = trace(tmp_path, [*options, script, *how.split()], "mode=objects")
    assert (traced.process.returncode, traced.process.stdout, traced.process.stderr) == (0, "True\n", "")
    sizes = {7001 + 33 + 10 * n for n in range(200)}
    found = collections.Counter(
        b.requested for records in blocks(tool, traced.path).values() for b in records
        if b.what == "ALLOC" and b.kind == 18 and b.requested in sizes and b.name and
        b.name.split(".")[-1] in ("make", "<listcomp>"))
    # At the next audit event we are there again.
    assert set(found) == sizes and set(found.values()) == {3 if "again" in how else 2}
    document = report("leaks", traced.path, "json", "--to=now", "--limit=all")
    assert document["blocks"]["double_frees"] == document["blocks"]["missed_frees"] == 0
    at = TRACEMALLOC.splitlines().index("    return [bytes(7001 + 10 * n) for n in range(200)]") + 1
    held = sum(row["self"]["leaked_bytes"] for row in document["leaks"]
               if row["file"] == str(script) and row["line"] == at)
    assert held >= 2 * sum(sizes)
    if "again" not in how:  # what was freed before the audit event, nobody saw
        alternate(tool, traced.path)


INNER = """
try:
    import _interpreters as inner
except ImportError:
    import _xxsubinterpreters as inner
import ctypes
mark = ctypes.CDLL(None).pymemtrace_mark
code = '''
def in_it():
    return [bytes(3000 + n) for n in range(100)]
kept = in_it()
'''
one = inner.create()
run = getattr(inner, "exec", None) or inner.run_string
run(one, code)
mark(b"now")
inner.destroy(one)
def outside():
    return [bytes(3000 + n) for n in range(100)]
kept = outside()
"""


def test_subinterpreters(interp, trace, tmp_path, report):
    traced = trace(tmp_path, INNER, "mode=objects")
    if "No module named" in traced.process.stderr:
        pytest.skip("no module for subinterpreters here")
    assert (traced.process.returncode, traced.process.stderr) == (0, "")
    expected = sum(3033 + n for n in range(100))

    def held(*options):
        document = report("leaks", traced.path, "json", "--limit=all", *options)
        assert document["blocks"]["double_frees"] == document["blocks"]["missed_frees"] == 0
        found = collections.Counter()
        for row in document["leaks"]:
            if row["function"].split(".")[-1] in ("in_it", "outside", "<listcomp>"):
                found[os.path.basename(row["file"])] += row["self"]["leaked_bytes"] // expected
        return found["app.py"], found["<string>"] + found["<script>"]

    assert held("--to=now") == (0, 1)
    assert held() == (1, 0)


THREADS = """
import queue, threading
made = queue.Queue()
def make(n):
    made.put([bytes(1000 + n) for i in range(2000)])
def drop():
    for i in range(3):
        made.get()
threads = [threading.Thread(target=make, args=(n,)) for n in range(6)]
threads.append(threading.Thread(target=drop))
for t in threads: t.start()
for t in threads: t.join()
left = list(made.queue)
print(sum(map(len, left)), sum(len(b) + 33 for row in left for b in row))
"""


def test_threads(trace, tmp_path, report):
    traced = trace(tmp_path, THREADS, "mode=objects")
    assert traced.process.returncode == 0, traced.process.stderr
    count, size = map(int, traced.process.stdout.split())
    document = report("leaks", traced.path, "json", "--limit=all")
    rows = [row for row in document["leaks"] if row["file"] and row["file"].endswith("app.py") and row["line"] == 5]
    assert count <= sum(row["self"]["leaked_count"] for row in rows) <= count + 30
    assert size <= sum(row["self"]["leaked_bytes"] for row in rows) <= size + 6 * 20000
    assert document["blocks"]["other_thread_frees"] >= 3 * 2000
    assert document["blocks"]["double_frees"] == document["blocks"]["missed_frees"] == 0


FORKS = """
import os, sys
def in_parent():
    return [bytes(2000) for i in range(50)]
def in_child():
    return [bytes(2000) for i in range(70)]
kept = in_parent()
pid = os.fork()
if pid == 0:
    del kept[:20]
    kept += in_child()
    sys.exit(3)
assert os.waitpid(pid, 0)[1] == 3 << 8
print(pid)
"""


def test_each_process_of_a_fork_has_its_own(trace, tmp_path, report):
    traced = trace(tmp_path, FORKS, "mode=objects", env={"PYTHONWARNINGS": "error"})
    assert (traced.process.returncode, traced.process.stderr) == (0, "")
    child = "%s.%d" % (traced.path, int(traced.process.stdout))

    def held(path):
        document = report("leaks", path, "json", "--limit=all")
        assert document["blocks"]["double_frees"] == 0
        found = collections.Counter()
        for row in document["leaks"]:
            if row["file"] and row["file"].endswith("app.py") and row["line"] in (4, 6):
                found[row["line"]] += row["self"]["leaked_bytes"] // 2033
        return found, document["blocks"]["unknown_frees"]

    assert held(traced.path)[0] == {4: 50}
    found, unknown = held(child)
    assert found == {6: 70} and unknown >= 20


KILLED = """
import mmap, struct, sys
with open(sys.argv[1], "r+b") as f:
    shared = mmap.mmap(f.fileno(), 0)
def work():
    i = 0
    while True:
        bytes(5000 + i % 100)
        i += 1
        shared[:8] = struct.pack("Q", i)
work()
"""


@pytest.mark.parametrize("least", [1, 30000])
def test_a_kill_keeps_all(kill_at, tool, least):
    count, path = kill_at(KILLED, "mode=objects", least)
    assert tool("pymemtrace-report", "recover", path).returncode in (0, 4)
    sizes = [b.requested for records in blocks(tool, path).values() for b in records
             if b.what == "ALLOC" and b.name == "work" and b.requested >= 5000]
    assert len(sizes) in (count, count + 1)
    assert sizes == [5033 + i % 100 for i in range(len(sizes))]


EVERY_WAY = """
import gc, itertools, threading
def f(n):
    try:
        yield [n] * n
    finally:
        {n: [n] for n in range(n)}
for n in range(300):
    next(f(n))
threads = [threading.Thread(target=lambda: [str(i) * i for i in range(500)]) for n in range(4)]
for t in threads: t.start()
for t in threads: t.join()
try:
    [0] * 2**60
except MemoryError:
    print("no memory")
b = bytearray(100)
try:
    b.extend(itertools.repeat(0, 10**4))
    b * 2**58
except (MemoryError, OverflowError):
    print("nor here", len(b))
gc.collect()
"""


@pytest.mark.parametrize("mode", ["mode=objects", "mode=objects,native=1", "mode=objects,rss=each"])
def test_nothing_changes_for_the_program(both, report, mode):
    plain, traced = both(["-c", EVERY_WAY], mode)
    assert (traced.stdout, traced.stderr, traced.returncode) == (plain.stdout, plain.stderr, plain.returncode)
    document = report("leaks", traced.path, "json", "--to=exit")
    assert document["blocks"]["double_frees"] == document["blocks"]["missed_frees"] == 0


NO_MEMORY = """\
import sys
import _testcapi
def look():
    sys.audit("anything")
_testcapi.set_nomemory(0)
try:
    look()
except MemoryError:
    pass
_testcapi.remove_mem_hooks()
kept = [object() for i in range(1000)]
look()
print(len(kept))
"""


def test_an_allocator_without_memory_in_front_of_us(interp, both, report):
    """It chains to ours, which nobody can see from the outside while it gives nothing."""
    if interp.run(["-c", "import _testcapi"], preload=False).returncode:
        pytest.skip("no _testcapi here")
    plain, traced = both(["-c", NO_MEMORY], "mode=objects")
    assert (plain.stdout, plain.returncode) == ("1000\n", 0), plain.stderr
    assert (traced.stdout, traced.stderr, traced.returncode) == (plain.stdout, plain.stderr, 0)
    assert report("leaks", traced.path)["blocks"]["domains"]["obj"]["count"] >= 1000


@pytest.mark.interpreters(min=(3, 13))
def test_objects_and_refs_together(trace, tmp_path, report):
    traced = trace(tmp_path, "kept = [type('T', (), {})() for i in range(100)]\n", "mode=objects+refs")
    assert (traced.process.returncode, traced.process.stderr) == (0, "")
    assert sum(row["live_count"] for row in report("types", traced.path)["types"] if row["type"] == "T") == 100
    document = report("leaks", traced.path)
    assert document["trace"]["mode"] == "objects+refs"
    assert document["blocks"]["domains"]["obj"]["count"] >= 100


@pytest.mark.interpreters(one=True)
def test_calls_and_objects_together_are_refused(trace, tmp_path):
    traced = trace(tmp_path, "pass\n", "mode=calls+objects")
    assert traced.process.returncode == 0
    assert "mode=calls+objects is not in this version" in traced.process.stderr
    assert not os.path.exists(traced.path)
