"""Each process of a run has its own complete trace, linked to the process it came from.

The truth comes from outside: each process of a program writes who it is and who started it
into a folder, and the program waits for all of them. What the traces say must be the same
family.
"""
import collections
import os
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
