"""The C frames of native=1 are those that glibc's backtrace() finds at the same moment, on
stacks that are hard to unwind: tests/blackbox/programs/unwound.c."""
import json
import pathlib

import pytest

import interpreters

LIBRARY = interpreters.BUILD / ".libs" / "libunwound.so"
NATIVE = 2 # PMT_CODE_NATIVE

PROGRAM = """\
import ctypes, os, sys
library = ctypes.CDLL({library!r})
truth = os.open({truth!r}, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
library.unwound_begin(truth)
CALL = ctypes.CFUNCTYPE(None, ctypes.c_size_t)
size = ctypes.c_size_t
def called(n):
    library.unwound_plain(size(n))
def go():
    {body}
def outer():
    go()
outer()
"""


class Frame:
    def __init__(self, code, offset):
        self.is_native = code["kind"] == NATIVE
        self.file = pathlib.Path(code["file"]).name
        self.name = code["name"]
        self.offset = offset

    def __repr__(self):
        return "%s+%x" % (self.file, self.offset) if self.is_native else self.name


def stacks_by_size(tool, path):
    """The frames of each ALLOC record, innermost first: requested size -> list of stacks."""
    done = tool("pymemtrace-report", "dump", "--format=json", path)
    assert done.returncode == 0, done.stderr
    codes, stacks, allocated, stream = {}, {}, [], None
    for line in done.stdout.splitlines():
        record = json.loads(line)
        stream = record.get("stream", stream) # of the chunk that its records follow
        what = record.get("record")
        if what == "CODE":
            codes[record["id"]] = record
        elif what == "STACK":
            stacks[stream, record["id"]] = record
        elif what == "ALLOC":
            allocated.append((record["requested_bytes"], stream, record["stack_id"]))
    found = {}
    for size, stream, at in allocated:
        frames = []
        while at:
            stack = stacks[stream, at]
            frames.append(Frame(codes[stack["code_id"]], stack["code_offset"]))
            at = stack["parent_id"]
        found.setdefault(size, []).append(frames)
    return found


def is_evaluators(file):
    """What Python's own frames stand for, and what is ours."""
    return file.startswith(("python", "libpython", "libpymemtrace"))


def truth_of(path):
    """size -> [(file, offset of the return address)] of each line that note() wrote."""
    found = {}
    for line in path.read_text().splitlines():
        size, *frames = line.split(" ")
        pairs = [frame.rpartition("+")[::2] for frame in frames]
        found[int(size)] = [(file, int(offset, 16)) for file, offset in pairs]
    return found


def c_frames(stack):
    return [(f.file, f.offset) for f in stack if f.is_native and not is_evaluators(f.file)]


def run(trace, tmp_path, body, options="mode=allocs,native=1"):
    truth = tmp_path / "truth"
    traced = trace(tmp_path, PROGRAM.format(library=str(LIBRARY), truth=str(truth), body=body), options)
    assert (traced.process.returncode, traced.process.stderr) == (0, ""), traced.process.stderr
    return traced, truth_of(truth)


def check(stack, truth, signals=0):
    """backtrace() names what runs behind the call, ours what lies within it; where a signal
    came there is no call, and both name the same."""
    ours = c_frames(stack)
    wanted = [(file, offset) for file, offset in truth if not is_evaluators(file)]
    assert ours[0][0] == LIBRARY.name # note: not at the same place
    exact = [pair for pair, known in zip(ours[1:], wanted) if pair == known]
    assert len(exact) == signals
    assert [pair if pair in exact else (pair[0], pair[1] + 1) for pair in ours[1:]] == wanted


def python_names(stack):
    return [f.name for f in stack if not f.is_native]


HARD = [
    # what, calls, sizes that are noted, frames that a signal interrupted
    ("plain", "library.unwound_plain(size(910001))", [910001], 0),
    ("variable frame", "library.unwound_variable(100, size(910011))", [910011], 0),
    ("realigned frame", "library.unwound_realigned(100, size(910021))", [910021, 910022, 910023], 0),
    ("coroutine", "library.unwound_coroutine(size(910031))", [910032], 0),
    ("vfork", "library.unwound_vfork(size(910041))", [910041, 910042], 0),
    ("longjmp", "library.unwound_jump(size(910051))", [910051, 910052], 0),
    ("deep", "library.unwound_deep(300, size(910061))", [910061], 0),
]


@pytest.mark.parametrize("what,body,sizes,signals", HARD, ids=[each[0] for each in HARD])
def test_the_stack_is_backtraces(trace, tmp_path, tool, what, body, sizes, signals):
    traced, truth = run(trace, tmp_path, body)
    found = stacks_by_size(tool, traced.path)
    for size in sizes:
        [stack] = found[size]
        check(stack, truth[size], signals)
        assert python_names(stack) == ["go", "outer", "<module>"]


@pytest.mark.parametrize("what", ["signal", "fault"])
def test_a_handler_on_an_alternate_stack(trace, tmp_path, tool, what):
    """Its stack goes on with the one that the signal interrupted."""
    body = "library.unwound_%s(size(920001))" % what
    traced, truth = run(trace, tmp_path, body)
    found = stacks_by_size(tool, traced.path)
    [stack] = found[920001]
    check(stack, truth[920001], signals=1)
    assert python_names(stack) == ["go", "outer", "<module>"]
    if what == "signal":
        [stack] = found[920002]
        check(stack, truth[920002])


def test_a_coroutine_ends_where_its_stack_begins(trace, tmp_path, tool):
    traced, truth = run(trace, tmp_path, "library.unwound_coroutine(size(930001))")
    [stack] = stacks_by_size(tool, traced.path)[930001]
    check([frame for frame in stack if frame.is_native], truth[930001])


def test_a_thread_made_in_c(trace, tmp_path, tool):
    """No Python at all there: the whole stack is the truth's."""
    traced, truth = run(trace, tmp_path, "library.unwound_thread(size(940001))")
    [stack] = stacks_by_size(tool, traced.path)[940001]
    assert len(truth[940001]) >= 2
    check(stack, truth[940001])
    assert python_names(stack) == []


def test_a_thread_made_in_c_that_calls_python(trace, tmp_path, tool):
    traced, truth = run(trace, tmp_path, "library.unwound_thread_calls(CALL(called), size(950001))")
    [stack] = stacks_by_size(tool, traced.path)[950001]
    check(stack, truth[950001])
    assert python_names(stack) == ["called"]
    outside = [i for i, frame in enumerate(stack) if frame.name == "called"]
    assert LIBRARY.name in [frame.file for frame in stack[outside[0]:]]


def test_deeper_than_we_look(trace, tmp_path, tool):
    """The innermost frames are kept, and what was cut off was outside of them."""
    traced, truth = run(trace, tmp_path, "library.unwound_deep(20000, size(960001))")
    [stack] = stacks_by_size(tool, traced.path)[960001]
    ours = c_frames(stack)
    assert len(ours) > 1000
    # note's truth is cut too
    assert [(file, offset + 1) for file, offset in ours[1: 500]] == truth[960001][: 499]
    assert {file for file, _ in ours} == {LIBRARY.name}


def test_at_every_instruction(trace, tmp_path, tool):
    """Of functions with frames of all kinds, prologues, epilogues and PLT entries too: each
    stack is the truth's, or ends early where the table names a register that is not followed."""
    traced, truth = run(trace, tmp_path, "print(library.unwound_steps(100, size(980000)))")
    steps = int(traced.process.stdout)
    assert steps > 100
    found = stacks_by_size(tool, traced.path)
    cut = 0
    for size in range(980000, 980000 + steps):
        [stack] = found[size]
        ours = c_frames(stack)
        wanted = [(file, offset) for file, offset in truth[size] if not is_evaluators(file)]
        assert len(ours) <= len(wanted) + 1
        for pair, known in zip(ours[1:], wanted):
            assert pair == known or (pair[0], pair[1] + 1) == known, (size - 980000, ours, wanted)
        cut += len(ours) < len(wanted) + 1
        assert python_names(stack) == ["go", "outer", "<module>"]
    assert cut <= steps // 10


@pytest.mark.parametrize("alternate", [0, 1], ids=["same stack", "signal stack"])
def test_at_random(trace, tmp_path, tool, seed, alternate):
    """From stack to stack by random calls: what is kept of the last one is right for the next."""
    notes = 800
    body = ("library.unwound_keep_alternate_stack(); "
            "library.unwound_wander(ctypes.c_uint64(%d), %d, size(990000))" % (int(seed) * 2 + alternate, notes))
    traced, truth = run(trace, tmp_path, body)
    found = stacks_by_size(tool, traced.path)
    for size in range(990000, 990000 + notes):
        [stack] = found[size]
        ours = c_frames(stack)[1:]
        wanted = [(file, offset) for file, offset in truth[size] if not is_evaluators(file)]
        assert len(ours) == len(wanted), (size, ours, wanted)
        for pair, known in zip(ours, wanted):
            assert pair == known or (pair[0], pair[1] + 1) == known, (size, ours, wanted)
        assert python_names(stack) == ["go", "outer", "<module>"]


OBJECTS = """\
kept = []
def make():
    kept.append(bytes(700001))
def outer():
    make()
outer()
"""


@pytest.mark.parametrize("allocator", ["pymalloc", "malloc"])
def test_objects_have_c_frames(trace, tmp_path, tool, allocator):
    """mode=objects: the innermost frame is the one that called Python's allocator."""
    traced = trace(tmp_path, OBJECTS, "mode=objects,native=1", env={"PYTHONMALLOC": allocator})
    assert (traced.process.returncode, traced.process.stderr) == (0, "")
    found = stacks_by_size(tool, traced.path)
    stacks = [stack for size in found if 700001 < size < 700100 for stack in found[size]]
    assert stacks
    for stack in stacks:
        assert python_names(stack) == ["make", "outer", "<module>"]
        assert stack[0].is_native and is_evaluators(stack[0].file)
        assert not any(frame.file.startswith("libpymemtrace") for frame in stack)


DEEP_PYTHON = """\
import ctypes
malloc = ctypes.CDLL(None).malloc
def again(n):
    return again(n - 1) if n else malloc(ctypes.c_size_t(970000 + warm))
def by_sort(n):
    return again(600) if n == 0 else sorted([0], key=lambda _: by_sort(n - 1) or 0)
for warm in range(30): # until each call is specialised
    by_sort(2)
warm = 100
by_sort(20)
"""


def test_deep_python_recursion(interp, trace, tmp_path, tool):
    """Up to 3.10 each call has C frames of its own: together they come to thousands."""
    traced = trace(tmp_path, DEEP_PYTHON, "mode=allocs,native=1")
    assert (traced.process.returncode, traced.process.stderr) == (0, "")
    [stack] = stacks_by_size(tool, traced.path)[970100]
    names = [name.rpartition(".")[2] for name in python_names(stack)]
    assert names == ["again"] * 601 + ["by_sort"] + ["<lambda>", "by_sort"] * 20 + ["<module>"]
    # How many C frames lie between a Python function and its caller: the same number each
    # time, and those of ctypes within the innermost alone.
    between, last, count = {}, None, 0
    for frame in stack:
        if frame.is_native:
            count += 1
            assert last is None or "ffi" not in frame.file
            continue
        between.setdefault((last, frame.name), set()).add(count)
        last, count = frame.name, 0
    [within] = between.pop((None, "again"))
    assert within >= 2
    assert all(len(counts) == 1 for counts in between.values()), between
    for (inner, _outer), counts in between.items():
        if inner.endswith("<lambda>"):
            assert min(counts) >= 2 # list.sort's
        elif inner == "again":
            assert min(counts) == 0 if interp.version >= (3, 11) else min(counts) >= 1
