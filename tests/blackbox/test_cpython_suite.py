"""CPython's own tests give the same result preloaded and plain, test by test.

Each interpreter takes its turn at some modules; PYMEMTRACE_TEST_LONG (make check-long) runs
them all on all. Nothing may differ.
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
]
TURN = 3  # modules an interpreter takes
LONGEST_S = 900

# As a login has it: the tracer's descriptor is above what a program can ask for.
LIMITS = 'ulimit -Sn 1024 && exec "$@"'


def modules_for(interp):
    if interpreters.LONG:
        return QUICK + SLOW
    turn = sum(interp.version) * TURN
    return [QUICK[(turn + n) % len(QUICK)] for n in range(TURN)]


class Result:
    def __init__(self, done):
        text = done.stdout + done.stderr
        self.text = text[-8000:]
        self.ran = [int(n) for n in re.findall(r"^Ran (\d+) tests? in", text, re.M)]
        self.bad = set(re.findall(r"^(?:FAIL|ERROR): (\w+)", text, re.M))
        self.skipped = [int(n) for n in re.findall(r"\bskipped=(\d+)\)$", text, re.M)]
        self.status = done.returncode


def run_module(interp, module, folder, preload):
    folder.mkdir()
    return Result(interp.run(
        [], argv=["/bin/sh", "-c", LIMITS, "sh", interp.python, "-m", "test", "-v", module],
        cwd=folder, preload=preload, timeout=LONGEST_S,
        env={"TMPDIR": folder, "PYMEMTRACE": "out=%s/trace.bin,max_size=200MiB" % folder},
    ))


@pytest.mark.parametrize("place", range(len(QUICK + SLOW) if interpreters.LONG else TURN))
def test_same_results(interp, place, tmp_path):
    module = modules_for(interp)[place]
    plain = run_module(interp, module, tmp_path / "plain", False)
    if not plain.ran:
        pytest.skip("%s does not run here: %s" % (module, plain.text[-200:]))
    traced = run_module(interp, module, tmp_path / "traced", True)
    assert traced.bad == plain.bad, traced.text
    assert (traced.ran, traced.skipped) == (plain.ran, plain.skipped), traced.text
    assert traced.status == plain.status
    assert list((tmp_path / "traced").glob("trace.bin*"))
