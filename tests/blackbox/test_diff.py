"""What differs: between two versions of a program, and between two of its marks, held against what the
program does by itself and against tracemalloc in a plain run of it."""
import json

import pytest

MORE_BYTES = 3 << 20

VERSION = """
{header}
def steady():
    return [bytearray(100000) for _ in range(20)]
def changed(size):
    return bytearray(size)
def {name}():
    return steady(), changed({size})
kept = {name}()
"""


def version(folder, header="", size=1 << 20, name="work"):
    folder.mkdir()
    (folder / "app.py").write_text(VERSION.format(header=header, size=size, name=name))
    return folder


def differences(tool, *args, status=0):
    done = tool("pymemtrace-report", "diff", "--format=json", *args)
    assert done.returncode == status, done.stderr
    document = json.loads(done.stdout)
    return {row["name"]: row for row in document["diff"]}, document


@pytest.mark.parametrize("mode, figure", [("calls", "allocated_bytes"), ("allocs", "leaked_bytes")])
def test_two_versions_differ_where_the_code_does(trace, tmp_path, tool, mode, figure):
    """Another folder, lines moved, one function bigger, one renamed."""
    old = version(tmp_path / "old")
    new = version(tmp_path / "new", "# a line\n# another", (1 << 20) + MORE_BYTES, "renamed")
    paths = [trace(folder, folder / "app.py", "mode=" + mode).path for folder in (old, new)]
    view = ["leaks", "--by=function"] if mode == "allocs" else ["functions"]
    rows, document = differences(tool, *view, *paths)
    changed = rows["changed"]
    assert changed["state"] == "both"
    assert (changed["line_before"], changed["line_after"]) == (5, 6)
    assert abs(changed["difference"][figure] - MORE_BYTES) < 8192
    assert "steady" not in rows or rows["steady"]["difference"][figure] == 0
    if mode == "calls":
        assert rows["work"]["state"] == "gone" and rows["renamed"]["state"] == "new"
    turned, _ = differences(tool, *view, *reversed(paths))
    assert turned.keys() == rows.keys()
    for name, row in rows.items():
        assert turned[name]["difference"][figure] == -row["difference"][figure]
    assert document["totals"]["difference"][figure] == (
        document["totals"]["after"][figure] - document["totals"]["before"][figure])
    _, document = differences(tool, *view, paths[0], paths[0])
    assert document["diff"] == []


MARKED = """
import ctypes, json, os, sys
kept = []
def known(count):
    for i in range(count):
        kept.append(bytearray(10000))
def passing(count):
    for i in range(count):
        bytearray(20000)
def early():
    return [bytearray(30000) for _ in range(40)]
def dropped():
    kept.clear()
def work():
    known(100)
    passing(50)
    dropped()
    known(200)
    passing(50)
before = early()
known(7)
if "plain" in sys.argv:
    import tracemalloc
    tracemalloc.start(1)
    one = tracemalloc.take_snapshot()
    work()
    two = tracemalloc.take_snapshot()
    only = [tracemalloc.Filter(True, __file__)]
    print(json.dumps({each.traceback[0].lineno: [each.size_diff, each.count_diff] for each in
                      two.filter_traces(only).compare_to(one.filter_traces(only), "lineno")}))
else:
    tracer = ctypes.CDLL(None)
    tracer.pymemtrace_region_begin(b"work")
    tracer.pymemtrace_mark(b"one")
    work()
    tracer.pymemtrace_mark(b"two")
    tracer.pymemtrace_region_end(b"work")
known(1000)
"""
KNOWN_LINE, PASSING_LINE, EARLY_LINE = 6, 9, 11
HEADER_BYTES = 64 # of a bytearray's object and of two blocks in malloc, at most


def by_line(document, folder):
    """What differs in the program's own file, by line."""
    return {row["line_after"] or row["line_before"]: row for row in document["diff"]
            if row["file"] == str(folder / "app.py")}


def test_two_marks_agree_with_tracemalloc(interp, trace, tmp_path, tool):
    """Each bytearray is an object and a block of its bytes: with PYTHONMALLOC=malloc both are in the trace.
    tracemalloc began behind what was kept before, so what was dropped of that is in the trace alone."""
    traced = trace(tmp_path, MARKED, "mode=allocs", env={"PYTHONMALLOC": "malloc"})
    assert traced.process.returncode == 0, traced.process.stderr
    plain = interp.run([tmp_path / "app.py", "plain"], preload=False, cwd=tmp_path)
    truth = json.loads(plain.stdout)
    size, count = truth[str(KNOWN_LINE)]
    assert 200 * 10000 <= size <= 200 * (10000 + 2 * HEADER_BYTES) + 8192
    for choice in (["--from=one", "--to=two"], ["--region=work"]):
        _, document = differences(tool, *choice, traced.path)
        rows = by_line(document, tmp_path)
        known = rows[KNOWN_LINE]["difference"]
        # The 7 of before are in what the trace compares with, and the list's own array.
        assert count - 7 * 2 - 2 <= known["live_count"] <= count - 7 * 2 + 2
        assert abs(known["live_bytes"] - (size - 7 * 10000)) <= 200 * HEADER_BYTES + 8192
        assert PASSING_LINE not in rows and EARLY_LINE not in rows
        assert document["moments"]["times"] == 1
        assert document["moments"]["from_ns"] <= document["moments"]["to_ns"]
        assert document["moments"]["tracer_bytes"] > 0


def test_calls_between_two_marks_are_what_they_allocated(trace, tmp_path, tool):
    traced = trace(tmp_path, MARKED, "mode=calls")
    rows, document = differences(tool, "--from=one", "--to=two", traced.path)
    # bytearray's bytes are malloc's own; its object and the list's array may be, too.
    for name, least in (("known", 300 * 10000), ("passing", 100 * 20000)):
        figures = rows[name]["difference"]
        assert least <= figures["allocated_bytes"] <= least + 400 * HEADER_BYTES + 8192
    assert rows["dropped"]["difference"]["freed_bytes"] >= 107 * 10000
    assert rows["work"]["state"] == "new"
    assert "early" not in rows
    if document["moments"]["rss_bytes"] is not None:
        grown = sum(row["difference"]["rss_net_bytes"] for row in document["diff"])
        assert document["moments"]["rss_bytes"] == grown


@pytest.mark.interpreters(one=True)
def test_a_killed_program_has_its_difference(trace, tmp_path, tool):
    program = MARKED + "import signal\nos.kill(os.getpid(), signal.SIGKILL)\n"
    traced = trace(tmp_path, program, "mode=calls")
    rows, document = differences(tool, "--region=work", traced.path)
    assert rows["known"]["difference"]["allocated_bytes"] >= 300 * 10000
    assert not document["after"]["complete"]
    text = tool("pymemtrace-report", "diff", "--region=work", traced.path).stdout
    assert "! The " in text and text.count("no end") == 1


TYPES = """
import ctypes
class Early: __slots__ = ()
class Kept: __slots__ = ()
class Gone: __slots__ = ()
class Late: __slots__ = ()
tracer = ctypes.PyDLL(None)
early = [Early() for _ in range(30)]
gone = [Gone() for _ in range(40)]
for turn in range(3):
    tracer.pymemtrace_mark(b"turn %d" % turn)
    kept = [Kept() for _ in range(100 * (turn + 1))]
    del early[:5], gone[:]
    more = [Late() for _ in range(turn)]
"""


@pytest.mark.interpreters(min=(3, 13))
def test_types_are_counted_at_each_mark(trace, tmp_path, tool):
    """Marks come faster than the tracer writes its counts by itself."""
    traced = trace(tmp_path, TYPES, "mode=refs")
    assert traced.process.returncode == 0, traced.process.stderr

    def live(*moments):
        rows, document = differences(tool, *moments, traced.path)
        assert document["view"] == "types"
        return {name.split(".")[-1]: row["difference"]["live_count"] for name, row in rows.items()
                if name.startswith("__main__.")}

    assert live("--from=turn 0", "--to=turn 1") == {"Early": -5, "Kept": 100, "Gone": -40}
    # What is gone by then is counted, but no difference in what is live.
    assert live("--from=turn 1", "--to=turn 2") == {"Early": -5, "Kept": 100, "Late": 1}
    assert live("--to=turn 0") == {"Early": 30, "Gone": 40}
    end = live("--from=turn 2", "--to=exit")
    assert (end["Early"], end["Kept"], end["Late"]) == (-5, 100, 1)
    whole = {row["type"]: row["new_count"] for row in json.loads(tool(
        "pymemtrace-report", "types", "--format=json", traced.path).stdout)["types"]
        if row["module"] == "__main__"}
    assert whole == {"Early": 30, "Gone": 40, "Kept": 600, "Late": 3}
