"""A traced program behaves as without us: output, exit status, warnings, depth, signals."""
import os
import re
import shutil
import subprocess
import textwrap
import time

import pytest

import interpreters

PROGRAMS = interpreters.TOP / "tests" / "blackbox" / "programs"
STACK_LINE = "pymemtrace: deep recursion: "


def still(text):
    """Without addresses and thread ids, which change from run to run."""
    return re.sub("0x[0-9a-f]+", "0x", text)


def assert_same(plain, traced, said=()):
    """The tracer's own lines begin with what `said` lists, one each."""
    assert (traced.returncode, still(traced.stdout)) == (plain.returncode, still(plain.stdout))
    assert still(traced.stderr) == still(plain.stderr)
    assert len(traced.said) == len(said), traced.said
    for line, start in zip(traced.said, said):
        assert line.startswith(start)


def entered(told, name):
    return sum(stream["entered"].get(name, 0) for stream in told["streams"])


# --- recursion -----------------------------------------------------------------------------

DEEP = [
    # limit, stack KiB, where, what, plain C stack is enough from this version on
    (1000, 0, "main", "python", (3, 8)),
    (15000, 0, "main", "python", (3, 8)),
    (20000, 0, "main", "c", (3, 8)),
    (8000, 0, "main", "both", (3, 8)),
    (200000, 0, "main", "python", (3, 11)),
    (100000, 0, "main", "both", (3, 11)),
    (1000, 256, "thread", "python", (3, 11)),
    (1000, 1024, "thread", "python", (3, 8)),
    (100000, 128 << 10, "thread", "python", (3, 8)),
] + [(1000000, 900 << 10, "thread", "python", (3, 8))] * interpreters.LONG


@pytest.mark.parametrize("limit,stack_kib,where,what,since", DEEP)
def test_recursion_as_deep_as_plain(both, facts, interp, limit, stack_kib, where, what, since):
    if interp.version < since:
        pytest.skip("CPython %d.%d needs C stack for each Python call" % interp.version[:2])
    plain, traced = both([PROGRAMS / "recurse.py", limit, stack_kib, where, what])
    told = facts(traced.path)
    if interp.version >= (3, 14) and "Stack overflow" in plain.stdout:
        # Counted by C stack, whose beginning the environment's size moves.
        depths = [int(run.stdout.split()[1]) for run in (plain, traced)]
        assert abs(depths[0] - depths[1]) < depths[0] / 200 and not traced.said
        return
    assert "RecursionError" in plain.stdout
    stream = [each for each in told["streams"] if "go" in each["entered"]][0]
    short = told["lost"]["detached"]
    assert_same(plain, traced, [STACK_LINE] * min(short, 1))
    # Everything that was entered was left, and the hook is there again at the end.
    assert stream["entered"] == stream["left"]
    assert stream["stray_leaves"] == 0 and stream["entered"]["last"] == 1
    if interp.version >= (3, 12):
        assert short == 0 and stream["deepest"] > min(limit, 1000) / 3
    elif limit == 1000 and stack_kib != 256:
        assert short == 0 and stream["deepest"] > 990


# In and out of the depth at which the hook steps aside, on two threads; while it is aside
# for one, the other's calls are not seen either.
ZIGZAG = """
import sys, threading
sys.setrecursionlimit(5000)
threading.stack_size(1 << 20)
def down(depth):
    return depth and down(depth - 1)
def work():
    for depth in list(range(300, 1700, 50)) * 2:
        down(depth)
threads = [threading.Thread(target=work) for _ in range(2)]
[thread.start() for thread in threads]
[thread.join() for thread in threads]
def after(): pass
after()
"""


@pytest.mark.interpreters(max=(3, 11))
def test_steps_aside_and_comes_back(both, facts):
    plain, traced = both(["-c", ZIGZAG])
    assert_same(plain, traced, [STACK_LINE])
    told = facts(traced.path)
    assert told["lost"]["detached"] >= 5
    assert entered(told, "after") == 1
    for stream in told["streams"]:
        assert stream["entered"] == stream["left"]


# --- what a program sees of itself -----------------------------------------------------------

FORMS = {
    "script": ["{}"],
    "dev": ["-X", "dev", "{}"],
    "isolated": ["-I", "{}"],
    "no-site": ["-I", "-S", "{}"],
    "optimized": ["-OO", "{}"],
    "errors": ["-W", "error", "{}"],
    "unbuffered": ["-u", "-B", "{}"],
    "command": ["-c", "import runpy, sys; runpy.run_path(sys.argv[1])", "{}"],
    "module": ["-m", "look"],
}


@pytest.mark.parametrize("form", FORMS)
def test_sees_the_same(both, facts, form):
    args = [part.format(PROGRAMS / "look.py") for part in FORMS[form]]
    env = {"PYTHONPATH": PROGRAMS, "PYTHONDONTWRITEBYTECODE": "1"}
    plain, traced = both(args, env=env)
    assert plain.returncode == 0, plain.stderr
    assert_same(plain, traced)
    assert facts(traced.path)["end"]["how"] == "exit"
    assert entered(facts(traced.path), "look_around") == 1


@pytest.mark.parametrize("malloc", ["malloc", "debug", "malloc_debug", "pymalloc_debug"])
def test_with_each_python_allocator(both, malloc):
    env = {"PYTHONMALLOC": malloc, "PYTHONFAULTHANDLER": "1"}
    plain, traced = both([PROGRAMS / "recurse.py", 500, 0, "main", "python"], env=env)
    assert_same(plain, traced)


def test_off_is_off(interp, tmp_path):
    """Nothing is left behind, and nothing is lent to the environment."""
    done = interp.run(["-c", "import os; print(sorted(os.environ)); os.system('env')"],
                      env={"PYMEMTRACE": "mode=off"}, cwd=tmp_path)
    assert (done.returncode, done.stderr) == (0, "")
    assert "PYMEMTRACE_RUN" not in done.stdout
    assert list(tmp_path.iterdir()) == []


# What stays allocated: a code object's memory for us goes when it goes.
LEAKS = r"""
import gc, sys
def make(number):
    names = {}
    exec("def f%d():\n    return [x for x in range(3)]\nf%d()" % (number % 7, number % 7), names)
def blocks():
    gc.collect()
    return sys.getallocatedblocks()
for number in range(100): make(number)
before = blocks()
for number in range(3000): make(number)
print(abs(blocks() - before) < 300) # of 6000 code objects
"""


def test_leaks_nothing(both):
    plain, traced = both(["-c", LEAKS])
    assert plain.stdout == "True\n"
    assert_same(plain, traced)


def test_from_stdin(both, facts):
    plain, traced = both(["-"], input="def known(): print('here')\nknown()\n")
    assert_same(plain, traced)
    assert entered(facts(traced.path), "known") == 1


def test_in_a_venv(both, interp, facts, tmp_path):
    made = interp.run(["-m", "venv", "--without-pip", tmp_path / "venv"], preload=False)
    if made.returncode:
        pytest.skip("no venv module: %s" % made.stdout)
    python = tmp_path / "venv" / "bin" / "python"
    code = "import sys\ndef known(): print(sys.prefix)\nknown()\n"
    plain, traced = both([], argv=[python, "-c", code])
    assert_same(plain, traced)
    assert entered(facts(traced.path), "known") == 1


# --- fork, warnings, signals ----------------------------------------------------------------

FORK = """
import os, sys
def child(): os._exit(7)
for _ in range(5):
    pid = os.fork()
    if pid == 0: child()
    print(os.waitpid(pid, 0)[1] >> 8)
"""


@pytest.mark.parametrize("options", ["", "interval=10ms"])
def test_fork_is_silent(both, options):
    plain, traced = both(["-W", "error", "-c", FORK], options)
    assert plain.stdout == "7\n" * 5
    assert_same(plain, traced)


SIGNALS = """
import faulthandler, os, signal, sys, threading, time
hits = {}
def on_signal(number, frame):
    hits[number] = hits.get(number, 0) + 1
def fib(n): return n if n < 2 else fib(n - 1) + fib(n - 2)
for number in (signal.SIGALRM, signal.SIGUSR1, signal.SIGTRAP, signal.SIGPROF):
    signal.signal(number, on_signal)
for number in (signal.SIGUSR1, signal.SIGTRAP):
    for _ in range(100):
        os.kill(os.getpid(), number)
        while hits.get(number, 0) <= _: pass
signal.setitimer(signal.ITIMER_REAL, 0.0003, 0.0003)
signal.setitimer(signal.ITIMER_PROF, 0.001, 0.001)
value = 0
while hits.get(signal.SIGALRM, 0) < 300:
    value = fib(15)
    x = [bytearray(100000) for _ in range(3)]
signal.setitimer(signal.ITIMER_REAL, 0)
signal.setitimer(signal.ITIMER_PROF, 0)
print(value, hits[signal.SIGUSR1], hits[signal.SIGTRAP], threading.active_count())
begun = time.monotonic()
signal.setitimer(signal.ITIMER_REAL, 0.05)
time.sleep(0.2)
print(time.monotonic() - begun >= 0.2)
try:
    signal.signal(signal.SIGALRM, lambda *_: 1 / 0)
    signal.setitimer(signal.ITIMER_REAL, 0.05)
    time.sleep(60)
except ZeroDivisionError:
    print("interrupted")
signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGUSR2])
os.kill(os.getpid(), signal.SIGUSR2)
print(int(signal.sigwait([signal.SIGUSR2])))
"""


def test_signals(both):
    plain, traced = both(["-c", SIGNALS])
    assert_same(plain, traced)
    assert plain.stdout.endswith("12\n")


CRASH = """
import ctypes, faulthandler, sys
faulthandler.enable()
def outer(): inner()
def inner(): ctypes.string_at(8)
outer()
"""


def test_faulthandler_and_crash(both, facts):
    plain, traced = both(["-c", CRASH])
    assert_same(plain, traced)
    assert traced.returncode == -11 and "Segmentation fault" in traced.stderr
    told = facts(traced.path)
    stream = [each for each in told["streams"] if "inner" in each["entered"]][0]
    assert "inner" not in stream["left"] and told["end"] == {}
    os.unlink(told["ring"]["path"])


UNCAUGHT = {
    "raise": "def f(): raise KeyError('x')\nf()\n",
    "syntax": "def f(:\n",
    "exit": "import sys\nsys.exit('text on stderr')\n",
    "interrupt": "import os, signal\n"
                 "signal.signal(signal.SIGINT, signal.default_int_handler)  # a job in the background ignores it\n"
                 "os.kill(os.getpid(), signal.SIGINT)\nwhile 1: pass\n",
    "broken-pipe": "import os, sys\nos.close(1)\nprint('x', flush=True)\n",
    "unraisable": "class A:\n def __del__(self): 1/0\ndel_me = A()\ndel del_me\n",
    "thread": "import threading\nt = threading.Thread(target=lambda: 1/0, name='T')\n"
              "t.start(); t.join()\n",
    "atexit": "import atexit\natexit.register(print, 'bye')\natexit.register(lambda: 1/0)\n",
}


@pytest.mark.parametrize("how", UNCAUGHT)
def test_errors_look_the_same(both, tmp_path, how):
    script = tmp_path / "app.py"
    script.write_text(UNCAUGHT[how])
    assert_same(*both([script]))


# --- daemons and descriptors ------------------------------------------------------------------

DAEMON = """
import os, sys, time
def work(): pass
def allocate():
    return bytearray(50 << 20)
def daemon(path):
    global keep
    os.setsid()
    if os.fork(): os._exit(0)
    os.closerange(0, 1100)
    # Every number that could have been the tracer's is the program's own file now.
    files = [os.open("%s.%d" % (path, n), os.O_RDWR | os.O_CREAT) for n in range(1030)]
    for n, fd in enumerate(files): os.write(fd, b"%d" % n)
    for _ in range(600000): work()
    keep = allocate()
    for n, fd in enumerate(files): os.write(fd, b" %d" % n)
    pid = b"%d" % os.getpid()
    done = os.open(path + ".done", os.O_RDWR | os.O_CREAT)
    os.write(done, pid)
    os.rename(path + ".done", path)
pid = os.fork()
if pid == 0:
    daemon(sys.argv[1])
    sys.exit(0)
os.waitpid(pid, 0)
while not os.path.exists(sys.argv[1]): time.sleep(0.005)
print("started")
"""


def test_daemon_that_closes_everything(interp, facts, report, tmp_path):
    out, data = tmp_path / "trace.bin", tmp_path / "data"
    done = interp.run(
        ["-c", "import resource\n"
               "resource.setrlimit(resource.RLIMIT_NOFILE, (2000, 2000))\n" + DAEMON, data],
        env={"PYMEMTRACE": "out=%s,interval=10ms" % out}, cwd=tmp_path,
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, "started\n", "")
    pid = data.read_text()
    told = wait_for_end(facts, tmp_path / ("trace.bin.%s" % pid))
    assert entered(told, "work") == 600000
    assert told["end"]["how"] == "exit" and told["missing_bytes"] == 0
    assert sum(told["lost"].values()) == 0
    for number in range(1030):
        assert (tmp_path / ("data.%d" % number)).read_text() == "%d %d" % (number, number)
    # Without its descriptor the resident set was still read.
    rows = report("functions", tmp_path / ("trace.bin.%s" % pid))["functions"]
    allocate = [row for row in rows if row["function"] == "allocate"][0]
    assert allocate["self"]["rss_up_bytes"] >= 50 << 20


def wait_for_end(facts, path):
    """The daemon has written its file; its own end follows at once."""
    ran = True
    while True:
        told = facts(path)
        if told["end"] or not ran:
            return told
        ran = told["runs"]


LISTED = """
import os, resource
def usable():
    found = []
    for number in range(os.sysconf("SC_OPEN_MAX")):
        try:
            os.fstat(number)
            found.append(number)
        except OSError:
            pass
    return found
def show():
    print(resource.getrlimit(resource.RLIMIT_NOFILE), usable())
show()
resource.setrlimit(resource.RLIMIT_NOFILE, (29, resource.getrlimit(resource.RLIMIT_NOFILE)[1]))
show()
pid = os.fork()
if pid == 0:
    show()
    os._exit(0)
os.wait()
os.closerange(3, os.sysconf("SC_OPEN_MAX"))
os.execv(os.sys.executable, [os.sys.executable, "-c",
    "import os, resource; print(resource.getrlimit(resource.RLIMIT_NOFILE), "
    "[n for n in range(40) if os.path.exists('/proc/self/fd/%d' % n)])"])
"""


@pytest.mark.parametrize("soft,hard", [(1024, 4096), (256, 4096), (1024, 1024)])
def test_descriptors_a_program_can_see(interp, tmp_path, soft, hard):
    """Where the limits leave a number that the program cannot use, ours is that one."""
    runs = []
    for preload in (False, True):
        limited = ["/bin/sh", "-c", 'ulimit -Sn %d && ulimit -Hn %d && exec "$@"' % (soft, hard),
                   "sh", interp.python, "-u", "-c", LISTED]
        runs.append(interp.run([], argv=limited, preload=preload, cwd=tmp_path,
                               env={"PYMEMTRACE": "out=trace.bin"}))
    plain, traced = runs
    assert plain.returncode == 0 and len(plain.stdout.splitlines()) == 4, plain.stderr
    if soft == hard:
        assert traced.stdout.splitlines()[0] == plain.stdout.splitlines()[0].replace(
            "]", ", 1023]")
    else:
        assert traced.stdout == plain.stdout


STDERR_REUSED = """
import os
os.close(2)
fd = os.open("mine", os.O_RDWR | os.O_CREAT)
assert fd == 2
def work(): pass
for _ in range(int(os.environ["CALLS"])): work()
"""


def test_says_nothing_into_a_file_that_took_stderr(interp, tmp_path):
    """The trace cannot be written: that is said, but not into a file of the program's."""
    out = tmp_path / "folder"
    out.mkdir()
    code = "import shutil\nshutil.rmtree(%r)\n" % str(out) + STDERR_REUSED
    done = interp.run(["-c", code], cwd=tmp_path,
                      env={"PYMEMTRACE": "out=%s/trace.bin" % out, "CALLS": "400000"})
    assert (done.returncode, done.stderr) == (0, "")
    assert (tmp_path / "mine").read_bytes() == b""


# --- tools that want the same hooks ------------------------------------------------------------

HOOKED = {
    "setprofile": """
        import sys, threading
        seen = []
        def prof(frame, event, arg): seen.append((event, frame.f_code.co_name))
        def f(): return len("x")
        def work():
            sys.setprofile(prof); f(); f(); sys.setprofile(None)
        work()
        threading.setprofile(prof)
        t = threading.Thread(target=f); t.start(); t.join()
        threading.setprofile(None)
        print([each for each in seen if each[1] in ("f", "work")])
        print(sys.getprofile(), seen[0][0] == "call")
    """,
    "settrace": """
        import sys
        seen = []
        def tracer(frame, event, arg):
            seen.append((event, frame.f_code.co_name, frame.f_lineno))
            frame.f_trace_opcodes = True
            return tracer
        def f():
            for x in range(3): yield x
        def g():
            try: list(f()); 1/0
            except ZeroDivisionError: pass
        sys.settrace(tracer); g(); sys.settrace(None)
        print(seen, sys.gettrace())
    """,
    "cprofile": """
        import cProfile, pstats, io
        def f(n): return n if n < 2 else f(n-1) + f(n-2)
        profile = cProfile.Profile()
        profile.runcall(f, 12)
        for key, value in sorted(pstats.Stats(profile).stats.items()):
            print(key[2], value[:2])
    """,
    "tracemalloc": """
        import tracemalloc
        tracemalloc.start(5)
        def f(): return [bytes(1000) for _ in range(50)]
        keep = f()
        traces = tracemalloc.take_snapshot().traces
        # A few small blocks more are ours: what a code object keeps for us.
        print([trace.size for trace in traces if trace.size > 1000])
        print(len([trace for trace in traces if trace.size < 1000]) < 400)
        tracemalloc.stop()
    """,
    "monitoring": """
        import sys
        monitoring = getattr(sys, "monitoring", None)
        def f(n): return n and f(n - 1)
        f(1)
        if monitoring:
            seen = []
            for tool in (0, 1, 2, 3, 5):
                monitoring.use_tool_id(tool, "t%d" % tool)
                def on_start(code, offset, tool=tool):
                    seen.append((tool, code.co_name))
                    return monitoring.DISABLE if len(seen) > 30 else None
                monitoring.register_callback(tool, monitoring.events.PY_START, on_start)
                monitoring.set_events(tool, monitoring.events.PY_START)
            f(10)
            for tool in (0, 1, 2, 3, 5):
                monitoring.set_events(tool, 0)
            monitoring.restart_events()
            f(3)
            for tool in (0, 1, 2, 3, 5):
                monitoring.free_tool_id(tool)
            print(len(seen), [each for each in seen if each[1] == "f"])
    """,
}


TOOLS = """
import inspect, sys
monitoring, seen = sys.monitoring, []
def answer(function, *args):
    try:
        return function(*args)
    except Exception as error:
        return repr(error)
def f(n): return n and f(n - 1)
def look():
    print([(monitoring.get_tool(n), monitoring.get_events(n),
            monitoring.get_local_events(n, f.__code__)) for n in range(6)])
    print(monitoring._all_events())
def unused(n):
    for name, *args in (("set_events", n, 1), ("set_local_events", n, f.__code__, 1),
                        ("free_tool_id", n), ("clear_tool_id", n), ("get_tool", n),
                        ("register_callback", n, 1, None)):
        print(name, answer(getattr(monitoring, name, str), *args))
look()
for n in list(range(6)) + [5, 5, 4]: unused(n)
for name in sorted(dir(monitoring)):
    each = getattr(monitoring, name)
    if callable(each):
        print(name, repr(each), each.__doc__, inspect.signature(each), each.__module__,
              type(each), each.__self__, each.__qualname__)
        for args in ((), (1, 2, 3, 4, 5), ("x",), (99,), (-1,), (1 << 80,), ("x", 1), (5.0, "x")):
            if name != "restart_events":
                print(name, args, answer(each, *args))
def use(tools):
    for tool in tools:
        monitoring.use_tool_id(tool, "t%d" % tool)
        print(answer(monitoring.use_tool_id, tool, "again"))
        def on_start(code, offset, tool=tool):
            if code.co_name == "f": seen.append(tool)
        print(monitoring.register_callback(tool, monitoring.events.PY_START, on_start))
        monitoring.set_events(tool, monitoring.events.PY_START | monitoring.events.CALL)
        look()
    f(2)
    for tool in tools:
        monitoring.set_events(tool, 0)
        print(monitoring.register_callback(tool, monitoring.events.PY_START, None) is not None)
        monitoring.free_tool_id(tool)
    look()
    print(seen)
use([5]); use([4]); use([5, 4, 3, 2, 1]); use([0, 1, 2, 3, 4])
def after(): pass
after()
if "all" in sys.argv: use([0, 1, 2, 3, 4, 5])
"""


@pytest.mark.interpreters(min=(3, 12))
@pytest.mark.parametrize("options", ["", "c_calls=1", "mode=lines"])
def test_its_tool_is_not_seen(both, facts, options):
    """A program that wants the id that the tracer has gets it; the tracer takes another."""
    plain, traced = both(["-c", TOOLS], options)
    assert plain.returncode == 0, plain.stderr
    assert_same(plain, traced)
    told = facts(traced.path)
    assert entered(told, "after") == 1 and entered(told, "f") == 4 * 3
    assert sum(told["lost"].values()) == 0
    for stream in told["streams"]:
        assert stream["entered"] == stream["left"] and stream["stray_leaves"] == 0


MANY_INTERPRETERS = """
import sys
try: import _interpreters as interpreters
except ImportError: import _xxsubinterpreters as interpreters
for _ in range(40):
    one = interpreters.create()
    getattr(interpreters, "run_string", None)(one, "def f(): pass\\nf()")
    interpreters.destroy(one)
for tool in range(6):
    sys.monitoring.use_tool_id(tool, "main")
    print(sys.monitoring.get_tool(tool))
    sys.monitoring.free_tool_id(tool)
def after(): pass
after()
"""


@pytest.mark.interpreters(min=(3, 12))
def test_its_tool_is_not_seen_after_many_interpreters(both, facts):
    plain, traced = both(["-c", MANY_INTERPRETERS])
    assert plain.returncode == 0, plain.stderr
    assert_same(plain, traced)
    assert entered(facts(traced.path), "after") == 1


@pytest.mark.interpreters(min=(3, 12))
def test_all_tools_are_the_programs(both, facts):
    """Then there is no place to trace from; that is said once."""
    plain, traced = both(["-c", TOOLS, "all"])
    assert plain.returncode == 0, plain.stderr
    assert_same(plain, traced, ["pymemtrace: the program took our place in sys.monitoring"])
    told = facts(traced.path)
    assert entered(told, "after") == 1 and told["lost"]["detached"] == 1


@pytest.mark.parametrize("what", HOOKED)
def test_beside_other_hooks(both, facts, tmp_path, what):
    script = tmp_path / "app.py"
    script.write_text(textwrap.dedent(HOOKED[what]) + "\ndef after(): pass\nafter()\n")
    plain, traced = both([script])
    assert plain.returncode == 0, plain.stderr
    assert_same(plain, traced)
    told = facts(traced.path)
    assert entered(told, "after") == 1 and entered(told, "f") > 0
    for stream in told["streams"]:
        assert stream["entered"] == stream["left"] and stream["stray_leaves"] == 0


# --- programs that are no Python ----------------------------------------------------------------

COMMANDS = {
    "true": "true",
    "sh": "for i in 1 2 3; do (echo $i; exit $i); echo $?; done; kill -s TERM $$",
    "pipes": "printf 'b\\na\\n' | sort | tr a-z A-Z | tee copy; cat copy",
    "git": "git init -q repo && cd repo && echo x >f && git add f && git -c user.name=n "
           "-c user.email=e commit -qm m && git log --format=%s && git status --short",
    "gcc": "printf 'int main(void){return 5;}' >a.c && gcc -O1 -o a a.c && ./a",
    "env": "env -i /bin/sh -c 'echo $LD_PRELOAD; env' | grep -v PWD",
    "vanishing": "cp /bin/true t && ./t && rm t; (exec 1>&-; echo x); ulimit -n 8; true",
}


@pytest.mark.interpreters(one=True)
@pytest.mark.parametrize("command", COMMANDS)
def test_other_programs(tmp_path, command):
    if command in ("git", "gcc") and not shutil.which(command):
        pytest.skip("no %s here" % command)
    results = []
    for preload in (False, True):
        folder = tmp_path / str(preload)
        folder.mkdir()
        env = {"PATH": os.environ["PATH"], "HOME": str(folder), "LANG": "C.UTF-8"}
        if preload:
            env["LD_PRELOAD"] = str(interpreters.LIBRARY)
            env["PYMEMTRACE"] = "no_such_key=1" if command == "sh" else ""
        done = subprocess.run(["/bin/sh", "-c", COMMANDS[command]], cwd=str(folder), env=env,
                              stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=60)
        left = sorted(path.name for path in folder.iterdir())
        results.append((done.returncode, done.stdout, done.stderr, left))
    assert results[0] == results[1]


@pytest.mark.serial
def test_other_programs_start_at_once():
    """The least of many starts, with and without: a busy machine only makes them longer."""
    least = []
    for preload in ({}, {"LD_PRELOAD": str(interpreters.LIBRARY)}):
        times = []
        for _ in range(200):
            begun = time.perf_counter()
            os.waitpid(os.posix_spawn("/bin/true", ["true"], {"PATH": "/bin", **preload}), 0)
            times.append(time.perf_counter() - begun)
        least.append(min(times))
    assert least[1] - least[0] < 0.001


def test_setuid_helper(both, interp, facts, tmp_path):
    """ld.so loads no preload into it: its caller is traced, it is not, and nobody minds."""
    if os.getuid() != 0:
        pytest.skip("only root can make a setuid program")
    helper = tmp_path / "helper"
    shutil.copy("/usr/bin/id", helper)
    tmp_path.chmod(0o777)
    os.chown(helper, 65534, 65534)
    helper.chmod(0o4755)
    code = ("import subprocess\ndef call(): print(subprocess.check_output([%r, '-u']))\n"
            "call()\n" % str(helper))
    plain, traced = both(["-c", code])
    assert "65534" in plain.stdout or "b'0" in plain.stdout
    assert_same(plain, traced)
    assert entered(facts(traced.path), "call") == 1
    assert [each.name for each in tmp_path.glob("trace.bin*")] == ["trace.bin"]
