"""Who leaks, and who held the peak: programs whose leaks are known, to the byte and the line."""
import pathlib
import shutil

import pytest

import interpreters

EXAMPLES = pathlib.Path(__file__).resolve().parents[2] / "examples" / "leaks"
LEAKY = interpreters.BUILD / "examples" / "leaks" / ".libs" / "libleaky.so"
TOP_ROWS = 10


def line_of(path, text):
    """The number of the line that holds text."""
    lines = path.read_text(encoding="utf-8").splitlines()
    return [number for number, line in enumerate(lines, 1) if text in line][0]


@pytest.mark.parametrize("name, function, text, least", [
    ("cache", "render", "return bytes(body)", 20000 * 1000),
    ("cycle", "Node.__init__", "self.load = ", 50000 * 300),
    ("thread_locals", "serve", "kept.buffers = ", 100000 * 100),
    ("mapping", "grow", "maps.append", 20 << 20),
    ("forked", "work", "kept.append", 20000 * 1000),
    ("extension", "add_up", "leaky.leaky_sum(100)", 100000 * 100),
])
def test_the_first_screen_names_the_line(trace, tmp_path, tool, report, name, function, text, least):
    script = tmp_path / (name + ".py")
    shutil.copy(str(EXAMPLES / script.name), str(script))
    library = tmp_path / LEAKY.name
    shutil.copy(str(LEAKY), str(library))
    traced = trace(tmp_path, [script, library], "mode=allocs")
    assert traced.process.returncode == 0, traced.process.stderr
    line = line_of(script, text)
    path = next(tmp_path.glob("trace.bin.*"), traced.path) # of the child where there is one
    top = report("leaks", path)["leaks"][0]
    # A comprehension is a function of its own before 3.12; names are qualified from 3.11 on.
    assert (top["file"], top["line"]) == (str(script), line)
    if "comp>" not in top["function"]:
        assert function.endswith(top["function"].split(".")[-1])
    assert least <= top["self"]["leaked_bytes"] <= least * 1.2
    screen = tool("pymemtrace-report", "leaks", "--width=100", path).stdout
    assert "%s.py:%d" % (name, line) in "\n".join(screen.splitlines()[:TOP_ROWS])


IMPORTS = """
import email.mime.multipart, json, linecache, tracemalloc, unittest
def leak(): return [bytes(1000) for _ in range(1000)]
kept = leak()
linecache.getline(json.__file__, 1)
if tracemalloc.is_tracing():
    for s in tracemalloc.take_snapshot().statistics("filename"):
        print(s.size, s.count, s.traceback[0].filename)
"""


def test_what_python_keeps_is_told_apart(interp, trace, tmp_path, tool, report):
    """As tracemalloc has it, which asks for the same file of the innermost frame."""
    python_own = ("<frozen importlib._bootstrap>", "<frozen importlib._bootstrap_external>")
    plain = interp.run(["-X", "tracemalloc", "-c", IMPORTS], env={"PYTHONMALLOC": "malloc"}, preload=False)
    truth = [line.split(" ", 2) for line in plain.stdout.splitlines()]
    truth = {name: (int(size), int(count)) for size, count, name in truth
             if name in python_own or name.endswith("/linecache.py")}
    assert set(python_own) <= set(truth)
    traced = trace(tmp_path, IMPORTS, "mode=allocs", env={"PYTHONMALLOC": "malloc"})
    assert traced.process.returncode == 0, traced.process.stderr
    rows = {row["function"]: row for row in report("leaks", traced.path, "json", "--by=file")["leaks"]}
    # tracemalloc begins when that is there already.
    told = {name for name, row in rows.items() if row["python_own"]} - {"<frozen zipimport>"}
    assert told == set(truth)
    for name, (size, count) in truth.items():
        ours = rows[name]["self"]
        # In another process a few strings differ, and whose call makes a large table grow.
        assert count * .9 <= ours["leaked_count"] <= count * 1.1, name
        assert ours["leaked_bytes"] >= size / 2, name
    shown = tool("pymemtrace-report", "leaks", "--width=100", traced.path).stdout
    mine, apart = shown.split("Python's own")
    assert "app.py:3" in mine.split("line\n")[1].splitlines()[0]
    assert "importlib" not in mine and "_compile_bytecode" in apart


KNOWN = """
import ctypes, sys
libc = ctypes.CDLL(None)
libc.malloc.restype = libc.realloc.restype = ctypes.c_void_p
libc.realloc.argtypes = [ctypes.c_void_p, ctypes.c_size_t]
libc.free.argtypes = [ctypes.c_void_p]
libc.pymemtrace_mark.argtypes = [ctypes.c_char_p]
malloc, realloc, free, mark = libc.malloc, libc.realloc, libc.free, libc.pymemtrace_mark
def early():
    return malloc(1000008)
def grown():
    p = malloc(24)
    for size in (5000008, 2000008, 3000008):
        p = realloc(p, size)
    return p
def late():
    return malloc(700008)
def most():
    free(malloc(50000000))
a = early()
mark(b"first")
b = grown()
c = early()
most()
mark(b"second")
d = late()
free(c)
"""


def by_function(document, figure):
    found = {}
    for row in document:
        found[row["function"]] = found.get(row["function"], 0) + row["self"][figure]
    return found


@pytest.mark.parametrize("mode", ["mode=allocs", "mode=calls+allocs"])
def test_known_blocks(trace, tmp_path, report, mode):
    traced = trace(tmp_path, KNOWN, mode)
    assert traced.process.returncode == 0, traced.process.stderr

    def leaked(*options):
        document = report("leaks", traced.path, "json", *options)
        found = by_function(document["leaks"], "leaked_bytes")
        assert document["blocks"]["double_frees"] == document["blocks"]["missed_frees"] == 0
        # Large blocks are mapped by malloc: whole pages.
        return {name: found.get(name, 0) >> 14 for name in ("early", "grown", "late", "most")}

    early, grown, late = 1000008 >> 14, 3000008 >> 14, 700008 >> 14
    assert leaked() == {"early": early, "grown": grown, "late": late, "most": 0}
    assert leaked("--to=exit") == leaked()
    assert leaked("--to=first") == {"early": early, "grown": 0, "late": 0, "most": 0}
    assert leaked("--from=first", "--to=second") == {
        "early": early, "grown": grown, "late": 0, "most": 0}
    assert leaked("--from=second") == {"early": 0, "grown": 0, "late": late, "most": 0}

    def at(moment):
        document = report("at", traced.path, "json", moment)
        found = by_function(document["at"], "live_bytes")
        assert document["blocks"]["live_bytes"] == sum(found.values())
        return {name: found.get(name, 0) >> 14 for name in ("early", "grown", "late", "most")}

    assert at("mark:first") == {"early": early, "grown": 0, "late": 0, "most": 0}
    assert at("mark:second") == {
        "early": 2000016 >> 14, "grown": grown, "late": 0, "most": 0}
    assert at("100%") == leaked("--to=exit")
    assert at("0") == {"early": 0, "grown": 0, "late": 0, "most": 0}
    document = report("peak", traced.path)
    at_peak = by_function(document["peak"], "peak_bytes")
    assert at_peak["most"] >> 14 == 50000000 >> 14
    assert at_peak["early"] >> 14 == 2000016 >> 14
    assert document["blocks"]["peak_bytes"] == sum(at_peak.values())
    peak = report("summary", traced.path)["summary"]["peak_live"]
    assert (peak["bytes"], peak["time_ns"]) == (
        document["blocks"]["peak_bytes"], document["blocks"]["peak_at_ns"])
    holder = peak["holder"]
    assert holder["function"] == "most"
    assert holder["peak_bytes"] == at_peak["most"]


GROWS = """
import mmap, time
def fill():
    return [mmap.mmap(-1, 1 << 20, flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS) for i in range(30)]
def touch(maps):
    for each in maps:
        each.write(bytes(1 << 20))
def wait():
    end = time.monotonic() + 0.1
    while time.monotonic() < end:
        pass
maps = fill()
wait()
touch(maps)
wait()
blocks = [bytes(100000) for i in range(200)]
wait()
del maps, blocks
wait()
"""


def test_fragmentation_agrees_with_any_moment(trace, tmp_path, report):
    traced = trace(tmp_path, GROWS, "mode=allocs,interval=20ms")
    assert traced.process.returncode == 0, traced.process.stderr
    document = report("fragmentation", traced.path)
    rows = document["fragmentation"]
    assert len(rows) > 10
    for row in rows:
        assert row["rest_bytes"] == row["rss_bytes"] - row["live_bytes"]
        blocks = report("at", traced.path, "json", "%dns" % row["time_ns"])["blocks"]
        assert blocks["live_bytes"] == row["live_bytes"]
    full = [row for row in rows if row["live_bytes"] >= (30 << 20) + 200 * 100000]
    assert full and all(row["mapped_bytes"] >= 30 << 20 for row in full)
    # Before they are touched the mappings are live and not resident.
    assert min(row["rest_bytes"] for row in rows) < 0 < full[-1]["rest_bytes"]
    assert document["most"] == max(rows, key=lambda row: row["rest_bytes"])


def test_known_sizes(trace, tmp_path, report):
    traced = trace(tmp_path, KNOWN, "mode=allocs")
    assert traced.process.returncode == 0, traced.process.stderr
    document = report("sizes", traced.path, "json", "--to=exit")
    [grown] = [f for f in document["functions"] if f["function"] == "grown"]
    rows = {row["from_bytes"]: row for row in grown["sizes"]}
    # 24 bytes, then 5000008, 2000008, 3000008 in its place.
    assert rows[1 << 22]["requested_bytes"] == 5000008 and rows[1 << 22]["live_count"] == 0
    assert rows[1 << 20]["requested_bytes"] == 2000008
    assert rows[1 << 21]["requested_bytes"] == 3000008 and rows[1 << 21]["live_count"] == 1
    assert 3000008 <= rows[1 << 21]["live_bytes"] < 3000008 + (1 << 13)
    [early] = [f for f in document["functions"] if f["function"] == "early"]
    [row] = [row for row in early["sizes"] if row["from_bytes"] == 1 << 19]
    assert (row["allocated_count"], row["requested_bytes"], row["live_count"]) == (2, 2000016, 1)
    whole = {row["from_bytes"]: row["allocated_count"] for row in document["sizes"]}
    for function in document["functions"]:
        for row in function["sizes"]:
            whole[row["from_bytes"]] -= row["allocated_count"]
    assert set(whole.values()) == {0}
    by_size = report("leaks", traced.path, "json", "--to=exit", "--by=size")["leaks"]
    assert {(r["function"], r["self"]["leaked_count"]) for r in by_size} == {
        (size_name(row["from_bytes"]), row["live_count"])
        for row in document["sizes"] if row["live_count"]}


def size_name(begin):
    def words(value):
        power = (value.bit_length() - 1) // 10
        return "%d %s" % (value >> 10 * power, ("B", "KiB", "MiB", "GiB")[power])

    return "%s to <%s" % (words(begin), words(2 * begin)) if begin > 1 else words(begin)


HANDED_ON = """
import ctypes, queue, threading
libc = ctypes.CDLL(None)
libc.malloc.restype, libc.free.argtypes = ctypes.c_void_p, [ctypes.c_void_p]
malloc, free = libc.malloc, libc.free
handed = queue.Queue()
def make():
    for i in range(20000):
        handed.put(malloc(1000))
    handed.put(None)
def drop():
    while True:
        p = handed.get()
        if p is None:
            break
        free(p)
    malloc(123456)
threads = [threading.Thread(target=make), threading.Thread(target=drop)]
for t in threads: t.start()
for t in threads: t.join()
"""


@pytest.mark.parametrize("mode", ["mode=allocs", "mode=calls+allocs"])
def test_blocks_that_another_thread_frees(trace, tmp_path, report, mode):
    traced = trace(tmp_path, HANDED_ON, mode)
    assert traced.process.returncode == 0, traced.process.stderr
    document = report("leaks", traced.path)
    found = by_function(document["leaks"], "leaked_bytes")
    assert found.get("make", 0) < 100000
    assert 123456 <= found["drop"] < 200000
    assert document["blocks"]["other_thread_frees"] >= 20000
    assert document["blocks"]["missed_frees"] == 0


CHURNS = """
import ctypes
libc = ctypes.CDLL(None)
libc.malloc.restype, libc.free.argtypes = ctypes.c_void_p, [ctypes.c_void_p]
malloc, free = libc.malloc, libc.free
def churn():
    for i in range(300):
        free(malloc(10000))
def keep():
    kept = [malloc(10000) for i in range(300)]
    for p in kept:
        free(p)
churn()
keep()
"""


@pytest.mark.parametrize("mode", ["mode=allocs", "mode=calls+allocs"])
def test_temporary_blocks(trace, tmp_path, report, mode):
    traced = trace(tmp_path, CHURNS, mode)
    assert traced.process.returncode == 0, traced.process.stderr
    found = by_function(report("churn", traced.path)["churn"], "temporary_bytes")
    assert 3000000 <= found["churn"] < 3100000
    # Only the last of the kept ones are freed within ten allocations, and Python has some.
    assert sum(found.get(name, 0) for name in ("keep", "<listcomp>", "keep.<locals>.<listcomp>")) < 300000
    found = by_function(report("churn", traced.path, "json", "--within=100000")["churn"], "temporary_count")
    assert sum(found.get(name, 0) for name in ("keep", "<listcomp>", "keep.<locals>.<listcomp>")) >= 300
