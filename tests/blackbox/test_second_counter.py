"""The tracer's counts of a Python function equal those of another counter of malloc in the same
process: libcountpreload.so, which shares nothing with the tracer, preloaded before or behind it
and in front of each allocator that is installed."""
import collections
import json
import subprocess

import pytest

import conftest
import interpreters
import trace_events

COUNTER = interpreters.BUILD / ".libs" / "libcountpreload.so"

# measured() is run twice before: the first time, the tracer itself asks for memory, to keep what
# it learns about a function.
PROGRAM = """
import ctypes, json, sys, zlib
api = ctypes.PyDLL(None)
api.count_call.argtypes = [ctypes.py_object, ctypes.POINTER(ctypes.c_uint64)]
libc = ctypes.CDLL(None)
try:
    cxx = ctypes.CDLL("libstdc++.so.6")
    new, delete = cxx._Znwm, cxx._ZdlPv
except OSError:
    new, delete = libc.malloc, libc.free
for function in new, libc.strdup:
    function.restype = ctypes.c_void_p
new.argtypes = [ctypes.c_size_t]
delete.argtypes = libc.free.argtypes = [ctypes.c_void_p]
kept = []

def leaf(n):
    return bytes(n)

def work():
    for n in range(0, 200000, 777):
        leaf(n)
    grown = bytearray()
    for n in range(3000):
        grown += b"0123456789" * 10
    kept[:] = [bytearray(600 + n) for n in range(1000)]
    for each in kept[::3]:
        each *= 5
    kept[500:] = []
    zlib.decompress(zlib.compress(bytes(grown)))
    json.loads(json.dumps({str(n): [n] * 100 for n in range(300)}))
    for n in range(100):
        delete(new(1000 + n))
        libc.free(libc.strdup(b"x" * n))

def measured():
    work() # whose variables go after it returned, but before this does

numbers = (ctypes.c_uint64 * 4)()
for _ in range(3):
    status = api.count_call(measured, numbers)
print(json.dumps(list(numbers)))
sys.exit(status)
"""


def inclusive(whole, name):
    """What the last call of a function and the calls in it allocated and freed."""
    sums, depth = None, 0
    last = collections.Counter()
    codes = []
    for kind, fields, deltas in whole.main.events:
        if sums is not None and deltas:
            sums.update(deltas)
        if kind in trace_events.ENTERS:
            codes.append(whole.codes[int(fields[0])].name)
            if codes[-1] == name:
                sums, depth = collections.Counter(), len(codes)
        elif kind in trace_events.LEAVES:
            if sums is not None and len(codes) == depth:
                last, sums = sums, None
            codes.pop()
    return [last[field] for field in trace_events.FIELDS["m"]]


def compare(trace, tmp_path, preload, options="", env=None):
    done = trace(tmp_path, PROGRAM, options,
                 env={"LD_PRELOAD": " ".join(map(str, preload)), **(env or {})})
    assert (done.process.returncode, done.process.stderr) == (0, "")
    truth = json.loads(done.process.stdout)
    whole = trace_events.Trace(done.path)
    whole.assert_whole()
    assert truth[1] > 1500 and truth[3] > 1000
    assert inclusive(whole, "measured") == truth


@pytest.mark.parametrize("order", ["before", "behind"])
def test_counts_of_a_function(interp, trace, tmp_path, order):
    preload = [COUNTER, interpreters.LIBRARY]
    compare(trace, tmp_path, preload if order == "before" else preload[::-1])


@pytest.mark.parametrize("order", ["before", "behind"])
@pytest.mark.interpreters(one=True)
def test_counts_without_pymalloc(interp, trace, tmp_path, order):
    """Each Python object is a malloc."""
    preload = [COUNTER, interpreters.LIBRARY]
    compare(trace, tmp_path, preload if order == "before" else preload[::-1],
            env={"PYTHONMALLOC": "malloc"})


ALLOCATORS = [
    ("libjemalloc.so.2", "libjemalloc2"),
    ("libmimalloc.so.2", "libmimalloc2.0"),
    ("libtcmalloc_minimal.so.4", "libtcmalloc-minimal4"),
]


def is_installed(library):
    """Whether the loader finds it; it complains, and goes on."""
    done = subprocess.run(["/bin/true"], env={"LD_PRELOAD": library}, stderr=subprocess.PIPE)
    return not done.stderr


@pytest.mark.parametrize("order", ["before", "behind"])
@pytest.mark.parametrize("library,package", ALLOCATORS, ids=[name for name, _ in ALLOCATORS])
@pytest.mark.interpreters(one=True)
def test_counts_in_front_of_another_allocator(interp, trace, tmp_path, library, package, order):
    if not is_installed(library):
        conftest.lacking(library, package)
    preload = [COUNTER, interpreters.LIBRARY]
    if order == "behind":
        preload.reverse()
    compare(trace, tmp_path, preload + [library])
