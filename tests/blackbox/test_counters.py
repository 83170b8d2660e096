"""What the counters and the account of the resident set say of real Python programs."""
import re

import pytest

KNOWN = """
import ctypes, mmap

libc = ctypes.CDLL(None)
libc.malloc.restype = libc.calloc.restype = libc.realloc.restype = ctypes.c_void_p
libc.malloc.argtypes = [ctypes.c_size_t]
libc.calloc.argtypes = [ctypes.c_size_t, ctypes.c_size_t]
libc.realloc.argtypes = [ctypes.c_void_p, ctypes.c_size_t]
libc.free.argtypes = [ctypes.c_void_p]
libc.malloc_usable_size.argtypes = [ctypes.c_void_p]
libc.malloc_usable_size.restype = ctypes.c_size_t
PAGE = mmap.PAGESIZE

def get_blocks(held):
    malloc = libc.malloc
    for i in range(1000):
        held[i] = malloc(1234)

def grow_blocks(held):
    realloc = libc.realloc
    for i in range(1000):
        held[i] = realloc(held[i], 5678)

def drop_blocks(held):
    free = libc.free
    for i in range(1000):
        free(held[i])

def map_memory():
    return mmap.mmap(-1, 300 * PAGE, flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS)

def touch_memory(memory):
    for i in range(300):
        memory[i * PAGE] = 1

def unmap_memory(memory):
    memory.close()

held = [0] * 1000
get_blocks(held)
usable = [libc.malloc_usable_size(held[0])]
grow_blocks(held)
usable.append(libc.malloc_usable_size(held[0]))
drop_blocks(held)
memory = map_memory()
touch_memory(memory)
unmap_memory(memory)
print(*usable, PAGE)
"""

# Grows and shrinks the process in the ways Python programs do, at some 10,000 events.
RESTLESS = """
import gc, json

def grow(n):
    return [bytearray(4096) for i in range(n)]

def churn(depth):
    held = [object() for i in range(200)]
    return churn(depth - 1) if depth else len(held)

def big():
    return bytes(50_000_000)

def read_new_memory():
    with open("/dev/zero", "rb", buffering=0) as file:
        file.readinto(bytearray(1 << 20))

for i in range(50):
    held = grow(300)
    churn(10)
    del held
    held = big()
    del held
    json.loads(json.dumps({str(k): [k] * 10 for k in range(200)}))
    read_new_memory()
    gc.collect()
"""


def infos(path):
    """Facts that an uncompressed trace holds as digits behind their key and a length."""
    found = re.findall(rb"(rss_check_[a-z_]+)([\x01-\x14])(\d+)", path.read_bytes())
    return {key.decode(): int(digits[: size[0]]) for key, size, digits in found}


def run_known(trace, report, tmp_path, options):
    """The program's own figures, and what each function did itself."""
    traced = trace(tmp_path, KNOWN, options)
    assert traced.process.returncode == 0, traced.process.stderr
    shown = report("functions", traced.path, "json", "--limit=all")
    own = {each["function"]: each["self"] for each in shown["functions"]}
    return list(map(int, traced.process.stdout.split())), own, shown["trace"]["rss_method"]


def assert_rss(own, page, slack):
    """One function maps 300 pages, one touches them, one unmaps them."""
    assert abs(own["map_memory"]["rss_net_bytes"]) <= slack * page
    assert abs(own["touch_memory"]["rss_net_bytes"] - 300 * page) <= slack * page
    assert abs(own["unmap_memory"]["rss_net_bytes"] + 300 * page) <= slack * page


def test_known_calls_are_counted_exactly(trace, report, tmp_path):
    (first, second, page), own, method = run_known(trace, report, tmp_path, "")
    assert own["get_blocks"]["allocated_count"] == 1000
    assert own["get_blocks"]["allocated_bytes"] == 1000 * first
    assert own["grow_blocks"]["allocated_bytes"] == 1000 * second
    assert own["grow_blocks"]["freed_bytes"] == 1000 * first
    assert own["drop_blocks"]["freed_count"] == 1000
    assert own["drop_blocks"]["freed_bytes"] == 1000 * second
    if method == "exact":
        assert_rss(own, page, 1)


FORKS = """
import ctypes
libc = ctypes.CDLL(None)
fork, leave, wait = libc.fork, libc._exit, libc.wait

def forks():
    if not fork():
        leave(0)
    wait(None)

for _ in range(20):
    forks()
"""


def test_a_fork_gives_nothing_back(trace, report, tmp_path):
    """The tracer's thread ends before it and begins anew: what libc keeps for a thread is no
    memory of the program's."""
    traced = trace(tmp_path, FORKS)
    assert (traced.process.returncode, traced.process.stderr) == (0, "")
    shown = report("functions", traced.path, "json", "--limit=all")
    own, = (each["self"] for each in shown["functions"] if each["function"] == "forks")
    assert [own[key] for key in ("freed_count", "freed_bytes", "allocated_count")] == [0, 0, 0]


# The clock: as many pages as can be touched in its 100 us.
@pytest.mark.interpreters(one=True)
@pytest.mark.parametrize("wanted, slack", [("exact", 1), ("trigger", 1), ("clock", 150)])
def test_each_method_keeps_its_bound(trace, report, tmp_path, wanted, slack):
    (_, _, page), own, method = run_known(trace, report, tmp_path, "rss=%s" % wanted)
    if method != wanted:
        pytest.skip("%s is refused here, got %s" % (wanted, method))
    assert_rss(own, page, slack)


@pytest.mark.interpreters(one=True)
def test_rss_can_be_left_out(trace, report, tmp_path):
    _, own, method = run_known(trace, report, tmp_path, "rss=off")
    assert method == "off"
    assert own["touch_memory"]["rss_up_bytes"] is None


def test_no_change_of_rss_is_missed(trace, tmp_path):
    traced = trace(tmp_path, RESTLESS, "rss=each,compress=none")
    assert traced.process.returncode == 0, traced.process.stderr
    found = infos(traced.path)
    if found["rss_check_method"] != 1:
        pytest.skip("page faults cannot be counted here")
    assert found["rss_check_reads"] > 5000
    assert found["rss_check_missed"] == 0, found
