"""mode=allocs: for each allocation of a probe, the Python stack in the trace is the one that
traceback sees at that very place: function, line and depth, on every CPython.

The probe allocates a size of its own at each place (malloc by ctypes, which adds no frame), and
prints for each size what traceback.extract_stack() says there.
"""
import json

import pytest

NATIVE = 2 # of CODE records: a module


def stacks_of(tool, path, sizes):
    """Of allocations of these sizes, by size: the stacks, as lists of (name, offset), innermost
    first, by the trace's own records. The program may allocate as much elsewhere."""
    done = tool("pymemtrace-report", "dump", "--format=json", path)
    assert done.returncode == 0, done.stderr
    names, stacks, allocated, stream = {}, {}, {}, None
    for line in done.stdout.splitlines():
        record = json.loads(line)
        stream = record.get("stream", stream)  # of the chunk that its records follow
        what = record.get("record")
        if what == "CODE":
            names[record["id"]] = record["name"] if record["kind"] != NATIVE else None
        elif what == "STACK":
            stacks[stream, record["id"]] = record
        elif what == "ALLOC" and record["requested_bytes"] in sizes:
            allocated.setdefault(record["requested_bytes"], []).append((stream, record["stack_id"]))
    found = {}
    for size, places in allocated.items():
        for stream, stack in places:
            frames = []
            while stack:
                record = stacks[stream, stack]
                name = names.get(record["code_id"], "?")
                if name is not None:
                    frames.append((name, record["code_offset"]))
                stack = record["parent_id"]
            found.setdefault(size, []).append(frames)
    return found


HEAD = r'''
import asyncio, contextlib, ctypes, functools, gc, json, sys, threading, traceback

malloc = ctypes.CDLL(None).malloc
malloc.restype, malloc.argtypes = ctypes.c_void_p, [ctypes.c_size_t]
free = ctypes.CDLL(None).free
free.restype, free.argtypes = None, [ctypes.c_void_p]
expected = {}
_next = [70001]
_extract = traceback.extract_stack

def here():
    """A size, and where its caller stands. The caller allocates on the same line."""
    _next[0] += 2
    frames, f = [], sys._getframe(1)
    while f:
        code = f.f_code
        frames.append([getattr(code, "co_qualname", code.co_name), code.co_filename, f.f_lineno])
        f = f.f_back
    # The same by traceback, which resolves lines by another way.
    told = [s.lineno for s in _extract(sys._getframe(1))][::-1]
    assert told == [frame[2] for frame in frames], (told, frames)
    expected[_next[0]] = frames
    return _next[0]

'''

PROBE = HEAD + r'''
def plain(): free(malloc(here()))
plain()

def recurse(n):
    free(malloc(here()))
    if n: recurse(n - 1)
recurse(60)

def generator():
    for i in range(3):
        free(malloc(here()))
        got = yield i
        free(malloc(here()))
list(generator())
g = generator(); next(g); g.send(1); g.close()

def outer():
    yield from generator()
    free(malloc(here()))
list(outer())

async def leaf():
    free(malloc(here()))
    await asyncio.sleep(0)
    free(malloc(here()))
async def agen():
    for i in range(2):
        free(malloc(here()))
        yield i
async def main():
    await asyncio.gather(leaf(), leaf())
    async for i in agen():
        free(malloc(here()))
    [free(malloc(here())) async for i in agen()]
asyncio.run(main())

def raises():
    try:
        raise ValueError(free(malloc(here())))
    except ValueError:
        free(malloc(here()))
        try:
            {}["x"]
        except KeyError:
            free(malloc(here()))
    finally:
        free(malloc(here()))
raises()

def deep_raise(n):
    if n: return deep_raise(n - 1)
    raise RuntimeError
def catches():
    try:
        deep_raise(5)
    except RuntimeError:
        free(malloc(here()))
catches()

def many_lines():
    return max(
        1,
        (free(malloc(here())) or 2),
        functools.reduce(
            lambda a, b: (free(malloc(here())) or a),
            [1, 2, 3],
        ),
        3,
    )
many_lines()

def blank_lines():



    # far from the first line



    free(malloc(here()))
blank_lines()

def comprehensions():
    [free(malloc(here())) for i in range(2)]
    {i: free(malloc(here())) for i in range(2)}
    {free(malloc(here())) for i in range(2)}
    list(free(malloc(here())) for i in range(2))
comprehensions()

def key(x):
    free(malloc(here()))
    return -x
sorted([3, 1, 2], key=key)
sorted([3, 1, 2], key=lambda x: free(malloc(here())) or x)
list(map(lambda x: free(malloc(here())), range(2)))

class Dies:
    def __del__(self):
        free(malloc(here()))
def drop():
    d = Dies()
    d = None
drop()
def cycle():
    d = Dies(); d.me = d
cycle(); gc.collect()

class Body:
    x = free(malloc(here()))
    class Inner:
        y = free(malloc(here()))
    def __init__(self, x):
        free(malloc(here()))
    @property
    def p(self): return free(malloc(here()))
    @staticmethod
    def s(): return free(malloc(here()))
    def __getitem__(self, i): return free(malloc(here()))
    def __add__(self, o): return free(malloc(here()))
    def __call__(self): return free(malloc(here()))
    def __iter__(self): return iter([free(malloc(here()))])
def makes():
    for i in range(30):  # often enough to be specialised
        b = Body(1)
        b.p; b.s(); b[1]; b + b; b(); [*b]
makes()

def decorate(f):
    @functools.wraps(f)
    def inner(*args):
        free(malloc(here()))
        return f(*args)
    return inner
@decorate
def decorated(): free(malloc(here()))
decorated()

@contextlib.contextmanager
def manager():
    free(malloc(here()))
    yield
    free(malloc(here()))
with manager():
    free(malloc(here()))

for i in range(40):  # code that is made and dies: addresses come again
    exec(compile("\n" * i + "def made_%d():\n    free(malloc(here()))\nmade_%d()" % (i, i), "made-%d" % i, "exec"))
    gc.collect() if i % 10 == 0 else None
eval("free(malloc(here()))")
exec(compile("def f\u00e9\u4e2d\U0001d54f(): free(malloc(here()))\nf\u00e9\u4e2d\U0001d54f()", "caf\u00e9.py", "exec"))

def in_thread(n):
    for i in range(5):
        free(malloc(here()))
        [free(malloc(here())) for _ in range(2)]
threads = [threading.Thread(target=in_thread, args=(i,)) for i in range(3)]
# One after the other: `here` is not made for two at once.
for t in threads: t.start(); t.join()

print(json.dumps(expected))
'''

# Switches from within C functions, generators, exceptions, and between threads' own.
GREENLETS = HEAD + r'''
from greenlet import GreenletExit, getcurrent, greenlet

main = getcurrent()
def deep(n, then):
    free(malloc(here()))
    if n: return deep(n - 1, then)
    then()
    free(malloc(here()))

def switches():
    for i in range(3):
        free(malloc(here()))
        main.switch(i)
        free(malloc(here()))
def key(x):
    free(malloc(here()))
    main.switch(x)
    free(malloc(here()))
    return -x
def generator():
    for i in range(3):
        free(malloc(here()))
        main.switch(i)
        yield free(malloc(here()))
def dies():
    try:
        main.switch()
    except GreenletExit:
        free(malloc(here()))
        raise
def raises():
    try:
        main.switch()
    except ValueError:
        free(malloc(here()))
    main.switch()
    free(malloc(here()))
def nested():
    inner = greenlet(switches)
    inner.switch()
    free(malloc(here()))
    main.switch()
    free(malloc(here()))

def run():
    many = [greenlet(switches), greenlet(lambda: sorted([3, 1, 2], key=key)),
            greenlet(lambda: list(generator())), greenlet(lambda: deep(30, main.switch)),
            greenlet(nested), greenlet(lambda: deep(3, nested))]
    while many:
        for each in list(many):
            free(malloc(here()))
            each.switch()
            free(malloc(here()))
            if each.dead: many.remove(each)
    g = greenlet(raises); g.switch(); g.throw(ValueError)
    free(malloc(here()))
    g.switch()
    g = greenlet(dies); g.switch(); del g # killed here
    free(malloc(here()))
run()

def in_thread():
    global main
    main = getcurrent()
    run()
for _ in range(2):
    t = threading.Thread(target=in_thread)
    t.start(); t.join()
print(json.dumps(expected))
'''


def allocations(tool, path):
    """ALLOC events by their size."""
    done = tool("pymemtrace-report", "log", "--format=json", path)
    assert done.returncode == 0, done.stderr
    found = {}
    for line in done.stdout.splitlines():
        event = json.loads(line)
        if event["event"] == "ALLOC":
            found.setdefault(event["requested_bytes"], []).append(event)
    return found


def check_tops(tool, traced, least):
    assert traced.process.returncode == 0, traced.process.stderr
    assert traced.process.stderr == ""
    expected = json.loads(traced.process.stdout.splitlines()[-1])
    assert len(expected) > least
    found = allocations(tool, traced.path)
    wrong = []
    for size, frames in expected.items():
        events = found.get(int(size), [])
        seen = [(e.get("function"), e.get("file"), e.get("line"), e["depth"]) for e in events]
        # In a module's code, lambda... the depth counts all frames; hidden ones do not show.
        if (*frames[0], len(frames)) not in seen:
            wrong.append((size, frames[0], len(frames), seen))
    assert not wrong, "%d of %d wrong: %s" % (len(wrong), len(expected), wrong[:10])


def test_stacks_equal_traceback(trace, tmp_path, tool):
    check_tops(tool, trace(tmp_path, PROBE, "mode=allocs"), 400)


def test_stacks_of_greenlets(trace, tmp_path, tool, greenlet_site):
    if greenlet_site is None:
        pytest.skip("the registry does not give greenlet")
    traced = trace(tmp_path, GREENLETS, "mode=allocs", env={"PYTHONPATH": greenlet_site})
    check_tops(tool, traced, 300)


@pytest.mark.parametrize("options", ["mode=allocs", "mode=allocs,native=1"])
def test_every_frame_of_a_stack_is_right(trace, tmp_path, tool, options):
    """Not the top alone: the whole stack, by the trace's own STACK records. C frames among
    the Python ones change nothing of these."""
    traced = trace(tmp_path, PROBE, options)
    assert traced.process.returncode == 0, traced.process.stderr
    expected = json.loads(traced.process.stdout.splitlines()[-1])
    found = stacks_of(tool, traced.path, {int(size) for size in expected})
    wrong = []
    for size, frames in expected.items():
        seen = [[name for name, _ in stack] for stack in found.get(int(size), [])]
        if [frame[0] for frame in frames] not in seen:
            wrong.append((size, frames, seen))
    assert not wrong, "%d of %d wrong: %s" % (len(wrong), len(expected), wrong[:3])
