"""Each process of a run has its own complete trace, linked to the process it came from.

The truth comes from outside: each process of a program writes who it is and who started it
into a folder, and the program waits for all of them. What the traces say must be the same
family.
"""
import collections
import os
import stat
import textwrap

import pytest

# What each process of a test's program calls: kin("role", parent's pid) leaves a file. The
# function that does it is seen once in the trace, as a call.
KIN = """
import os, sys
def kin(role, parent=None):
    parent = os.getppid() if parent is None else parent
    with open(os.path.join(os.environ["KIN"], "%d-%s" % (os.getpid(), role)), "w") as file:
        file.write(str(parent))
"""

Process = collections.namedtuple("Process", "pid role parent")


class Family:
    """One traced run of a program, and what it said of its processes."""

    def __init__(self, interp, tmp_path, program, options="", env=None, **run_options):
        self.kin = tmp_path / "kin"
        self.kin.mkdir()
        (tmp_path / "kin_of.py").write_text(KIN)
        self.script = tmp_path / "app.py"
        self.script.write_text("from kin_of import *\n" + textwrap.dedent(program))
        self.trace = tmp_path / "trace.bin"
        settings = ",".join(part for part in ("out=%s" % self.trace, options) if part)
        self.done = interp.run([self.script], cwd=tmp_path, env={
            "PYMEMTRACE": settings, "KIN": self.kin, "PYTHONPATH": tmp_path, **(env or {}),
        }, **run_options)
        assert self.done.returncode == 0, self.done.stderr
        self.processes = []
        for path in self.kin.iterdir():
            pid, role = path.name.split("-")
            self.processes.append(Process(int(pid), role, int(path.read_text())))
        self.root = self.one("root")

    def one(self, role):
        found = [each for each in self.processes if each.role == role]
        assert len(found) == 1, "%s is there %d times" % (role, len(found))
        return found[0]

    def path(self, process):
        if process.pid == self.root.pid:
            return self.trace
        return self.trace.with_name("trace.bin.%d" % process.pid)

    def check(self, facts, report, ends=None):
        """Traces and tree against what the processes said; ends by role, else exit."""
        told = {each.role: facts(self.path(each)) for each in self.processes}
        for each in self.processes:
            trace = told[each.role]
            assert trace["run_id"] == told["root"]["run_id"], each
            assert trace["pid"] == each.pid
            if each != self.root:
                assert int(trace["info"]["parent_pid"]) == each.parent, each
            check_complete(trace, (ends or {}).get(each.role, "exit"))
            assert sum(stream["entered"].get("kin", 0) for stream in trace["streams"]) == 1
        rows = report("processes", self.trace)["processes"]
        tree = {row["pid"]: row for row in rows}
        for each in self.processes:
            row = tree[each.pid]
            if each == self.root:
                assert (row["depth"], row["parent_pid"]) == (0, None)
            else:
                assert row["parent_pid"] == each.parent
                assert row["depth"] == tree[each.parent]["depth"] + 1
        return told


def check_complete(trace, how):
    assert trace["end"].get("how") == how, trace["end"]
    assert trace["missing_bytes"] == 0 and trace["problems"] == []
    assert sum(trace["lost"].values()) == 0


@pytest.fixture
def family(interp, tmp_path):
    def run(program, options="", **run_options):
        return Family(interp, tmp_path, program, options, **run_options)

    return run


# --- children that begin a program of their own -----------------------------------------------

CHILD = """
child = "from kin_of import *; kin(sys.argv[1])"
def args(role): return [sys.executable, "-c", child, role]
"""

STARTS = {
    "inherited": "subprocess.check_call(args('child'))",
    "environ": "subprocess.check_call(args('child'), env=dict(os.environ))",
    # close_fds=False lets subprocess use posix_spawn or vfork, as versions differ
    "spawn": "subprocess.check_call(args('child'), env=dict(os.environ), close_fds=False)",
    "session": "subprocess.check_call(args('child'), env=dict(os.environ), "
               "start_new_session=True, preexec_fn=lambda: None)",
    "posix_spawn": "wait(os.posix_spawn(sys.executable, args('child'), dict(os.environ)))",
    "posix_spawnp": "wait(os.posix_spawnp(sys.executable, args('child'), dict(os.environ)))",
    "spawnve": "assert os.spawnve(os.P_WAIT, sys.executable, args('child'), os.environ) == 0",
    "fork-execve": "fork(lambda: os.execve(sys.executable, args('child'), os.environ))",
    "fork-fexecve": "fork(lambda: os.execve(os.open(sys.executable, os.O_RDONLY), "
                    "args('child'), dict(os.environ)))",
    "fork-execvpe": "fork(lambda: os.execvpe(os.path.basename(sys.executable), args('child'), "
                    "dict(os.environ, PATH=os.path.dirname(sys.executable))))",
    "fork-execl": "fork(lambda: os.execl(sys.executable, *args('child')))",
    "shell": "subprocess.check_call(['/bin/sh', '-c', '\"$@\"; true', 'sh'] + args('child'), "
             "env=dict(os.environ))",
    "system": "assert os.system(' '.join(map(shlex.quote, args('child')))) == 0",
}


@pytest.mark.parametrize("start", STARTS)
def test_programs_find_their_run(family, facts, report, start):
    """PYMEMTRACE_RUN is not in os.environ, which most of these hand on."""
    seen = family(CHILD + """
import shlex, subprocess
kin("root", 0)
def wait(pid):
    assert os.waitpid(pid, 0)[1] == 0
def fork(run):
    pid = os.fork()
    if pid == 0:
        run()
    wait(pid)
%s
""" % STARTS[start])
    child = seen.one("child")
    # A forked child that ran Python before its exec has a trace of its own; the program
    # that it became adds one.
    paths = sorted(seen.trace.parent.glob("trace.bin.%d*" % child.pid))
    assert len(paths) in (1, 2)
    trace = facts(paths[-1])
    assert trace["run_id"] == facts(seen.trace)["run_id"]
    assert trace["info"]["argv"].endswith("child")
    parent = child if len(paths) == 2 else seen.root
    assert int(trace["info"]["parent_pid"]) == parent.pid
    check_complete(trace, "exit")
    rows = report("processes", seen.trace)["processes"]
    assert [row["depth"] for row in rows] == list(range(len(paths) + 1))
    assert [row["pid"] for row in rows] == [seen.root.pid] + [child.pid] * len(paths)


NOT_OURS = {
    "empty": "{}",
    "no-preload": "{'PATH': os.environ['PATH']}",
    "other": "{'LD_PRELOAD': 'not-libpymemtrace.so:/lib/libpymemtrace.so.2'}",
}


@pytest.mark.parametrize("env", NOT_OURS)
@pytest.mark.parametrize("start", ["execve", "posix_spawn"])
@pytest.mark.interpreters(one=True)
def test_nothing_is_added_for_others(interp, tmp_path, env, start):
    """A program that is not traced finds the environment that it was given, no more."""
    code = "import os\nenv = %s\nshow = ['/usr/bin/env']\n" % NOT_OURS[env] + {
        "execve": "os.execve(show[0], show, env)",
        "posix_spawn": "os.waitpid(os.posix_spawn(show[0], show, env), 0)",
    }[start]
    plain, traced = (interp.run(
        ["-c", code], cwd=tmp_path, preload=preload,
        env={"PYMEMTRACE": "out=%s/trace.bin" % tmp_path},
    ) for preload in (False, True))
    assert traced.stdout == plain.stdout
    assert "PYMEMTRACE_RUN" not in traced.stdout


@pytest.mark.interpreters(one=True)
def test_an_environment_is_handed_on_as_it_was(interp, tmp_path):
    """All of it and in order, however long; what names its run already keeps it."""
    code = (
        "import os, sys\n"
        "env = {'V%05d' % n: 'x' * (n % 7) for n in range(int(sys.argv[1]))}\n"
        "env['LD_PRELOAD'] = os.environ['LD_PRELOAD']\n"
        "env.update(each.split('=', 1) for each in sys.argv[2:])\n"
        "show = ['/bin/cat', '/proc/self/environ']\n"
        "os.waitpid(os.posix_spawn(show[0], show, env), 0)\n"
    )
    own = "PYMEMTRACE_RUN=0123456789abcdef0123456789abcdef:1:/nowhere"
    for count, more in ((0, []), (3000, []), (20000, []), (10, [own])):
        done = interp.run(["-c", code, count, *more], cwd=tmp_path,
                          env={"PYMEMTRACE": "out=%s/trace.bin" % tmp_path})
        lines = done.stdout.split("\0")
        run = [line for line in lines if line.startswith("PYMEMTRACE_RUN=")]
        wanted = ["V%05d=%s" % (n, "x" * (n % 7)) for n in range(count)]
        assert [line for line in lines if line.startswith("V")] == wanted
        # 32 KiB of pointers are copied at most.
        assert len(run) == (count < 4000)
        assert not more or run == more


# --- forked children ----------------------------------------------------------------------------

FORKED = """
import threading
kin("root", 0)
def fork(run, *args):
    pid = os.fork()
    if pid == 0:
        try:
            run(*args)
        finally:
            os._exit(0)
    assert os.waitpid(pid, 0)[1] == 0
"""

FORKS = {
    "child": ("fork(kin, 'child')", {}),
    "nested": ("""
        def deeper(depth):
            kin("child%d" % depth)
            if depth:
                fork(deeper, depth - 1)
        fork(deeper, 4)
     """, {}),
    "chdir": ("os.mkdir('elsewhere'); os.chdir('elsewhere'); fork(kin, 'child')", {}),
    "thread": ("t = threading.Thread(target=fork, args=(kin, 'child')); t.start(); t.join()", {}),
    "many": ("for n in range(20): fork(kin, 'child%d' % n)", {}),
    "exit": ("""
        pid = os.fork()
        if pid == 0:
            kin("child")
            sys.exit(0)
        os.waitpid(pid, 0)
     """, {"child": "exit"}),
}


@pytest.mark.parametrize("how", FORKS)
def test_forked_children(family, facts, report, how):
    program, ends = FORKS[how]
    seen = family(FORKED + textwrap.dedent(program), env={"PYTHONWARNINGS": "ignore"})
    roles = {each.role for each in seen.processes} - {"root"}
    told = seen.check(facts, report, {**dict.fromkeys(roles, "quick_exit"), **ends})
    version = told["root"]["info"]["python_version"]
    assert all(each["info"]["python_version"] == version for each in told.values())
    assert len(list(seen.trace.parent.glob("trace.bin*"))) == len(seen.processes)


SILENT = """
kin("root", 0)
read, write = os.pipe()
pid = os.fork()
if pid == 0:
    for _ in range(50):
        kept = bytearray(3 << 20)
    os.write(write, b"%d" % os.getpid())
    os._exit(5)
assert os.waitpid(pid, 0)[1] >> 8 == 5
print(os.read(read, 10).decode())
"""


def test_a_forked_child_without_python_calls(family, facts):
    """Its counters are there, though no event ever came in it."""
    seen = family(SILENT)
    path = seen.trace.with_name("trace.bin." + seen.done.stdout.strip())
    told = facts(path)
    check_complete(told, "quick_exit")
    assert told["end"]["status"] == 5
    assert int(told["info"]["parent_pid"]) == seen.root.pid
    assert told["run_id"] == facts(seen.trace)["run_id"]


FAILING = """
import subprocess
kin("root", 0)
try:
    subprocess.call(["/no/such/program"])
except FileNotFoundError:
    print("as it should")
"""


def test_a_child_that_only_failed_to_exec_leaves_nothing(family):
    seen = family(FAILING)
    assert seen.done.stdout == "as it should\n"
    assert [each.name for each in seen.trace.parent.glob("trace.bin*")] == ["trace.bin"]


def test_a_chain_of_execs(interp, facts, report, tmp_path):
    """One pid, a trace for each program in turn; the last says how the process ended."""
    code = ("import os, sys\n"
            "def hop(left):\n"
            "    if left == 0: sys.exit(6)\n"
            "    os.execv(sys.executable, [sys.executable, sys.argv[0], str(left - 1)])\n"
            "hop(int(sys.argv[1]))\n")
    script = tmp_path / "hop.py"
    script.write_text(code)
    path = tmp_path / "trace.bin"
    process = interp.popen([script, 3], cwd=tmp_path, env={"PYMEMTRACE": "out=%s" % path})
    assert process.wait(60) == 6
    names = ["", ".%d" % process.pid, ".%d.1" % process.pid, ".%d.2" % process.pid]
    assert {each.name for each in tmp_path.glob("trace.bin*")} == {
        "trace.bin" + name for name in names}
    for number, name in enumerate(names):
        told = facts(tmp_path / ("trace.bin" + name))
        assert told["pid"] == process.pid and told["generation"] == number
        assert told["run_id"] == facts(path)["run_id"]
        check_complete(told, "exit" if number == 3 else "exec")
        assert sum(each["entered"].get("hop", 0) for each in told["streams"]) == 1
    assert told["end"]["status"] == 6
    rows = report("processes", path)["processes"]
    assert [row["depth"] for row in rows] == [0, 1, 2, 3]


# --- multiprocessing ------------------------------------------------------------------------------

POOLS = """
import multiprocessing
from kin_of import kin
def square(n):
    return n * n
def work(role):
    kin(role)
def begin(method):
    context = multiprocessing.get_context(method)
    one = context.Process(target=work, args=("process",))
    one.start()
    one.join()
    assert one.exitcode == 0
    with context.Pool(2, initializer=work, initargs=("worker",)) as pool:
        assert pool.map(square, range(100)) == [n * n for n in range(100)]
        pool.close()
        pool.join()
"""


@pytest.mark.parametrize("method", ["fork", "spawn", "forkserver"])
def test_multiprocessing(interp, family, facts, report, tmp_path, method):
    (tmp_path / "pools.py").write_text(POOLS)
    seen = family("""
        import pools
        if __name__ == "__main__":
            kin("root", 0)
            pools.begin(%r)
    """ % method, env={"PYTHONWARNINGS": "ignore"})
    workers = [each for each in seen.processes if each.role != "root"]
    assert len(workers) == 3
    root = facts(seen.trace)
    check_complete(root, "exit")
    squares = 0
    for each in workers:
        told = facts(seen.path(each))
        assert told["run_id"] == root["run_id"]
        check_complete(told, "quick_exit" if method != "spawn" else told["end"]["how"])
        # The fork server is between: it is traced too, and the parent that getppid() tells.
        assert int(told["info"]["parent_pid"]) == each.parent
        squares += sum(stream["entered"].get("square", 0) for stream in told["streams"])
    assert squares == 100
    rows = {row["pid"]: row for row in report("processes", seen.trace)["processes"]}
    for each in workers:
        assert rows[each.pid]["parent_pid"] == each.parent
        assert rows[each.pid]["depth"] == (2 if method == "forkserver" else 1)


# --- names of traces --------------------------------------------------------------------------------

TINY = "def known(): pass\nknown()\n"


def test_out_with_pid(interp, facts, tmp_path):
    code = TINY + ("import os\npid = os.fork()\nif pid == 0:\n    known()\n    os._exit(0)\n"
                   "os.waitpid(pid, 0)\nprint(os.getpid(), pid)\n")
    done = interp.run(["-c", code], cwd=tmp_path, env={"PYMEMTRACE": "out=t-%p.bin"})
    pids = [int(pid) for pid in done.stdout.split()]
    told = [facts(tmp_path / ("t-%d.bin" % pid)) for pid in pids]
    assert [each["pid"] for each in told] == pids
    assert told[0]["run_id"] == told[1]["run_id"]
    assert len(list(tmp_path.iterdir())) == 2


def test_old_trace_of_a_dead_process_is_kept_once(interp, facts, tmp_path):
    path = tmp_path / "trace.bin"
    pids = []
    for _ in range(3):
        process = interp.popen(["-c", TINY], cwd=tmp_path, env={"PYMEMTRACE": "out=%s" % path})
        assert process.wait(60) == 0
        pids.append(process.pid)
    assert facts(path)["pid"] == pids[2]
    assert facts(tmp_path / "trace.bin.old")["pid"] == pids[1]
    assert len(list(tmp_path.iterdir())) == 2


def test_trace_of_a_living_process_is_left_alone(interp, facts, tmp_path):
    path = tmp_path / "trace.bin"
    env = {"PYMEMTRACE": "out=%s" % path}
    wait = TINY + "import sys\nprint('ready', flush=True)\nsys.stdin.read()\n"
    first = interp.popen(["-c", wait], cwd=tmp_path, env=env, stdin=-1, stdout=-1)
    try:
        assert first.stdout.readline() == b"ready\n"
        second = interp.popen(["-c", TINY], cwd=tmp_path, env=env)
        assert second.wait(60) == 0
    finally:
        first.communicate()
    assert facts(path)["pid"] == first.pid
    told = facts(tmp_path / ("trace.bin.%d" % second.pid))
    assert told["run_id"] != facts(path)["run_id"]
    for each in (told, facts(path)):
        check_complete(each, "exit")
    assert len(list(tmp_path.iterdir())) == 2


def test_what_is_no_trace_is_left_alone(interp, facts, tmp_path):
    path = tmp_path / "trace.bin"
    path.write_text("the user's own")
    process = interp.popen(["-c", TINY], cwd=tmp_path, env={"PYMEMTRACE": "out=%s" % path})
    assert process.wait(60) == 0
    assert path.read_text() == "the user's own"
    assert facts(tmp_path / ("trace.bin.%d" % process.pid))["end"]["how"] == "exit"


@pytest.mark.parametrize("umask", [0o000, 0o022, 0o777])
def test_only_the_owner_reads_it(interp, tmp_path, umask):
    code = "import os\nos.umask(%d)\n" % umask
    code += TINY + "pid = os.fork()\nif pid == 0:\n    known()\n    os._exit(0)\nos.wait()\n"
    before = os.umask(umask)
    try:
        process = interp.popen(["-c", code], cwd=tmp_path, env={"PYMEMTRACE": "out=trace.bin"})
    finally:
        os.umask(before)
    assert process.wait(60) == 0
    traces = list(tmp_path.glob("trace.bin*"))
    assert len(traces) == 2
    for each in traces:
        assert stat.S_IMODE(each.stat().st_mode) == 0o600 & ~umask or umask == 0o777


@pytest.mark.parametrize("target", ["file", "nothing"])
def test_no_link_is_followed(both, tmp_path, target):
    (tmp_path / "file").write_text("the user's own")
    (tmp_path / "trace.bin").symlink_to(tmp_path / target)
    plain, traced = both(["-c", TINY + "print('ran')"])
    assert (traced.returncode, traced.stdout) == (0, plain.stdout)
    assert len(traced.said) == 1 and "symbolic link" in traced.said[0]
    assert (tmp_path / "file").read_text() == "the user's own"
    assert {each.name for each in tmp_path.iterdir()} == {"file", "trace.bin"}


FROM_A_THREAD = """
import ctypes, os, threading
libc = ctypes.CDLL(None)
is_traced = "libpymemtrace" in open("/proc/self/maps").read()
def work():
    for i in range(1000):
        pass
def fork():
    pid = os.fork()
    if pid:
        print(os.waitpid(pid, 0)[1])
        return
    while is_traced and len(os.listdir("/proc/self/task")) < 2:
        work()
    libc.printf(b"written as the process ends\\n")
thread = threading.Thread(target=fork)
thread.start()
thread.join()
"""


@pytest.mark.parametrize("options", ["mode=calls", "mode=calls+allocs", "detail=tree"])
def test_a_child_ends_with_its_last_thread(both, facts, tmp_path, options):
    """The thread that forked is its first one, and leaves by pthread_exit: the process goes on as
    long as there is another, which only is the tracer's."""
    plain, traced = both(["-W", "ignore", "-c", FROM_A_THREAD], options, timeout=60)
    assert (plain.returncode, plain.stderr) == (0, "")
    assert plain.stdout == "written as the process ends\n0\n"
    assert (traced.returncode, traced.stdout, traced.stderr) == (0, plain.stdout, "")
    [child] = tmp_path.glob("trace.bin.*")
    assert facts(child)["end"]["how"] == "exit"
