"""Marks, regions and pauses: what a program says through ctypes or from C is in its trace."""
import ctypes
import json

import pytest

import interpreters

EXAMPLE = interpreters.TOP / "examples" / "marks.py"
LIBRARY = interpreters.BUILD / "examples" / ".libs" / "libmarks.so"
TEXT_BYTES_MAX = 1024  # PYMEMTRACE_TEXT_BYTES_MAX


def marks_of(report, path):
    return [(each["kind"], each["text"]) for each in report("timeline", path)["marks"]]


def records_of(tool, path):
    lines = tool("pymemtrace-report", "dump", "--format=json", path).stdout.splitlines()
    return [record for record in map(json.loads, lines) if record.get("line") == "record"]


def test_example_runs_with_and_without_the_tracer(interp, trace, tmp_path, report):
    traced = trace(tmp_path, [EXAMPLE, LIBRARY])
    assert traced.process.stdout == "C library: 0\ncache: 20000 traced\n", traced.process.stderr
    assert marks_of(report, traced.path) == [
        ("begin", "fill the cache"), ("mark", "cache holds 20000"), ("end", "fill the cache"),
        ("begin", "C: build table"), ("mark", "half of 5000 rows"), ("end", "C: build table"),
    ]
    plain = interp.run([EXAMPLE, LIBRARY], preload=False)
    assert plain.stdout == "C library: 0\ncache: 20000 not traced\n"


@pytest.mark.interpreters(one=True)
def test_a_mark_knows_what_was_allocated_until_then(trace, tmp_path, tool):
    """From the beginning to the middle of the table: 2,501 blocks of 1,000 bytes."""
    libc = ctypes.CDLL(None)
    libc.malloc.restype = ctypes.c_void_p
    libc.malloc_usable_size.argtypes = libc.free.argtypes = [ctypes.c_void_p]
    block = libc.malloc(ctypes.c_size_t(1000))
    usable_bytes = libc.malloc_usable_size(block)
    libc.free(block)

    records = records_of(tool, trace(tmp_path, [EXAMPLE, LIBRARY]).path)
    texts = [record.get("text") for record in records]
    between = records[texts.index("C: build table") + 1:texts.index("half of 5000 rows") + 1]
    assert sum(each.get("delta_allocated_count", 0) for each in between) == 2501
    assert sum(each.get("delta_allocated_bytes", 0) for each in between) == 2501 * usable_bytes


TIMED = """
import ctypes, time
tracer = ctypes.CDLL(None)
for i in range(20):
    outer = time.monotonic_ns()
    tracer.pymemtrace_region_begin(b"r%d" % i)
    inner = time.monotonic_ns()
    while time.monotonic_ns() - inner < 1000000 * (i % 3):
        pass
    inner = time.monotonic_ns() - inner
    tracer.pymemtrace_region_end(b"r%d" % i)
    print(inner, time.monotonic_ns() - outer)
"""


@pytest.mark.interpreters(one=True)
def test_a_region_is_as_long_as_the_program_says(trace, tmp_path, report):
    traced = trace(tmp_path, TIMED)
    spans = [tuple(map(int, line.split())) for line in traced.process.stdout.splitlines()]
    marks = report("timeline", traced.path)["marks"]
    assert len(spans) == 20 and len(marks) == 40
    for (inner, outer), begin, end in zip(spans, marks[0::2], marks[1::2]):
        length = end["time_ns"] - begin["time_ns"]
        # A microsecond for the two clocks' rates and the rounding of ticks.
        assert inner - 1000 <= length <= outer + 1000


ODD = """
import ctypes
tracer = ctypes.CDLL(None)
results = [
    tracer.pymemtrace_mark(None),
    tracer.pymemtrace_mark(("x" + "\\u00e4" * 600).encode()),
    tracer.pymemtrace_mark(b"y" * 1024),
    tracer.pymemtrace_mark(b"a\\nb\\x1b[31m"),
    tracer.pymemtrace_region_end(b"never begun"),
    tracer.pymemtrace_active(), tracer.pymemtrace_pause(), tracer.pymemtrace_active(),
    tracer.pymemtrace_mark(b"while paused"),
    tracer.pymemtrace_pause(), tracer.pymemtrace_resume(), tracer.pymemtrace_resume(),
    tracer.pymemtrace_active(),
]
print(results)
"""


@pytest.mark.interpreters(one=True)
def test_odd_texts_and_results(trace, tmp_path, report):
    traced = trace(tmp_path, ODD)
    assert traced.process.stdout == "[1, 1, 1, 1, 1, 1, 1, 0, 1, 0, 0, 1, 1]\n"
    texts = [text for _, text in marks_of(report, traced.path)]
    assert texts == ["", "x" + "\u00e4" * 511, "y" * TEXT_BYTES_MAX, "a\nb\x1b[31m",
                     "never begun", "while paused"]
    shown = report("timeline", traced.path, "text")
    assert "\x1b" not in shown


PAUSED = """
import ctypes
tracer = ctypes.CDLL(None)
def before(): return [bytes(5000) for i in range(10)]
def meanwhile(): return [bytes(7000) for i in range(100)]
def after(): return [bytes(5000) for i in range(10)]
before()
tracer.pymemtrace_pause()
meanwhile()
tracer.pymemtrace_resume()
after()
"""


def functions_of(report, path):
    return {each["function"]: each for each in report("functions", path, "json", "-n", "all")["functions"]}


def test_nothing_is_an_event_while_paused(trace, tmp_path, report):
    functions = functions_of(report, trace(tmp_path, PAUSED).path)
    assert functions["before"]["calls"] == functions["after"]["calls"] == 1
    assert "meanwhile" not in functions
    # The sums go on: its 100 blocks are somewhere, and in none of the two.
    paused = [each for name, each in functions.items() if "paused" in name]
    assert len(paused) == 1
    assert paused[0]["self"]["allocated_bytes"] >= 100 * 7000


@pytest.mark.interpreters(one=True)
def test_start_paused_waits_for_resume(trace, tmp_path, report):
    script = PAUSED.replace("tracer.pymemtrace_pause()", "")
    functions = functions_of(report, trace(tmp_path, script, "start=paused").path)
    assert "before" not in functions and "meanwhile" not in functions
    assert functions["after"]["calls"] == 1


THREADS = """
import ctypes, threading
tracer = ctypes.CDLL(None)
def work(number):
    for i in range(50):
        tracer.pymemtrace_mark(b"thread %d mark %d" % (number, i))
threads = [threading.Thread(target=work, args=(n,)) for n in range(8)]
for thread in threads: thread.start()
for thread in threads: thread.join()
"""


@pytest.mark.interpreters(one=True)
def test_each_thread_has_its_marks_in_order(trace, tmp_path, report):
    timeline = report("timeline", trace(tmp_path, THREADS).path, "json", "-n", "all")
    by_stream = {}
    for mark in timeline["marks"]:
        by_stream.setdefault(mark["stream"], []).append(mark["text"])
    assert timeline["mark_count"] == 400
    assert sorted(by_stream.values(), key=lambda texts: texts[0]) == [
        ["thread %d mark %d" % (number, i) for i in range(50)] for number in range(8)
    ]
