"""mode=allocs: a program that does at random what frames can do has the stacks that it says it has,
every frame and where it stands, on every CPython.

It allocates by ctypes, and asks for its frames after that, and only now and then: what a tracer keeps of
one stack for the next is tried by all that lies between two allocations, and a look at the frames
allocates too.
"""
import json

import pytest

import interpreters
from test_allocs_stacks import stacks_of

PROGRAM = interpreters.TOP / "tests" / "blackbox" / "programs" / "random_stacks.py"

# The field of the thread's state that CPython 3.15 has for profilers; where that is stands in
# _Py_DebugOffsets.thread_state.last_profiled_frame (pycore_debug_offsets.h).
FIELD = """
import ctypes
runtime = ctypes.addressof(ctypes.c_char.in_dll(ctypes.pythonapi, "_PyRuntime"))
ctypes.pythonapi.PyThreadState_Get.restype = ctypes.c_void_p
field = ctypes.c_uint64.from_address(
    ctypes.pythonapi.PyThreadState_Get() + ctypes.c_uint64.from_address(runtime + 224).value)
"""
DEEP = """
def deep(n):
    if n:
        return deep(n - 1)
    ctypes.create_string_buffer(70000)
    return field.value
"""


def agrees(told, seen):
    """Outer frames stand at the same instruction, the innermost one somewhere."""
    return ([name for name, _ in told] == [name for name, _ in seen] and
            all(max(told[i][1], 0) == seen[i][1] for i in range(1, len(told))))


def check_stacks(tool, told_path, trace_path, least):
    told = json.loads(told_path.read_text())
    assert len(told) > least
    found = stacks_of(tool, trace_path, {int(size) for size in told})
    wrong = [(size, frames[:5], [seen[:5] for seen in found.get(int(size), [])])
             for size, frames in told.items()
             if not any(agrees(frames, seen) for seen in found.get(int(size), []))]
    assert not wrong, "%d of %d wrong: %s" % (len(wrong), len(told), wrong[:3])


def run_program(trace, tool, tmp_path, seed, options, site, before=""):
    """With the Python source `before` run in the same process."""
    start = tmp_path / "start.py"
    start.write_text("import sys\n%s\nexec(compile(open(%r).read(), %r, 'exec'))\n%s" % (
        before, str(PROGRAM), str(PROGRAM), "print(field.value)" if before else ""))
    traced = trace(tmp_path, [start, seed, tmp_path / "told.json"], options,
                   env={"PYTHONPATH": site} if site else None)
    assert traced.process.returncode == 0, traced.process.stderr
    assert traced.process.stderr == ""
    check_stacks(tool, tmp_path / "told.json", traced.path, 1000)
    child, = (path for path in tmp_path.glob("trace.bin*") if path != traced.path)
    check_stacks(tool, tmp_path / "told.json.child", child, 50)
    return traced.process.stdout


@pytest.mark.parametrize("options", ["mode=allocs", "mode=allocs,native=1"])
def test_stacks_of_a_random_program(trace, tool, tmp_path, seed, greenlet_site, options):
    run_program(trace, tool, tmp_path, seed, options, greenlet_site)


@pytest.mark.interpreters(min=(3, 15))
def test_the_interpreter_says_what_did_not_change(interp, tmp_path):
    """Where a frame is left for it at each allocation, and only by us."""
    program = FIELD + DEEP + "print(deep(50) != 0, deep(3) != 0)"
    settings = {"PYMEMTRACE": "out=%s/trace.bin,mode=allocs" % tmp_path}
    assert interp.run(["-c", program], preload=False).stdout.split() == ["False", "False"]
    assert interp.run(["-c", program], env=settings).stdout.split() == ["True", "True"]


@pytest.mark.interpreters(min=(3, 15))
def test_what_another_left_there_stays(trace, tool, tmp_path, seed):
    """After the tracer has had the place."""
    before = FIELD + DEEP + "assert deep(50)\nfield.value = 0x7008\n"
    assert run_program(trace, tool, tmp_path, seed, "mode=allocs", None, before).split() == [str(0x7008)]


# In one shell: a process in another mount namespace would not find the interpreter's file.
BOTH = """
mkfifo ready
LD_PRELOAD=$LIBRARY PYMEMTRACE=out=trace.bin,mode=allocs "$0" "$1" "$2" told.json until >ready &
program=$!
read line <ready
"$0" -m profiling.sampling attach -d 2 -r 1khz --collapsed -o profile.txt $program >profiler.log 2>&1
status=$?
touch until
wait $program || exit 99
exit $status
"""


@pytest.mark.interpreters(min=(3, 15))
def test_the_interpreters_own_profiler_at_once(interp, tool, tmp_path, seed):
    """It uses the same field, from another process: both are right."""
    done = interp.run([], argv=["/bin/sh", "-c", BOTH, interp.python, PROGRAM, seed], cwd=tmp_path,
                      preload=False, env={"LIBRARY": interpreters.LIBRARY})
    assert done.returncode != 99 and done.stderr == ""
    check_stacks(tool, tmp_path / "told.json", tmp_path / "trace.bin", 100)
    log = (tmp_path / "profiler.log").read_text()
    if done.returncode:
        pytest.skip("it cannot attach here: %s" % log[-200:])
    stacks = [line.rsplit(" ", 1)[0].split(";")
              for line in (tmp_path / "profile.txt").read_text().splitlines()]
    # Whoever takes another's frame for its own loses those outside of it.
    whole = [stack for stack in stacks if any("Walk.act:" in frame for frame in stack)]
    assert len(whole) > 20
    lost = [stack for stack in whole if not any(":whole:" in frame for frame in stack)]
    assert len(lost) * 50 <= len(whole), lost[:3]
