"""Modules of native=1: which library a C frame lies in while libraries come and go, and where
its names come from. The libraries are built here, so that their functions are known."""
import os
import pathlib
import re
import shutil
import socket
import subprocess

import pytest

from conftest import lacking
from test_native_unwind import stacks_by_size

SOURCE = """\
#include <stdlib.h>
void *kept_%(name)s[100];
int count_%(name)s;
__attribute__((noinline, noclone)) static void inner_%(name)s(size_t size)
{
%(filling)s	kept_%(name)s[count_%(name)s++ %% 100] = malloc(size); /* in inner_%(name)s */
	__asm__ volatile("");
}
__attribute__((visibility("default"))) void enter(size_t size)
{
	inner_%(name)s(size); /* in enter */
	__asm__ volatile("");
}
"""


def build(folder, name, *flags, filling="", language="c"):
    compiler = {"c": "gcc", "c++": "g++"}[language]
    shutil.which(compiler) or lacking(compiler, compiler)
    source = folder / ("%s.%s" % (name, {"c": "c", "c++": "cc"}[language]))
    if not source.exists():
        source.write_text(SOURCE % {"name": name, "filling": filling})
    library = folder / ("lib%s.so" % name)
    subprocess.run([compiler, "-g", "-O2", "-shared", "-fPIC", "-Wl,--build-id", "-o", str(library),
                    str(source), *flags], check=True)
    return library


def frames(tool, path, view="leaks", **options):
    done = tool("pymemtrace-report", view, "--format=folded", path, **options)
    assert done.returncode == 0, done.stderr
    return [line.rpartition(" ")[0].split(";") for line in done.stdout.splitlines()]


def is_in(stacks, *names):
    """Whether a stack has frames that begin so, one after the other."""
    for stack in stacks:
        for i in range(len(stack)):
            part = stack[i: i + len(names)]
            if len(part) == len(names) and all(map(str.startswith, part, names)):
                return True
    return False


TURNS = """\
import ctypes, sys
dl = ctypes.CDLL(None)
dl.dlopen.restype = dl.dlsym.restype = ctypes.c_void_p
dl.dlopen.argtypes = [ctypes.c_char_p, ctypes.c_int]
dl.dlsym.argtypes = [ctypes.c_void_p, ctypes.c_char_p]
dl.dlclose.argtypes = [ctypes.c_void_p]
def turn(path, size):
    handle = dl.dlopen(path.encode(), 2)
    at = dl.dlsym(handle, b"enter")
    ctypes.CFUNCTYPE(None, ctypes.c_size_t)(at)(size)
    dl.dlclose(handle)
    return at
places = []
for i in range(4):
    for n, path in enumerate(sys.argv[1:]):
        places.append(turn(path, 810000 + 10 * i + n))
print(len(set(places)))
"""


def test_another_library_at_the_same_addresses(trace, tmp_path, tool):
    """Unloaded and loaded in turns: three libraries of one layout, one address."""
    names = ["red", "green", "blue"]
    libraries = [build(tmp_path, name, filling=i * "\t__asm__ volatile(\"nop\");\n")
                 for i, name in enumerate(names)]
    script = tmp_path / "turns.py"
    script.write_text(TURNS)
    traced = trace(tmp_path, [script, *libraries], "mode=allocs,native=1")
    assert (traced.process.returncode, traced.process.stderr) == (0, "")
    # Otherwise this shows nothing: the loader put the next one where the last one was.
    assert int(traced.process.stdout) < 12
    found = stacks_by_size(tool, traced.path)
    for i in range(4):
        for n, library in enumerate(libraries):
            [stack] = found[810000 + 10 * i + n]
            files = [frame.file for frame in stack if frame.is_native]
            assert [name for name in files if name in [each.name for each in libraries]] == \
                [library.name] * 2
    stacks = frames(tool, traced.path)
    for name in names:
        assert is_in(stacks, "enter (", "inner_%s (" % name)


CALLS = """\
import ctypes, sys
library = ctypes.CDLL(sys.argv[1])
def go(): library[sys.argv[2] if len(sys.argv) > 2 else "enter"](ctypes.c_size_t(820001))
go()
"""


def run(trace, tmp_path, library, *more):
    script = tmp_path / "calls.py"
    script.write_text(CALLS)
    traced = trace(tmp_path, [script, library, *more], "mode=allocs,native=1")
    assert (traced.process.returncode, traced.process.stderr) == (0, "")
    return traced


def build_id(library):
    shutil.which("readelf") or lacking("readelf", "binutils")
    done = subprocess.run(["readelf", "-n", str(library)], check=True, stdout=subprocess.PIPE,
                          encoding="utf-8")
    return re.search("Build ID: ([0-9a-f]+)", done.stdout).group(1)


def strip(library, debug):
    """As distributions do: the debug information goes to a file of its own."""
    shutil.which("objcopy") or lacking("objcopy", "binutils")
    subprocess.run(["objcopy", "--only-keep-debug", str(library), str(debug)], check=True)
    subprocess.run(["strip", "--strip-all", str(library)], check=True)


IN_FILE = ["enter (%s", "inner_%s (%s"]


@pytest.mark.interpreters(one=True)
def test_a_stripped_library_has_the_names_that_it_exports(trace, tmp_path, tool):
    library = build(tmp_path, "bare")
    strip(library, tmp_path / "gone.debug")
    (tmp_path / "gone.debug").unlink()
    traced = run(trace, tmp_path, library)
    stacks = frames(tool, traced.path)
    assert is_in(stacks, "enter")
    assert not any(frame.startswith("inner_bare (") for stack in stacks for frame in stack)


@pytest.mark.interpreters(one=True)
@pytest.mark.parametrize("where", ["beside", "in .debug"])
def test_debug_information_by_debuglink(trace, tmp_path, tool, where):
    library = build(tmp_path, "linked")
    folder = tmp_path if where == "beside" else tmp_path / ".debug"
    folder.mkdir(exist_ok=True)
    debug = folder / "liblinked.so.debug"
    strip(library, debug)
    subprocess.run(["objcopy", "--add-gnu-debuglink=%s" % debug, str(library)], check=True)
    traced = run(trace, tmp_path, library)
    assert is_in(frames(tool, traced.path), "enter (", "inner_linked (")
    assert any("linked.c:6)" in frame for stack in frames(tool, traced.path) for frame in stack)
    # One of another build is worse than none.
    other = build(tmp_path, "linked", "-DOTHER", "-O0")
    strip(other, debug)
    assert not is_in(frames(tool, traced.path), "enter (", "inner_linked (")


@pytest.mark.interpreters(one=True)
def test_debug_information_by_build_id(trace, tmp_path, tool):
    """In /usr/lib/debug/.build-id, where packages put it."""
    library = build(tmp_path, "packaged")
    name = build_id(library)
    folder = pathlib.Path("/usr/lib/debug/.build-id") / name[:2]
    debug = folder / (name[2:] + ".debug")
    try:
        folder.mkdir(parents=True, exist_ok=True)
        strip(library, debug)
    except PermissionError:
        pytest.skip("%s may not be written" % folder)
    try:
        traced = run(trace, tmp_path, library)
        assert is_in(frames(tool, traced.path), "enter (", "inner_packaged (")
    finally:
        debug.unlink()
        try:
            folder.rmdir()
        except OSError:
            pass


@pytest.mark.interpreters(one=True)
def test_a_library_of_another_build_is_not_asked(trace, tmp_path, tool):
    library = build(tmp_path, "moved")
    traced = run(trace, tmp_path, library)
    assert is_in(frames(tool, traced.path), "enter (", "inner_moved (")
    build(tmp_path, "moved", "-O0")
    stacks = frames(tool, traced.path)
    assert not any(frame.startswith("inner_moved") for stack in stacks for frame in stack)
    assert any("libmoved.so+0x" in frame for stack in stacks for frame in stack)


@pytest.mark.interpreters(one=True)
def test_a_pipe_in_a_librarys_place_is_not_waited_for(trace, tmp_path, tool):
    library = build(tmp_path, "piped")
    traced = run(trace, tmp_path, library)
    library.unlink()
    os.mkfifo(str(library))
    assert any("libpiped.so+0x" in frame for stack in frames(tool, traced.path, timeout=60)
               for frame in stack)


@pytest.mark.interpreters(one=True)
def test_on_another_machine(trace, tmp_path, tool):
    """Without the library, with its copy in debuginfod's cache, under its build id."""
    library = build(tmp_path, "away")
    traced = run(trace, tmp_path, library)
    folder = tmp_path / "cache" / build_id(library)
    folder.mkdir(parents=True)
    library.rename(folder / "executable")
    env = {"DEBUGINFOD_CACHE_PATH": str(tmp_path / "cache")}
    assert is_in(frames(tool, traced.path, env=env), "enter (", "inner_away (")
    assert not is_in(frames(tool, traced.path), "enter (")
    # Its debug information alone has the names too.
    strip(folder / "executable", folder / "debuginfo")
    (folder / "executable").unlink()
    assert is_in(frames(tool, traced.path, env=env), "enter (", "inner_away (")


CPP = """\
#include <cstdlib>
#include <vector>
void *kept;
namespace shop {
struct Cart {
	template <class Item> __attribute__((noinline)) void add(Item size, const std::vector<int> &)
	{
		kept = malloc(size);
		__asm__ volatile("");
	}
};
}
extern "C" __attribute__((visibility("default"))) void enter(std::size_t size)
{
	shop::Cart cart;
	cart.add<unsigned long>(size, std::vector<int>());
	__asm__ volatile("");
}
"""


@pytest.mark.interpreters(one=True)
@pytest.mark.parametrize("debug", ["-g", "-g0"])
def test_names_of_cpp_are_readable(trace, tmp_path, tool, debug):
    (tmp_path / "cart.cc").write_text(CPP)
    library = build(tmp_path, "cart", debug, "-fno-inline", language="c++")
    traced = run(trace, tmp_path, library)
    names = [frame for stack in frames(tool, traced.path) for frame in stack]
    assert any(name.startswith("void shop::Cart::add<unsigned long>(unsigned long, std::vector<int")
               for name in names)
    assert not any(name.startswith("_Z") for name in names)


INLINED = """\
#include <stdlib.h>
void *kept[100];
int count;
static inline __attribute__((always_inline)) void *innermost(size_t size)
{
	return malloc(size); /* in innermost */
}
static inline __attribute__((always_inline)) void *middle(size_t size)
{
	void *p = innermost(size); /* in middle */
	__asm__ volatile("");
	return p;
}
__attribute__((visibility("default"))) void enter(size_t size)
{
	kept[count++] = middle(size); /* in enter */
	kept[count++] = innermost(size + 1); /* again */
	__asm__ volatile("");
}
"""


@pytest.mark.interpreters(one=True)
@pytest.mark.parametrize("version", ["-gdwarf-4", "-gdwarf-5"])
def test_functions_inlined_into_one_another(trace, tmp_path, tool, version):
    (tmp_path / "folded.c").write_text(INLINED)
    library = build(tmp_path, "folded", version)
    traced = run(trace, tmp_path, library)
    line = {mark: 1 + [mark in text for text in INLINED.splitlines()].index(True)
            for mark in ("in innermost", "in middle", "in enter", "again")}
    place = lambda name, mark: "%s (%s:%d)" % (name, tmp_path / "folded.c", line[mark])
    stacks = frames(tool, traced.path)
    assert is_in(stacks, place("enter", "in enter"), place("middle", "in middle"),
                 place("innermost", "in innermost"))
    assert is_in(stacks, place("enter", "again"), place("innermost", "in innermost"))


@pytest.mark.interpreters(one=True)
def test_nobody_is_asked_over_the_network(trace, tmp_path, tool):
    """DEBUGINFOD_URLS makes elfutils ask servers; the report asks debuginfod's cache alone."""
    library = build(tmp_path, "quiet")
    strip(library, tmp_path / "gone.debug")
    traced = run(trace, tmp_path, library)
    with socket.socket() as server:
        server.bind(("127.0.0.1", 0))
        server.listen(16)
        server.setblocking(False)
        env = {"DEBUGINFOD_URLS": "http://127.0.0.1:%d/" % server.getsockname()[1],
               "DEBUGINFOD_TIMEOUT": "2", "DEBUGINFOD_CACHE_PATH": str(tmp_path / "cache")}
        assert is_in(frames(tool, traced.path, env=env), "enter")
        with pytest.raises(BlockingIOError):
            server.accept()
        # What was fetched before, by whatever tool, is used.
        folder = tmp_path / "cache" / build_id(library)
        folder.mkdir(parents=True)
        (tmp_path / "gone.debug").rename(folder / "debuginfo")
        assert is_in(frames(tool, traced.path, env=env), "enter (", "inner_quiet (")
        with pytest.raises(BlockingIOError):
            server.accept()


NO_FINDER = """\
int _dl_find_object(void *address, void *result)
{
	(void)address, (void)result;
	return -1;
}
"""


def test_where_modules_cannot_be_found_stacks_are_pythons(interp, trace, tmp_path, tool):
    """As with musl, and glibc before 2.35: one line says so, and all else is as without."""
    (tmp_path / "nofinder.c").write_text(NO_FINDER)
    finder = build(tmp_path, "nofinder")
    library = build(tmp_path, "seen")
    script = tmp_path / "calls.py"
    script.write_text(CALLS)
    preload = "%s %s" % (finder, interp.environment()["LD_PRELOAD"])
    traced = trace(tmp_path, [script, library], "mode=allocs,native=1", env={"LD_PRELOAD": preload})
    assert traced.process.returncode == 0
    [said] = traced.process.stderr.splitlines()
    assert said.startswith("pymemtrace: stacks have no C frames: native=1 needs x86-64 and glibc 2.35")
    [stack] = stacks_by_size(tool, traced.path)[820001]
    assert [frame.name for frame in stack] == ["go", "<module>"]
