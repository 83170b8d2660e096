"""mode=allocs says of known calls what they did: which blocks, their sizes, what is live, and
what was at the peak. Truth: a C library's own list of its calls, and arithmetic on mappings.
"""
import collections
import json
import mmap

import pytest

import interpreters
from test_allocs import blocks

CALLS = interpreters.BUILD / ".libs" / "libcalls.so"
PAGE = mmap.PAGESIZE

PROGRAM = """
import ctypes, json
class Happened(ctypes.Structure):
    _fields_ = [(n, ctypes.c_uint32) for n in ("what", "kind")] + [
        (n, ctypes.c_uint64) for n in ("address", "requested", "usable")]
happened = ctypes.POINTER(Happened)()
def load():
    global calls
    calls = ctypes.CDLL({library!r})
load()
ends = [("load", calls.calls_happened(ctypes.byref(happened)))]
c_family, c_resize, c_refused = calls.calls_family, calls.calls_resize, calls.calls_refused
c_most, c_looked_up = calls.calls_most, calls.calls_looked_up
def family(): c_family()
def resize(): c_resize()
def refused(): c_refused()
def most(): c_most()
def looked_up(): c_looked_up()
for function in (family, resize, refused, most, looked_up):
    function()
    ends.append((function.__name__, calls.calls_happened(ctypes.byref(happened))))
begin, groups = 0, {{}}
for name, end in ends:
    groups[name] = [[getattr(happened[i], f[0]) for f in Happened._fields_] for i in range(begin, end)]
    begin = end
print(json.dumps(groups))
"""


def as_records(group):
    return [
        ("FREE", kind, address, None, None) if what else ("ALLOC", kind, address, requested, usable)
        for what, kind, address, requested, usable in group
    ]


def live_bytes(group, until=None):
    live = {}
    for what, _kind, address, _requested, usable in group[:until]:
        if what:
            live.pop(address, None)
        else:
            live[address] = usable
    return sum(live.values()), len(live)


def figures(rows, kind):
    found = collections.defaultdict(lambda: (0, 0))
    for row in rows:
        old = found[row["function"]]
        own = row["self"]
        found[row["function"]] = (
            old[0] + own[kind + "_bytes"], old[1] + own[kind + "_count"])
    return found


WAYS = ["mode=allocs", "mode=allocs,detail=live", "mode=calls+allocs"]


@pytest.mark.parametrize("way", WAYS)
def test_known_calls(trace, tmp_path, tool, report, way):
    traced = trace(tmp_path, PROGRAM.format(library=str(CALLS)), way)
    assert (traced.process.returncode, traced.process.stderr) == (0, "")
    groups = json.loads(traced.process.stdout)
    loader = None
    if "live" not in way:
        loader = check_records(groups, blocks(tool, traced.path))
    check_live(groups, loader, traced.path, report)


def check_records(groups, streams):
    [main] = [r for r in streams.values() if any(b.name == "family" for b in r)]
    records = [(b.what, b.kind, b.address, b.requested, b.usable) for b in main]
    names_of = {}
    for name, group in groups.items():
        expected = as_records(group)
        at = records.index(expected[0])
        assert records[at: at + len(expected)] == expected, name
        names = {b.name for b in main[at: at + len(expected)] if b.what == "ALLOC"}
        assert names == {name} or name == "load" and len(names) == 1
        names_of[name] = names.pop()
    return names_of["load"]


def check_live(groups, loader, path, report):
    leaks = report("leaks", path, "json", "--limit=all")
    # The free of the one that nobody saw come, where an earlier one had lain.
    assert leaks["blocks"]["double_frees"] <= 1
    assert leaks["blocks"]["missed_frees"] == 0
    found = figures(leaks["leaks"], "leaked")
    peak = figures(report("peak", path, "json", "--limit=all")["peak"], "peak")
    for name, group in groups.items():
        if name == "load":  # ctypes's function, in which the loader allocates too
            assert not loader or found[loader][0] > live_bytes(group)[0]
            continue
        assert found[name] == live_bytes(group), name
        # The peak is where all blocks of `most` are held, behind its 64th.
        if name == "most":
            assert peak[name] == live_bytes(group, 64)
        elif name != "looked_up":
            assert peak[name] == live_bytes(group), name


MAPS = """
import ctypes, mmap
libc = ctypes.CDLL(None)
raw, remap, unmap = libc.mmap, libc.mremap, libc.munmap
raw.restype = remap.restype = ctypes.c_void_p
raw.argtypes = [ctypes.c_void_p, ctypes.c_size_t] + [ctypes.c_int] * 3 + [ctypes.c_long]
remap.argtypes = [ctypes.c_void_p, ctypes.c_size_t, ctypes.c_size_t, ctypes.c_int, ctypes.c_void_p]
unmap.argtypes = [ctypes.c_void_p, ctypes.c_size_t]
PAGE, FIXED = mmap.PAGESIZE, 0x10
PRIVATE = mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS
def holed():
    p = raw(None, 100 * PAGE, 3, PRIVATE, -1, 0)
    assert unmap(p, 10 * PAGE) == unmap(p + 30 * PAGE, 20 * PAGE) == unmap(p + 95 * PAGE, 5 * PAGE) == 0
def below():
    return raw(None, 50 * PAGE, 3, PRIVATE, -1, 0)
def over(p):
    assert raw(p + 10 * PAGE, 7 * PAGE, 3, PRIVATE | FIXED, -1, 0) == p + 10 * PAGE
def small():
    return raw(None, 40 * PAGE, 3, PRIVATE, -1, 0)
def grown(p):
    return remap(p, 40 * PAGE, 900 * PAGE, 1, None)
def shrunk(p):
    assert remap(p, 40 * PAGE, 15 * PAGE, 0, None) == p
def target():
    return raw(None, 60 * PAGE, 3, PRIVATE, -1, 0)
def moved(p, to):
    assert remap(p, 40 * PAGE, 40 * PAGE, 3, to) == to
def gone():
    assert unmap(raw(None, 70 * PAGE, 3, PRIVATE, -1, 0), 70 * PAGE) == 0
holed()
over(below())
grown(small())
shrunk(small())
moved(small(), target())
gone()
"""


@pytest.mark.parametrize("way", WAYS)
def test_known_mappings(interp, trace, tmp_path, report, way):
    traced = trace(tmp_path, MAPS, way)
    assert (traced.process.returncode, traced.process.stderr) == (0, "")
    document = report("leaks", traced.path, "json", "--limit=all")
    found = {name: bytes_ // PAGE for name, (bytes_, _count) in
             figures(document["leaks"], "leaked").items()}
    expected = {"holed": 65, "below": 43, "over": 7, "small": 0, "grown": 900, "shrunk": 15,
                "target": 20, "moved": 40, "gone": 0}
    assert {name: found.get(name, 0) for name in expected} == expected
