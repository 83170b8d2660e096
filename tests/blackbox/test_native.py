"""C frames among the Python ones: functions and lines of a library that this file knows."""
import pathlib
import re
import shutil
import subprocess

import pytest

SOURCE = """\
#include <stdlib.h>
#define APART __attribute__((noinline, noclone))
void *kept[1000];
int count;
static inline __attribute__((always_inline)) void *inlined(size_t size)
{
	return malloc(size); /* in inlined */
}
APART void *native_b(size_t size)
{
	kept[count++ % 1000] = inlined(size); /* in b */
	return kept[0];
}
APART void *native_a(size_t size)
{
	void *p = native_b(size); /* in a */
	__asm__ volatile("");
	return p;
}
APART void *native_back(void *(*call)(size_t), size_t size)
{
	void *p = call(size); /* in back */
	__asm__ volatile("");
	return p;
}
"""

PROGRAM = """\
import ctypes, sys, threading
library = ctypes.CDLL(sys.argv[1])
library.native_a.argtypes = [ctypes.c_size_t]
library.native_a.restype = ctypes.c_void_p
CALL = ctypes.CFUNCTYPE(ctypes.c_void_p, ctypes.c_size_t)
library.native_back.argtypes = [CALL, ctypes.c_size_t]
library.native_back.restype = ctypes.c_void_p
def outer():
    inner() # in outer
def inner():
    library.native_a(12345) # in inner
def called(size):
    return library.native_a(size) # in called
def sort():
    sorted([1], key=by) # in sort
def by(x):
    return library.native_back(CALL(called), 23456) # in by
outer() # first
sort() # second
thread = threading.Thread(target=inner)
thread.start()
thread.join()
"""


@pytest.fixture(scope="module")
def library(tmp_path_factory):
    if not shutil.which("gcc"):
        pytest.skip("no gcc")
    folder = tmp_path_factory.mktemp("native")
    source = folder / "native.c"
    source.write_text(SOURCE)
    built = folder / "libnative.so"
    subprocess.run(["gcc", "-g", "-O2", "-shared", "-fPIC", "-o", str(built), str(source)], check=True)
    return built


def line_of(text, mark):
    return [i for i, line in enumerate(text.splitlines(), 1) if line.endswith(mark) or mark + " */" in line][0]


def stacks_of(tool, path, files):
    """Folded stacks, of which only the frames in these files are kept: (function, line)."""
    done = tool("pymemtrace-report", "leaks", "--format=folded", path)
    assert done.returncode == 0, done.stderr
    found = []
    for line in done.stdout.splitlines():
        frames = []
        for frame in line.rpartition(" ")[0].split(";"):
            name, _, place = frame.partition(" (")
            file, _, number = place.rstrip(")").rpartition(":")
            if pathlib.Path(file).name in files:
                frames.append((name.rpartition(".")[2], int(number)))
        found.append(frames)
    return found


def test_c_and_python_frames_are_one_stack(trace, tmp_path, tool, library):
    script = tmp_path / "app.py"
    script.write_text(PROGRAM)
    traced = trace(tmp_path, [script, library], "mode=allocs,native=1")
    assert traced.process.returncode == 0, traced.process.stderr
    stacks = stacks_of(tool, traced.path, {"native.c", "app.py"})
    in_c = [("native_a", line_of(SOURCE, "in a")), ("native_b", line_of(SOURCE, "in b")),
            ("inlined", line_of(SOURCE, "in inlined"))]
    inner = ("inner", line_of(PROGRAM, "# in inner"))
    expected = [
        [("<module>", line_of(PROGRAM, "# first")), ("outer", line_of(PROGRAM, "# in outer")), inner] + in_c,
        [("<module>", line_of(PROGRAM, "# second")), ("sort", line_of(PROGRAM, "# in sort")),
         ("by", line_of(PROGRAM, "# in by")), ("native_back", line_of(SOURCE, "in back")),
         ("called", line_of(PROGRAM, "# in called"))] + in_c,
        [inner] + in_c,
    ]
    for stack in expected:
        assert stack in stacks


def test_views_of_calls_name_c_functions(trace, tmp_path, tool, report, library):
    script = tmp_path / "app.py"
    script.write_text(PROGRAM)
    traced = trace(tmp_path, [script, library], "mode=allocs,native=1")
    assert traced.process.returncode == 0, traced.process.stderr
    rows = {row["function"]: row for row in report("functions", traced.path, "json", "--limit=all")["functions"]}
    # One block of 12345 bytes each by outer and the thread, one of 23456 by the callback.
    least = 2 * 12345 + 23456
    assert least <= rows["inlined"]["self"]["allocated_bytes"] <= least + 100
    assert rows["inlined"]["self"]["allocated_count"] == 3
    for name in ("native_a", "native_b"):
        assert rows[name]["self"]["allocated_count"] == 0
        assert rows[name]["inclusive"]["allocated_count"] == 3
        assert pathlib.Path(rows[name]["file"]).name == "native.c"
        assert SOURCE.splitlines()[rows[name]["line"] - 1] == "APART void *%s(size_t size)" % name
    assert rows["native_back"]["inclusive"]["allocated_count"] >= 1
    assert "libnative.so" not in rows
    folded = report("tree", traced.path, "folded", "--sort=allocated-count", "--limit=all")
    names = [[frame.partition(" ")[0] for frame in line.rpartition(" ")[0].split(";")]
             for line in folded.splitlines()]
    [called] = [stack for stack in names
                if stack[-3:] == ["native_a", "native_b", "inlined"] and "called" in stack]
    assert [name for name in called if name in ("sort", "by", "native_back", "called")] == \
        ["sort", "by", "native_back", "called"]
    lines = report("lines", traced.path, "json", "--limit=all")["lines"]
    [row] = [row for row in lines if row["function"] == "inlined"]
    assert row["line"] == line_of(SOURCE, "in inlined")
    assert row["self"]["allocated_count"] == 3


ASKED = """\
import ctypes, sys
library = ctypes.CDLL(sys.argv[1])
library.native_a.argtypes = [ctypes.c_size_t]
kept = []
def python():
    kept.append(bytearray(345678)) # in python
def native():
    library.native_a(234567)
python()
native()
"""


def test_who_asked_the_interpreter_has_the_blame(trace, tmp_path, tool, report, library):
    """Not PyObject_Malloc, but whoever called it; trees show it all the same."""
    script = tmp_path / "app.py"
    script.write_text(ASKED)
    traced = trace(tmp_path, [script, library], "mode=allocs,native=1")
    assert traced.process.returncode == 0, traced.process.stderr

    def rows(view, *options):
        return report(view, traced.path, "json", "--limit=all", *options)

    functions = {row["function"]: row["self"] for row in rows("functions")["functions"]}
    assert 345679 <= functions["python"]["allocated_bytes"] < 345679 + 20000
    assert 234567 <= functions["inlined"]["allocated_bytes"] < 234567 + 4096
    python = line_of(ASKED, "# in python")
    lines = {(row["function"], row["line"]): row["self"] for row in rows("lines")["lines"]}
    assert lines["python", python]["allocated_bytes"] >= 345679
    leaks = {(row["function"], row["line"]): row["self"] for row in rows("leaks")["leaks"]}
    assert leaks["python", python]["leaked_bytes"] >= 345679
    assert leaks["inlined", line_of(SOURCE, "in inlined")]["leaked_bytes"] >= 234567
    asked = {row["function"]: sum(size["requested_bytes"] for size in row["sizes"])
             for row in rows("sizes")["functions"]}
    assert asked["python"] >= 345679 and asked["inlined"] == 234567
    # As the interpreter began nobody else was on the stack: what is there it has itself.
    assert not [name for name, size in asked.items()
                if size > 200000 and re.match("_?Py(Object|Mem)_", name)]
    folded = report("tree", traced.path, "folded", "--limit=all")
    assert re.search(r";python \([^;]*;.*_?Py(Object|Mem)_\w+|;python \([^;]*;.*python3?[.+]", folded)


def test_without_the_library_module_and_offset_are_shown(trace, tmp_path, tool, library):
    script = tmp_path / "app.py"
    script.write_text(PROGRAM)
    copy = tmp_path / "libcopy.so"
    shutil.copy(str(library), str(copy))
    traced = trace(tmp_path, [script, copy], "mode=allocs,native=1")
    assert traced.process.returncode == 0, traced.process.stderr
    copy.unlink()
    done = tool("pymemtrace-report", "leaks", "--format=folded", traced.path)
    assert done.returncode == 0, done.stderr
    assert "libcopy.so+0x" in done.stdout
    assert "native_a" not in done.stdout
