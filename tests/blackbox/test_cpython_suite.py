"""CPython's own tests give the same result preloaded and plain, test by test.

Each interpreter takes its turn at some modules and a mode; PYMEMTRACE_TEST_LONG (make
check-long) runs all modules on all, the quick ones in every mode. What differs, and why it must, is in
doc/transparency.md; nothing else may.
"""
import re

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
MODES = ["mode=calls", "detail=tree", "c_calls=1", "mode=lines"]
# They tell instrumented calls and lines from plain ones; see doc/transparency.md.
SEES_MORE = {
    ("test_sys_setprofile", "c_calls=1"), ("test_cprofile", "c_calls=1"),
    ("test_monitoring", "c_calls=1"), ("test_monitoring", "mode=lines"),
}
TURN = 3  # modules an interpreter takes
LONGEST_S = 900

# As a login has it: the tracer's descriptor is above what a program can ask for.
LIMITS = 'ulimit -Sn 1024 && exec "$@"'


def known(interp, module):
    """3.15.2 crashes without memory as soon as any tool of sys.monitoring has events."""
    if module == "test_exceptions" and interp.version >= (3, 15):
        return {"test_exec_set_nomemory_hang", "test_memory_error_in_PyErr_PrintEx"}
    return set()


def module_and_mode(interp, place):
    if interpreters.LONG:
        quick = len(QUICK) * len(MODES)
        if place >= quick:
            return SLOW[place - quick], MODES[0]
        return QUICK[place // len(MODES)], MODES[place % len(MODES)]
    turn = sum(interp.version)
    modes = MODES if interp.version >= (3, 12) else MODES[:2]
    return QUICK[(turn * TURN + place) % len(QUICK)], modes[interp.version[1] % len(modes)]


class Result:
    def __init__(self, done):
        text = done.stdout + done.stderr
        self.text = text[-8000:]
        self.ran = [int(n) for n in re.findall(r"^Ran (\d+) tests? in", text, re.M)]
        self.bad = set(re.findall(r"^(?:FAIL|ERROR): (\w+)", text, re.M))
        self.skipped = [int(n) for n in re.findall(r"\bskipped=(\d+)\)$", text, re.M)]
        self.status = done.returncode


def run_module(interp, module, mode, folder, preload):
    folder.mkdir()
    return Result(interp.run(
        [], argv=["/bin/sh", "-c", LIMITS, "sh", interp.python, "-m", "test", "-v", module],
        cwd=folder, preload=preload, timeout=LONGEST_S,
        env={"TMPDIR": folder, "PYMEMTRACE": "out=%s/trace.bin,max_size=200MiB,%s" % (folder, mode)},
    ))


PLACES = len(QUICK) * len(MODES) + len(SLOW) if interpreters.LONG else TURN


@pytest.mark.parametrize("place", range(PLACES))
def test_same_results(interp, place, tmp_path):
    module, mode = module_and_mode(interp, place)
    if (module, mode) in SEES_MORE:
        pytest.skip("%s tells instrumented code from plain with %s" % (module, mode))
    if interp.version < (3, 12) and mode in MODES[2:]:
        pytest.skip("before 3.12 %s stands in the place of settrace or setprofile" % mode)
    print(module, mode)
    plain = run_module(interp, module, mode, tmp_path / "plain", False)
    if not plain.ran:
        pytest.skip("%s does not run here: %s" % (module, plain.text[-200:]))
    traced = run_module(interp, module, mode, tmp_path / "traced", True)
    expected = known(interp, module)
    assert traced.bad - expected == plain.bad - expected, traced.text
    assert (traced.ran, traced.skipped) == (plain.ran, plain.skipped), traced.text
    assert traced.bad & expected or traced.status == plain.status
    assert list((tmp_path / "traced").glob("trace.bin*"))
