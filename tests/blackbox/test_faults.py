"""Machines and moments in which something that the tracer needs is not to be had: the program's
output and status are those of a plain run, the user is told at most once, in words that name
the file and the cause, and the trace says what is missing.

Each fault is a few lines of shell in a mount namespace of its own."""
import collections
import errno
import json
import os
import pathlib
import shutil
import signal
import subprocess
import tempfile

import pytest

import interpreters

NOBODY = 65534
TIMEOUT_S = 120

# Some MiB of trace from three threads; then the program says that it is still well.
WORK = """
import sys, threading
def leaf(n): return n
def work():
    for n in range(100000): leaf(n)
def main():
    threads = [threading.Thread(target=work) for _ in range(2)]
    for thread in threads: thread.start()
    work()
    for thread in threads: thread.join()
    print("well")
    sys.exit(5)
"""
CALLS = 300000
MAIN = "\nmain()\n"

Run = collections.namedtuple("Run", "status stdout stderr said")


@pytest.fixture
def place():
    """A folder that other users may enter, with the library in it."""
    if subprocess.run(["unshare", "-m", "true"], stderr=subprocess.DEVNULL).returncode:
        pytest.skip("needs leave to mount")
    folder = pathlib.Path(tempfile.mkdtemp(prefix="pymemtrace-faults."))
    folder.chmod(0o1777)
    shutil.copy(str(interpreters.LIBRARY), str(folder / "libpymemtrace.so"))
    yield folder
    shutil.rmtree(str(folder))


class Fault:
    """Runs a program plain and traced, each behind the shell commands of a fault. {place} in
    them is the folder."""

    def __init__(self, interp, place):
        if interp.root is not None:
            pytest.skip("the interpreter is in a chroot")
        self.interp, self.place = interp, place
        (place / "out").mkdir()
        (place / "out").chmod(0o1777)
        self.trace = place / "out" / "trace.bin"

    def run(self, code, setup="true", out=None, options="", user=None, limit="",
            traced=True):
        script = self.place / "app.py"
        script.write_text(code)
        settings = ",".join(filter(None, ["out=%s" % (out or self.trace), options]))
        environment = "LD_PRELOAD=%s/libpymemtrace.so PYMEMTRACE=%s" % (self.place, settings)
        drop = "setpriv --reuid %d --regid %d --clear-groups" % (user, user) if user else ""
        drop += " " + limit
        # Asked in the namespace: there the ring may be that a trace needs.
        shell = (
            "mount -t tmpfs -o size=64m,mode=1777 tmpfs /dev/shm\n%s || exit 99\n"
            "cd %s && %s env %s %s %s; status=$?\n"
            "for trace in %s*; do test -f $trace || continue; case $trace in *.ring) continue;; esac\n"
            "%s $trace >{place}/facts; %s summary $trace >{place}/summary; done\nexit $status"
        ).replace("{place}", str(self.place)) % (
            setup.format(place=self.place), self.place, drop, environment if traced else "",
            self.interp.python, script, out or self.trace,
            interpreters.BUILD / "tests" / "support" / "trace_facts",
            interpreters.BUILD / "pymemtrace-report")
        done = subprocess.run(
            ["unshare", "-m", "--propagation", "private", "sh", "-c", shell],
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
            universal_newlines=True, timeout=TIMEOUT_S,
            env={"PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
                 "LANG": "C.UTF-8", "HOME": "/", "TMPDIR": str(self.place)},
        )
        lines = done.stderr.splitlines(True)
        said = [line for line in lines if line.startswith("pymemtrace: ")]
        rest = "".join(line for line in lines if line not in said)
        return Run(done.returncode, done.stdout, rest, said)

    def facts(self):
        return json.loads((self.place / "facts").read_text())

    def summary(self):
        return (self.place / "summary").read_text()

    def compare(self, code, *words, **options):
        """As plain, and told by one line with these words, or by none."""
        plain = self.run(code, traced=False, **options)
        traced = self.run(code, **options)
        assert traced[:3] == plain[:3]
        assert "well\n" in plain.stdout, plain
        assert len(traced.said) == (1 if words else 0), traced.said
        for word in words:
            assert word.format(place=self.place) in traced.said[0], traced.said
        return traced


@pytest.fixture
def fault(interp, place):
    return Fault(interp, place)


def calls(told):
    """Calls of leaf in the trace, and events that are counted as lost."""
    seen = sum(stream["entered"].get("leaf", 0) for stream in told["streams"])
    lost = {key: max(told["lost"][key], told["ring"]["lost"][key]) for key in told["lost"]}
    return seen, lost


def assert_whole(told, expected=CALLS):
    seen, lost = calls(told)
    assert (seen, sum(lost.values()), told["missing_bytes"]) == (expected, 0, 0)
    assert told["end"]["how"] == "exit"


FULL_SHM = "dd if=/dev/zero of=/dev/shm/other bs=1M 2>/dev/null; test -s /dev/shm/other"
NO_SHM = ("mkdir -p {place}/dev && mount --bind /dev {place}/dev && mount -t tmpfs tmpfs /dev &&"
          " for f in null zero urandom random; do touch /dev/$f &&"
          " mount --bind {place}/dev/$f /dev/$f; done")


@pytest.mark.interpreters(one=True)
@pytest.mark.parametrize("setup", [FULL_SHM, NO_SHM, "mount -o remount,ro /dev/shm"],
                         ids=["full", "missing", "read-only"])
def test_no_room_in_dev_shm(fault, setup):
    """The ring lies beside the trace: nothing is said, nothing is lost."""
    fault.compare(WORK + MAIN, setup=setup)
    assert_whole(fault.facts())
    assert sorted(each.name for each in (fault.place / "out").iterdir()) == ["trace.bin"]


@pytest.mark.interpreters(one=True)
def test_no_room_where_the_ring_was_wanted(fault):
    fault.compare(WORK + MAIN, "/dev/shm", "a kill will lose", setup=FULL_SHM,
                  options="ring=shm")
    assert_whole(fault.facts())


FILL = """
import os, sys
def fill(path, all_but):
    with open(path, "wb", buffering=0) as file:
        try:
            while True: file.write(bytes(65536))
        except OSError:
            pass
        file.truncate(max(0, file.tell() - all_but))
"""


@pytest.mark.interpreters(one=True)
@pytest.mark.parametrize("all_but", [0, 300000])
def test_dev_shm_becomes_full(fault, all_but):
    """A second thread's ring is no file, and no hole in one either."""
    code = FILL + WORK + "fill('/dev/shm/other', %d)" % all_but + MAIN
    fault.compare(code, "/dev/shm", "a kill will lose")
    assert_whole(fault.facts())


@pytest.mark.interpreters(one=True)
def test_leaves_room_in_dev_shm(fault):
    """64 threads at once have a megabyte each, but others need the place too."""
    code = """
import os, sys, threading
def leaf(n): return n
barrier = threading.Barrier(41)
def work():
    leaf(1)
    barrier.wait()
    barrier.wait()
threads = [threading.Thread(target=work) for _ in range(40)]
for thread in threads: thread.start()
barrier.wait()
room = os.statvfs("/dev/shm")
print("room:", room.f_bavail * 4 >= room.f_blocks - 1024)
barrier.wait()
for thread in threads: thread.join()
print("well")
"""
    small = "mount -o remount,size=16m /dev/shm"
    run = fault.compare(code, "/dev/shm", "a kill will lose", setup=small)
    assert "room: True" in run.stdout
    assert_whole(fault.facts(), 40)


SMALL_DISK = "mount -t tmpfs -o size={size},mode=1777 tmpfs {{place}}/out"


def assert_lossy(fault, told, cause, words):
    """Every event is there or counted, and the report says why it is not."""
    seen, lost = calls(told)
    assert lost[cause] > 0 and told["end"]["how"] == "exit"
    events = sum(stream["events"] for stream in told["streams"])
    assert events + lost["not_written"] >= 2 * CALLS or lost["unwritable"] > 0
    assert words in " ".join(fault.summary().replace("! ", "").split())


@pytest.mark.interpreters(one=True)
def test_full_disk_with_a_ring_elsewhere(fault):
    """What the disk has no room for stays in the ring, which the reader finds."""
    run = fault.compare(WORK + MAIN, "{place}/out/trace.bin: No space left", "make room",
                        setup=SMALL_DISK.format(size="64k"))
    assert_whole(fault.facts())


@pytest.mark.interpreters(one=True)
def test_full_disk_and_full_ring(fault):
    fault.compare(WORK + MAIN, "{place}/out/trace.bin: No space left", "make room",
                  setup=SMALL_DISK.format(size="64k"), options="ring_size=64KiB")
    assert_lossy(fault, fault.facts(), "not_written", "the trace could not be written")


@pytest.mark.interpreters(one=True)
def test_full_disk_with_a_private_ring(fault):
    fault.compare(WORK + MAIN, "{place}/out/trace.bin: No space left", "make room",
                  setup=SMALL_DISK.format(size="64k"), options="ring=private")
    assert_lossy(fault, fault.facts(), "unwritable", "could not be written")


NO_ROOM_AT_ALL = """
import os, resource
while os.stat("out/trace.bin").st_size < 20000: work()
end = os.stat("out/trace.bin").st_size
resource.setrlimit(resource.RLIMIT_FSIZE, (end + %d, end + %d))
main()
"""


@pytest.mark.interpreters(one=True)
@pytest.mark.parametrize("room", [0, 60])
def test_no_room_for_the_end_itself(fault, room):
    """Nor a file of the ring: other chunks make room, or it would look like a kill."""
    code = WORK + NO_ROOM_AT_ALL % (room, room)
    run = fault.run(code, options="ring=private")
    assert (run.status, run.stdout, len(run.said)) == (5, "well\n", 1)
    assert_lossy(fault, fault.facts(), "unwritable", "could not be written")


@pytest.mark.interpreters(one=True)
def test_room_comes_back(fault):
    """A disk that was full for a while costs nothing but the wait."""
    code = FILL + WORK + "fill('out/other', 0)\nwork()\nos.unlink('out/other')" + MAIN
    fault.compare(code, "{place}/out/trace.bin: No space left",
                  setup=SMALL_DISK.format(size="8m"))
    assert_whole(fault.facts(), CALLS + 100000)


@pytest.mark.interpreters(one=True)
@pytest.mark.parametrize("ring", ["file", "shm"])
def test_file_size_limit_that_kills(fault, ring):
    """SIGXFSZ as the system has it, not as Python: for the program's files, not for ours."""
    code = """
import os, resource, signal
signal.signal(signal.SIGXFSZ, signal.SIG_DFL)
resource.setrlimit(resource.RLIMIT_FSIZE, (40000, 40000))
""" + WORK + MAIN
    plain = fault.run(code, traced=False)
    traced = fault.run(code, options="ring=%s,ring_size=64KiB" % ring)
    assert traced[:3] == plain[:3] and plain.stdout == "well\n"
    assert len(traced.said) == 2 and any("File too large" in line for line in traced.said)
    assert_lossy(fault, fault.facts(), "not_written", "the trace could not be written")
    code += """
fd = os.open("out/big", os.O_CREAT | os.O_WRONLY)
while True: os.write(fd, bytes(30000))
"""
    code = code.replace("sys.exit(5)", "pass")
    killed = 128 + signal.SIGXFSZ
    assert fault.run(code, traced=False).status == fault.run(code).status == killed


@pytest.mark.interpreters(one=True)
def test_read_only_folder(fault):
    """No trace at all is to be had: said once, with the file and the cause."""
    fault.compare(WORK + MAIN, "{place}/out/trace.bin", "Read-only file system",
                  setup="mount -t tmpfs tmpfs {place}/out && mount -o remount,ro {place}/out")


@pytest.mark.interpreters(only=["debian"])
def test_folder_of_another_user(fault):
    fault.compare(WORK + MAIN, "{place}/out/trace.bin", "Permission denied",
                  setup="chmod 755 {place}/out", user=NOBODY)


OLD_TRACE = ("rm -f {place}/out/*; env LD_PRELOAD={place}/libpymemtrace.so PYMEMTRACE=out={place}/out/trace.bin "
             "/usr/bin/python3 -c pass && chmod %s {place}/out/trace.bin")


@pytest.mark.interpreters(only=["debian"])
@pytest.mark.parametrize("mode", ["600", "644"])
def test_old_trace_of_another_user(fault, mode):
    """In a sticky folder it can neither be written nor moved: the new one lies beside it."""
    run = fault.compare(WORK + MAIN, "{place}/out/trace.bin", "trace.bin.",
                        setup=OLD_TRACE % mode, user=NOBODY)
    names = sorted(each.name for each in (fault.place / "out").iterdir())
    assert names[0] == "trace.bin" and names[1] in run.said[0]
    assert_whole(fault.facts())


LEAVES = {
    "chroot": "os.makedirs('jail', exist_ok=True); os.chroot('jail')",
    # The trace is root's, and this is root no more.
    "rights": "os.setgroups([]); os.setgid(65534); os.setuid(65534)",
}


@pytest.mark.interpreters(only=["debian"])
@pytest.mark.parametrize("how", sorted(LEAVES))
def test_daemon_leaves_its_trace(fault, how):
    """Nothing can be written from then on: it waits in the ring, where the reader finds it. The
    ring's file cannot grow either: what later threads do is counted as lost."""
    code = WORK + "\nimport os\n%s\nwork()\nmain()\n" % LEAVES[how].replace("; ", "\n")
    code = code.replace("    work()\n    for thread", "    for thread")
    plain = fault.run(code, traced=False)
    traced = fault.run(code)
    assert traced[:3] == plain[:3] and plain.stdout == "well\n"
    cause = {"chroot": "No such file", "rights": "Permission denied"}[how]
    assert len(traced.said) == 2
    assert len([line for line in traced.said if "/out/trace.bin: " + cause in line]) == 1
    told = fault.facts()
    main = [each for each in told["streams"] if each["main"]][0]
    assert main["entered"]["leaf"] == 100000 and told["end"]["how"] == "exit"
    assert_lossy(fault, told, "unwritable", "could not be written")


@pytest.mark.interpreters(only=["debian"])
def test_no_thread_for_the_drain(fault):
    """The threads of the program write for themselves."""
    code = WORK + "\nwork()\nwork()\nwork()\nprint('well')\n"
    fault.compare(code, "no thread to write the trace", user=NOBODY, limit="prlimit --nproc=0:0")
    told = fault.facts()
    assert_whole(told)
    assert told["info"]["drain"] == "refused" and "no samples" in fault.summary()


NO_PROC = "mount -t tmpfs tmpfs /proc"


@pytest.mark.interpreters(one=True)
def test_no_proc(fault):
    fault.compare(WORK + MAIN, "/proc", setup=NO_PROC)
    told = fault.facts()
    assert_whole(told)
    assert told["info"]["rss_begin_pages"] == "0" and "RSS method: off" in fault.summary()


BUSY = """
import threading
def leaf(n): return n
def work():
    for n in range(20000): leaf(n)
try:
    threads = [threading.Thread(target=work) for _ in range(3)]
    for thread in threads: thread.start()
    for thread in threads: thread.join()
    work()
    print("well")
except (MemoryError, RuntimeError) as error:
    print(type(error).__name__)
"""


@pytest.mark.interpreters(only=["debian"])
def test_little_address_space(fault):
    """Under RLIMIT_AS the tracer takes some for its rings. Wherever a plain run has that much to
    spare the traced one is well; where it has not, it may want memory, but never crashes."""
    well = {True: [], False: []}
    for kib in range(26 << 10, 50 << 10, 2 << 10):
        for traced in (True, False):
            run = fault.run(BUSY, limit="prlimit --as=%d" % (kib << 10), traced=traced)
            assert run.status < 128, (kib, run)
            if run.stdout == "well\n":
                well[traced].append(kib)
    print("plain is well from %d KiB on, traced from %d" % (well[False][0], well[True][0]))
    assert well[True][0] - well[False][0] <= 24 << 10


# The kernel's own numbers, on the two machines that are tested.
NUMBERS = {
    "x86_64": {"perf_event_open": 298, "fallocate": 285, "renameat2": 316, "getrandom": 318,
               "prlimit64": 302, "fstatfs": 138, "rt_sigpending": 127, "rt_sigtimedwait": 128,
               "madvise": 28, "faccessat": 269, "prctl": 157},
    "aarch64": {"perf_event_open": 241, "fallocate": 47, "renameat2": 276, "getrandom": 278,
                "prlimit64": 261, "fstatfs": 44, "rt_sigpending": 136, "rt_sigtimedwait": 137,
                "madvise": 233, "faccessat": 48, "prctl": 167},
}.get(os.uname().machine, {})

# For a program that shuts itself in: what happens at calls of these numbers (SECCOMP_RET_...).
SHUT = """
import ctypes, os, struct, sys
def op(code, yes, no, k): return struct.pack("HBBI", code, yes, no, k)
def shut(numbers, action):
    program = op(0x20, 0, 0, 0) # the number
    for number in numbers:
        program += op(0x15, 0, 1, number) + op(0x06, 0, 0, action)
    program += op(0x06, 0, 0, 0x7fff0000)
    held = ctypes.create_string_buffer(program)
    prog = struct.pack("HxxxxxxP", len(program) // 8, ctypes.addressof(held))
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.prctl(38, 1, 0, 0, 0) or libc.prctl(22, 2, prog, 0, 0):
        sys.exit("seccomp: errno %d" % ctypes.get_errno())
"""
KILL_PROCESS = 0x80000000

# Runs the rest of its arguments behind a filter: argv is errno, number... -- program...
FILTER = SHUT + """
at = sys.argv.index("--")
errno, *numbers = map(int, sys.argv[1:at])
shut(numbers, 0x50000 | errno)
os.execv(sys.argv[at + 1], sys.argv[at + 1:])
"""


@pytest.mark.interpreters(one=True)
@pytest.mark.skipif(not NUMBERS, reason="numbers of system calls are not known here")
@pytest.mark.parametrize("call,error", [(call, errno.EPERM) for call in sorted(NUMBERS)]
                         + [("fallocate", errno.ENOSYS), ("all", errno.ENOSYS)])
def test_refused_by_seccomp(fault, call, error):
    """As in a container: what the program does not need itself may be refused."""
    (fault.place / "filter.py").write_text(FILTER)
    numbers = [NUMBERS[each] for each in NUMBERS if call in (each, "all")]
    # Not into the filter's own interpreter: env comes behind it.
    limit = "/usr/bin/python3 %s/filter.py %d %s -- /usr/bin/env" % (
        fault.place, error, " ".join(map(str, numbers)))
    plain = fault.run(WORK + MAIN, limit=limit, traced=False)
    traced = fault.run(WORK + MAIN, limit=limit)
    assert traced[:3] == plain[:3] and plain.stdout == "well\n"
    if call in ("madvise", "all"):
        assert len(traced.said) == 1 and "running untraced" in traced.said[0]
    else:
        assert ["a kill will lose" in line for line in traced.said] in ([], [True])
        assert_whole(fault.facts())
