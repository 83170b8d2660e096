"""CPython's own tests give the same result preloaded and plain, test by test.

Each interpreter takes its turn at some modules and a mode; PYMEMTRACE_TEST_LONG (make
check-long) runs all modules on all, the quick ones in every mode and with C frames. What differs,
and why it must, is in doc/transparency.md; nothing else may.
"""
import pathlib
import re
import shutil
import tempfile

import pytest

import interpreters

# A second or two each.
QUICK = [
    "test_generators", "test_coroutines", "test_sys_settrace", "test_sys_setprofile",
    "test_cprofile", "test_exceptions", "test_gc", "test_fork1", "test_capi",
    "test_monitoring",
]
SLOW = [
    "test_faulthandler", "test_signal", "test_threading", "test_subprocess", "test_asyncio",
    "test_multiprocessing_fork", "test_multiprocessing_spawn", "test_multiprocessing_forkserver",
    "test_multiprocessing_main_handling",
]
# Packages from 3.11 on, which the `make install` of 3.11.7 and 3.12.1 leaves out; all they
# hold is this line.
MULTIPROCESSING = """
from test._test_multiprocessing import install_tests_in_module_dict
install_tests_in_module_dict(globals(), %r)
"""
NATIVE = "mode=allocs,native=1"
MODES = ["mode=calls", "detail=tree", "mode=allocs", "mode=objects", "mode=calls+allocs", NATIVE,
         "c_calls=1", "mode=lines"]
OLD_MODES = MODES[:6] # before 3.12 the others stand in the place of settrace or setprofile
SLOW_MODES = ["mode=calls", "mode=allocs", "mode=objects", "mode=calls+allocs"]
# They tell instrumented calls and lines from plain ones; see doc/transparency.md.
SEES_MORE = {
    ("test_sys_setprofile", "c_calls=1"), ("test_cprofile", "c_calls=1"),
    ("test_monitoring", "c_calls=1"), ("test_monitoring", "mode=lines"),
}
TURN = 3  # modules an interpreter takes
LONGEST_S = 900

# As a login has it: the tracer's descriptor is above what a program can ask for.
LIMITS = 'ulimit -Sn 1024 && exec "$@"'


def known(interp, module, mode):
    """The interpreter's own: with any tool of sys.monitoring 3.15.2 crashes without memory,
    and an instrumented call needs some."""
    without_tool = mode.startswith(("mode=allocs", "mode=objects"))
    if module == "test_exceptions" and interp.version >= (3, 15) and not without_tool:
        return {"test_exec_set_nomemory_hang", "test_memory_error_in_PyErr_PrintEx"}
    if (module, mode) == ("test_capi", "c_calls=1"):
        return {"test_set_nomemory"}
    return set()


def module_and_mode(interp, place):
    if interpreters.LONG:
        slow = place - len(QUICK) * len(MODES)
        if slow >= 0:
            return SLOW[slow // len(SLOW_MODES)], SLOW_MODES[slow % len(SLOW_MODES)]
        return QUICK[place // len(MODES)], MODES[place % len(MODES)]
    turn = sum(interp.version)
    modes = MODES if interp.version >= (3, 12) else OLD_MODES
    # From 3.8 to 3.15 each mode has its turn.
    return QUICK[(turn * TURN + place) % len(QUICK)], modes[(interp.version[1] - 8) % len(modes)]


def lacks_native(interp, folder):
    """Where stacks can have no C frames: what the tracer says of it."""
    settings = "out=%s/none.bin,%s" % (folder, NATIVE)
    said = interp.run(["-c", ""], env={"PYMEMTRACE": settings}, cwd=folder).stderr
    return said if "no C frames" in said else None


class Result:
    def __init__(self, done):
        text = done.stdout + done.stderr
        self.text = text[-8000:]
        self.ran = [int(n) for n in re.findall(r"^Ran (\d+) tests? in", text, re.M)]
        self.bad = set(re.findall(r"^(?:FAIL|ERROR): (\w+)", text, re.M))
        self.skipped = [int(n) for n in re.findall(r"\bskipped=(\d+)\)$", text, re.M)]
        self.status = done.returncode


def arguments(interp, module, folder):
    """Of the interpreter, to run a module of its tests; what is not installed is written."""
    kind, _, method = module.rpartition("_")
    if kind == "test_multiprocessing" and (3, 11) <= interp.version < (3, 13):
        (folder / ("%s.py" % module)).write_text(MULTIPROCESSING % method)
        return ["-m", "unittest", "-v", module]
    return ["-m", "test", "-v", module]


def run_module(interp, module, mode, folder, preload):
    folder.mkdir()
    return Result(interp.run(
        [], argv=["/bin/sh", "-c", LIMITS, "sh", interp.python, *arguments(interp, module, folder)],
        cwd=folder, preload=preload, timeout=LONGEST_S,
        env={"TMPDIR": folder, "PYMEMTRACE": "out=%s/trace.bin,max_size=200MiB,%s" % (folder, mode)},
    ))


PLACES = len(QUICK) * len(MODES) + len(SLOW) * len(SLOW_MODES) if interpreters.LONG else TURN


@pytest.fixture
def folder():
    """With a short path: below it lie sockets, and the path of one has 107 characters at most."""
    made = pathlib.Path(tempfile.mkdtemp(prefix="pmt-"))
    yield made
    shutil.rmtree(str(made), ignore_errors=True)


@pytest.mark.parametrize("place", range(PLACES))
def test_same_results(interp, place, folder):
    module, mode = module_and_mode(interp, place)
    if (module, mode) in SEES_MORE:
        pytest.skip("%s tells instrumented code from plain with %s" % (module, mode))
    if interp.version < (3, 12) and mode not in OLD_MODES:
        pytest.skip("before 3.12 %s stands in the place of settrace or setprofile" % mode)
    lacks = mode == NATIVE and lacks_native(interp, folder)
    if lacks:
        pytest.skip(lacks)
    print(module, mode)
    plain = run_module(interp, module, mode, folder / "plain", False)
    if not plain.ran or module in plain.bad: # the latter is unittest's word for no such module
        pytest.skip("%s does not run here: %s" % (module, plain.text[-200:]))
    traced = run_module(interp, module, mode, folder / "traced", True)
    expected = known(interp, module, mode)
    assert traced.bad - expected == plain.bad - expected, traced.text
    assert (traced.ran, traced.skipped) == (plain.ran, plain.skipped), traced.text
    assert traced.bad & expected or traced.status == plain.status
    assert list((folder / "traced").glob("trace.bin*"))
