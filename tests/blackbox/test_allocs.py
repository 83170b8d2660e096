"""mode=allocs: each allocation and free is in the trace, with its sizes, in its order, whatever
happens to the process. Truth: C code that adds up what it does, and the program's own account.
"""
import collections
import json
import mmap
import os

import pytest

import interpreters

KNOWN = interpreters.BUILD / ".libs" / "libknown.so"
PAGE = mmap.PAGESIZE
MALLOC_KINDS = {0, 1, 2}
NATIVE = 2 # of CODE records: a module

Block = collections.namedtuple("Block", "stream what kind address requested usable bytes name")


def blocks(tool, path, status=0):
    """ALLOC and FREE records of each stream in its order, with addresses and the names of the
    innermost Python functions."""
    done = tool("pymemtrace-report", "dump", "--format=json", path)
    assert done.returncode == status, done.stderr
    names, stacks, streams = {}, {}, {}
    stream, address = None, {}

    def name_of(stream, stack):
        while stack: # C frames (native=1) are passed over
            code, stack = stacks.get((stream, stack), (None, 0)) # 0: it was lost
            if names.get(code) is not None:
                return names[code]
        return None

    for line in done.stdout.splitlines():
        record = json.loads(line)
        stream = record.get("stream", stream)
        what = record.get("record")
        if what == "CODE":
            names[record["id"]] = record["name"] if record["kind"] != NATIVE else None
        elif what == "STACK":
            stacks[stream, record["id"]] = record["code_id"], record["parent_id"]
        elif what == "CHECKPOINT":
            address[stream] = 0
        elif what in ("ALLOC", "FREE"):
            address[stream] = (address[stream] + record["address_step"]) % 2**64
            streams.setdefault(stream, []).append(Block(
                stream, what, record["kind"], address[stream], record.get("requested_bytes"),
                record.get("usable_bytes"), record.get("bytes"), record.get("stack_id", 0)))
    # A function may be defined in a stream whose chunk comes later in the file.
    return {
        stream: [b._replace(name=name_of(stream, b.name)) for b in records]
        for stream, records in streams.items()
    }


def replay(records):
    """Frees of what is not live and allocations of what is, within one thread's stream."""
    live, wrong = {}, []
    for record in records:
        if record.kind not in MALLOC_KINDS:
            continue
        if record.what == "FREE":
            live.pop(record.address, None)
        elif record.address in live:
            wrong.append((live[record.address], record))
        else:
            live[record.address] = record
    return live, wrong


FAMILY = """
import ctypes, json
known = ctypes.CDLL({library!r})
class Known(ctypes.Structure):
    _fields_ = [(n, ctypes.c_uint64) for n in ("ab", "ac", "fb", "fc", "tid")]
k = Known()
at = ctypes.byref(k)
rounds = ctypes.c_uint(1000)
call = known.known_family
call(at, ctypes.c_uint(1))
k.ab = k.ac = k.fb = k.fc = 0
def family():
    call(at, rounds)
family()
print(json.dumps([k.ab, k.ac, k.fb, k.fc]))
"""


@pytest.mark.parametrize("allocator", ["pymalloc", "malloc", "debug"])
def test_the_family_is_exact(trace, tmp_path, tool, allocator):
    traced = trace(tmp_path, FAMILY.format(library=str(KNOWN)), "mode=allocs",
                   env={"PYTHONMALLOC": allocator})
    assert traced.process.returncode == 0, traced.process.stderr
    assert traced.process.stderr == ""
    allocated_bytes, allocated, _freed_bytes, freed = json.loads(traced.process.stdout)
    [main] = [r for r in blocks(tool, traced.path).values() if any(b.name == "family" for b in r)]
    ours = [i for i, b in enumerate(main) if b.name == "family" and b.kind in MALLOC_KINDS]
    # Python itself may allocate on entering: some blocks more, of its sizes, at the ends.
    slack = 0 if allocator == "pymalloc" else 12
    assert allocated <= len(ours) <= allocated + slack
    if not slack:
        assert sum(main[i].usable for i in ours) == allocated_bytes
        between = main[ours[0]: ours[-1] + 20]
        assert sum(b.what == "FREE" for b in main[ours[0]: ours[-1]]) <= freed
        assert sum(b.what == "FREE" for b in between) >= freed - 1
    _live, wrong = replay(main)
    assert not wrong, wrong[:5]


MAPS = """
import ctypes, mmap, os
libc = ctypes.CDLL(None, use_errno=True)
raw = libc.mmap
raw.restype = ctypes.c_void_p
raw.argtypes = [ctypes.c_void_p, ctypes.c_size_t] + [ctypes.c_int] * 3 + [ctypes.c_long]
libc.munmap.argtypes = [ctypes.c_void_p, ctypes.c_size_t]
PAGE = mmap.PAGESIZE
PRIVATE = mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS
def private():
    global p
    p = raw(None, 101 * PAGE, 3, PRIVATE, -1, 0)
def part():
    assert libc.munmap(p + 10 * PAGE, 5 * PAGE) == 0
def shared():
    raw(None, 102 * PAGE, 3, mmap.MAP_SHARED | mmap.MAP_ANONYMOUS, -1, 0)
def reserved():
    raw(None, 103 * PAGE, 0, PRIVATE, -1, 0)
def of_file():
    fd = os.open(os.environ["SOME_FILE"], os.O_RDONLY)
    raw(None, 104 * PAGE, 1, mmap.MAP_PRIVATE, fd, 0)
    os.close(fd)
def fails():
    assert libc.munmap(p + 1, PAGE) == -1
    assert ctypes.get_errno() == 22
private(); part(); shared(); reserved(); of_file(); fails()
print(p)
"""


def test_mappings_keep_their_kinds(trace, tmp_path, tool):
    some = tmp_path / "some"
    some.write_bytes(bytes(104 * PAGE))
    traced = trace(tmp_path, MAPS, "mode=allocs", env={"SOME_FILE": str(some)})
    assert traced.process.returncode == 0, traced.process.stderr
    at = int(traced.process.stdout)
    [main] = [r for r in blocks(tool, traced.path).values() if any(b.name == "private" for b in r)]
    kinds = {b.name: (b.kind, b.requested) for b in main if b.what == "ALLOC" and b.kind >= 8}
    assert kinds["private"] == (8, 101 * PAGE)
    assert kinds["shared"] == (11, 102 * PAGE)
    assert kinds["reserved"] == (10, 103 * PAGE)
    assert kinds["of_file"] == (9, 104 * PAGE)
    parts = [b for b in main if b.what == "FREE" and at <= b.address < at + 101 * PAGE]
    assert [(b.address - at, b.bytes) for b in parts] == [(10 * PAGE, 5 * PAGE)]


REFUSED = """
import ctypes, mmap
libc = ctypes.CDLL(None)
raw, remap = libc.mmap, libc.mremap
raw.restype = remap.restype = ctypes.c_void_p
raw.argtypes = [ctypes.c_void_p, ctypes.c_size_t] + [ctypes.c_int] * 3 + [ctypes.c_long]
remap.argtypes = [ctypes.c_void_p, ctypes.c_size_t, ctypes.c_size_t, ctypes.c_int]
FAILED, PAGE = 2**64 - 1, mmap.PAGESIZE
PRIVATE = mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS
def hold():
    return raw(None, 300 * PAGE, 3, PRIVATE, -1, 0)
def refuse(at):
    assert raw(at, 300 * PAGE, 3, mmap.MAP_PRIVATE | 0x10, -1, 0) == FAILED  # fixed, no file
    assert remap(at, 100 * PAGE, 200 * PAGE, 0) == FAILED  # no room behind, may not move
at = hold()
refuse(at)
print(at)
"""


def test_a_refused_mapping_changes_nothing(interp, trace, tmp_path, tool, report):
    traced = trace(tmp_path, REFUSED, "mode=allocs")
    assert (traced.process.returncode, traced.process.stderr) == (0, "")
    at = int(traced.process.stdout)
    records, = blocks(tool, traced.path).values()
    assert [(b.what, b.name) for b in records if b.address == at] == [("ALLOC", "hold")]
    held = {row["function"]: row["self"]["leaked_bytes"] for row in report("leaks", traced.path)["leaks"]}
    assert held["hold"] == 300 * PAGE
    assert "refuse" not in held


KILLED = """
import ctypes, mmap, struct, sys
with open(sys.argv[1], "r+b") as f:
    shared = mmap.mmap(f.fileno(), 0)
malloc, free = ctypes.CDLL(None).malloc, ctypes.CDLL(None).free
malloc.restype, malloc.argtypes, free.argtypes = ctypes.c_void_p, [ctypes.c_size_t], [ctypes.c_void_p]
def work():
    i = 0
    while True:
        free(malloc(5000 + i % 100000))
        i += 1
        shared[:8] = struct.pack("Q", i)
work()
"""


@pytest.mark.parametrize("least", [1, 3000, 60000])
def test_a_kill_keeps_all(kill_at, tool, least):
    count, path = kill_at(KILLED, "mode=allocs", least)
    assert tool("pymemtrace-report", "recover", path).returncode in (0, 4)
    done = tool("pymemtrace-report", "log", "--format=json", path)
    sizes = []
    for line in done.stdout.splitlines():
        event = json.loads(line)
        if event["event"] == "ALLOC" and event.get("function") == "work":
            sizes.append(event["requested_bytes"])
    sizes = [size for size in sizes if size >= 5000]
    assert len(sizes) in (count, count + 1)
    assert sizes == [5000 + i % 100000 for i in range(len(sizes))]


FORKS = """
import ctypes, os, sys
malloc, free = ctypes.CDLL(None).malloc, ctypes.CDLL(None).free
malloc.restype, malloc.argtypes, free.argtypes = ctypes.c_void_p, [ctypes.c_size_t], [ctypes.c_void_p]
def in_parent(): free(malloc(77777))
def in_child(): free(malloc(88888))
in_parent()
pid = os.fork()
if pid == 0:
    in_child()
    in_parent()
    sys.exit(3)
in_parent()
assert os.waitpid(pid, 0)[1] == 3 << 8
in_parent()
print(pid)
"""


def test_each_process_of_a_fork_has_its_own(trace, tmp_path, tool):
    traced = trace(tmp_path, FORKS, "mode=allocs", env={"PYTHONWARNINGS": "error"})
    assert traced.process.returncode == 0, traced.process.stderr
    assert traced.process.stderr == ""
    child = "%s.%d" % (traced.path, int(traced.process.stdout))

    def found(path):
        every = [b for records in blocks(tool, path).values() for b in records]
        return [(b.name, b.requested) for b in every if b.requested in (77777, 88888)]

    assert found(traced.path) == [("in_parent", 77777)] * 3
    assert found(child) == [("in_child", 88888), ("in_parent", 77777)]


THREADS = """
import ctypes, threading
malloc, free = ctypes.CDLL(None).malloc, ctypes.CDLL(None).free
malloc.restype, malloc.argtypes, free.argtypes = ctypes.c_void_p, [ctypes.c_size_t], [ctypes.c_void_p]
def one(n):
    for i in range(500):
        free(malloc(20000 + n))
def zero(n): one(n)
threads = [threading.Thread(target=(one, zero)[n % 2], args=(n,)) for n in range(8)]
for t in threads: t.start()
for t in threads: t.join()
"""


def test_threads_keep_their_own_stacks(trace, tmp_path, tool):
    traced = trace(tmp_path, THREADS, "mode=allocs")
    assert traced.process.returncode == 0, traced.process.stderr
    streams = blocks(tool, traced.path)
    for n in range(8):
        counts = {stream: sum(b.requested == 20000 + n and b.name == "one" for b in records)
                  for stream, records in streams.items()}
        assert sorted(counts.values())[-1] == 500 and sum(counts.values()) == 500


OUTLIVES = """
import sqlite3, threading, time
begun = threading.Event()
def query():
    with sqlite3.connect(":memory:") as c:
        c.create_function("begun", 0, lambda: begun.set() or 1)
        c.execute("with recursive t(n) as (select begun() union all select n + 1 from t where n < 100000000) "
                  "select sum(length(x)) from (select printf('%0500d', n) || hex(randomblob(3000)) as x from t)")\
            .fetchall()
def deep(n): return deep(n - 1) if n else query()
threading.Thread(target=deep, args=(20,), daemon=True).start()
begun.wait()
kept = [{i: [i]} for i in range(200000)]
print("bye")
"""


@pytest.mark.parametrize("options", [(), ("-X", "dev")])
def test_a_thread_in_c_may_outlive_the_interpreter(trace, tmp_path, options):
    """It allocates while the end of the interpreter frees its thread state."""
    if trace(tmp_path, ["-c", "import sqlite3"]).process.returncode:
        pytest.skip("no sqlite3 here")
    script = tmp_path / "outlives.py"
    script.write_text(OUTLIVES)
    traced = trace(tmp_path, [*options, script], "mode=allocs,max_size=64MiB")
    assert (traced.process.returncode, traced.process.stdout) == (0, "bye\n"), traced.process.stderr


VIEWS = """
import ctypes, threading
malloc, free = ctypes.CDLL(None).malloc, ctypes.CDLL(None).free
malloc.restype, malloc.argtypes, free.argtypes = ctypes.c_void_p, [ctypes.c_size_t], [ctypes.c_void_p]
kept = []
def leaks():
    kept.append(malloc(1000000))
def frees():
    p = malloc(
        2000000)
    free(p)
def hands_over():
    kept.append(malloc(3000000))
def takes():
    free(kept.pop())
def both():
    leaks()
    frees()
for i in range(7):
    both()
hands_over()
thread = threading.Thread(target=takes)
thread.start()
thread.join()
"""


def test_views_charge_the_function_that_allocated(trace, tmp_path, report):
    traced = trace(tmp_path, VIEWS, "mode=allocs")
    assert traced.process.returncode == 0, traced.process.stderr
    functions = {f["function"]: f for f in report("functions", traced.path, "json", "--limit=all")["functions"]}

    def own(name):
        return [round(functions[name]["self"][key], -5) for key in ("allocated_bytes", "freed_bytes")]

    assert own("leaks") == [7000000, 0]
    assert own("frees") == [14000000, 14000000]
    assert own("hands_over") == [3000000, 3000000]  # freed by another thread
    assert round(functions["both"]["inclusive"]["allocated_bytes"], -5) == 21000000
    lines = report("lines", traced.path, "json", "--limit=all")["lines"]
    at = {(row["function"], row["line"]): row["self"]["allocated_bytes"] for row in lines}
    first = VIEWS.splitlines().index("def leaks():") + 1
    assert round(at["leaks", first + 1], -5) == 7000000
    # A call over two lines is where its interpreter says: the first from 3.8 on.
    assert round(at["frees", first + 3], -5) == 14000000
    # Nothing is counted twice: all functions together are what the threads' sums say.
    every = report("functions", traced.path, "json", "--limit=all")["functions"]
    threads = report("threads", traced.path)["threads"]
    for key in ("allocated_bytes", "allocated_count", "freed_bytes", "freed_count"):
        assert sum(f["self"][key] for f in every) == sum(t["totals"][key] for t in threads)
