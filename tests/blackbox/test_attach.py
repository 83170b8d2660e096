"""Python is found in every program that holds it and however it begins; each of its calls is
seen once, and the program runs as without us. What is no Python that we know says so."""
import json
import os
import shutil
import subprocess

import pytest

import interpreters
import trace_events

PROGRAMS = interpreters.TOP / "tests" / "blackbox" / "programs"
COMPILER = os.environ.get("CC", "cc").split()

# Calls of every kind; as one text, which embedding programs run again and again.
CODE = """
def known(n):
    if n: known(n - 1)
def generate():
    yield 1
    yield 2
def fail():
    raise ValueError
def negate(n): return -n
def work():
    known(9)
    for _ in generate(): pass
    try: fail()
    except ValueError: pass
    return sorted([3, 1, 2], key=negate)
work()
"""
# Of the code above, each time that it runs.
CALLS = {"known": 10, "generate": 3, "fail": 1, "work": 1, "negate": 3}


def calls_of(whole):
    result = dict.fromkeys(CALLS, 0)
    for stream in whole.threads:
        for kind, code in whole.calls(stream):
            name = code.name.rpartition(".")[2]
            if kind in trace_events.ENTERS and name in CALLS:
                result[name] += 1
    return result


def check(plain, traced, times, said=()):
    assert (traced.returncode, traced.stdout, traced.stderr) == (
        plain.returncode, plain.stdout, plain.stderr)
    assert plain.returncode == 0, plain.stderr
    assert traced.said == list(said)
    whole = trace_events.Trace(traced.path)
    whole.assert_whole()
    assert calls_of(whole) == {name: times * count for name, count in CALLS.items()}
    return whole


# --- programs with Python inside ---------------------------------------------------------------

WAYS = {"once": 1, "again": 3, "second": 4, "threads": 80, "aside": 1}

WHERE = """
import json, sys, sysconfig
get = sysconfig.get_config_var
print(json.dumps([get("LIBDIR"), get("INSTSONAME"), get("MULTIARCH"), sys.base_prefix]))
"""


@pytest.fixture(scope="module")
def library(interp):
    """(folder of its libpython, file name, prefix), as the interpreter sees them."""
    done = interp.run(["-c", WHERE], preload=False)
    folder, name, multiarch, prefix = json.loads(done.stdout)
    version = "libpython%d.%d.so.1.0" % interp.version[:2]
    for where in (folder, os.path.join(folder, multiarch or "")):
        for file in (name, version):
            if file.startswith("libpython") and ".so" in file and \
                    os.path.exists((interp.root or "") + os.path.join(where, file)):
                return where, file, prefix
    pytest.skip("%s has no shared libpython" % interp)


@pytest.fixture(scope="module")
def build(tmp_path_factory):
    if not shutil.which(COMPILER[0]):
        pytest.skip("no C compiler")

    def compile_program(source, *flags):
        program = tmp_path_factory.mktemp("program") / source.stem
        subprocess.run([*COMPILER, "-O1", "-g", "-o", program, source, "-ldl", "-pthread", *flags],
                       check=True)
        return program

    return compile_program


@pytest.fixture(scope="module")
def hosts(build, interp, library):
    folder, name, _ = library
    return {
        "linked": (build(
            PROGRAMS / "host.c", "-Wl,--no-as-needed", "-Wl,-rpath," + folder,
            "-Wl,--allow-shlib-undefined", (interp.root or "") + os.path.join(folder, name)), "-"),
        "opened": (build(PROGRAMS / "host.c"), os.path.join(folder, name)),
    }


@pytest.mark.parametrize("how", ["linked", "opened"])
@pytest.mark.parametrize("way", WAYS)
def test_embedded(both, hosts, library, how, way):
    program, argument = hosts[how]
    env = {"PYTHONHOME": library[2], "PYTHONDONTWRITEBYTECODE": "1"}
    plain, traced = both([], argv=[program, argument, way, CODE], env=env)
    whole = check(plain, traced, WAYS[way])
    if way == "threads":
        assert len(whole.threads) >= 4 # the first thread may have called nothing


# --- the interpreter's own ways ----------------------------------------------------------------

@pytest.mark.parametrize("flags", [[], ["-I", "-S"], ["-X", "dev"], ["-I", "-S", "-X", "dev"]])
def test_command(both, flags):
    check(*both(flags + ["-c", CODE]), 1)


def test_module_and_package(both, tmp_path):
    (tmp_path / "thing").mkdir()
    (tmp_path / "thing" / "__init__.py").write_text("")
    (tmp_path / "thing" / "__main__.py").write_text(CODE)
    check(*both(["-m", "thing"], env={"PYTHONDONTWRITEBYTECODE": "1"}), 1)
    check(*both([tmp_path / "thing"]), 1)


def test_from_stdin_line_by_line(both):
    check(*both(["-i", "-q", "-"], input="exec(%r)\n" % CODE), 1)


THREADS = {
    "threading": """
import threading
threads = [threading.Thread(target=work) for _ in range(5)]
for each in threads: each.start()
for each in threads: each.join()
""",
    "_thread": """
import _thread
done = [_thread.allocate_lock() for _ in range(5)]
def work_and_say(lock):
    work()
    lock.release()
for each in done:
    each.acquire()
    _thread.start_new_thread(work_and_say, (each,))
for each in done: each.acquire()
""",
    "pool": """
from concurrent.futures import ThreadPoolExecutor
with ThreadPoolExecutor(3) as pool:
    for each in [pool.submit(work) for _ in range(5)]: each.result()
""",
    "native": """
import ctypes
libc = ctypes.CDLL(None)
function = ctypes.CFUNCTYPE(ctypes.c_void_p, ctypes.c_void_p)(lambda unused: work() and None)
for _ in range(5):
    thread = ctypes.c_ulong()
    libc.pthread_create(ctypes.byref(thread), None, function, None)
    libc.pthread_join(thread, None)
""",
}


@pytest.mark.parametrize("how", THREADS)
def test_threads(both, how):
    plain, traced = both(["-c", CODE + THREADS[how]])
    whole = check(plain, traced, 6)
    assert len(whole.threads) > (2 if how == "pool" else 5)


IN_FRONT = """
import _testcapi, tracemalloc
tracemalloc.start()
status = _testcapi.run_in_subinterp("kept = [object() for i in range(1000)]")
tracemalloc.stop()
print(status, len([object() for i in range(1000)]))
"""


@pytest.mark.interpreters(min=(3, 12))
def test_another_allocator_in_front(both, interp):
    """A subinterpreter attaches while tracemalloc stands in front of our functions: put in front
    of it once more, they would call themselves without end. Before 3.12 the program hangs plain."""
    if interp.run(["-c", "import _testcapi"], preload=False).returncode:
        pytest.skip("no _testcapi here")
    plain, traced = both(["-c", IN_FRONT])
    assert plain.stdout == "0 1000\n", plain.stderr
    assert (traced.returncode, traced.stdout, traced.stderr) == (0, plain.stdout, plain.stderr)


SUBINTERPRETERS = """
try:
    import _interpreters as inner
except ImportError:
    import _xxsubinterpreters as inner
work()
for _ in range(3):
    made = inner.create(%s)
    inner.run_string(made, code)
    inner.destroy(made)
work()
"""


def subinterpreters(interp, kind):
    """SUBINTERPRETERS of that kind, as this version asks for it."""
    argument = ""
    if interp.version >= (3, 13):
        argument = repr(kind)
    elif interp.version >= (3, 9) and kind == "legacy":
        argument = "isolated=False"
    elif kind == "isolated" and interp.version < (3, 9):
        pytest.skip("3.8 knows one kind")
    return SUBINTERPRETERS % argument


@pytest.mark.parametrize("kind", ["legacy", "isolated"])
def test_subinterpreters(both, interp, kind):
    code = "code = %r%s" % (CODE, CODE + subinterpreters(interp, kind))
    check(*both(["-W", "ignore", "-c", code]), 6)


# --- what is not known -------------------------------------------------------------------------

def run_unknown(program, *arguments, tmp_path, options=""):
    env = {"PATH": os.environ["PATH"], "LANG": "C.UTF-8"}
    plain = subprocess.run([program, *arguments], env=env, cwd=tmp_path, encoding="utf-8",
                           stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    env.update(LD_PRELOAD=str(interpreters.LIBRARY),
               PYMEMTRACE="out=%s%s" % (tmp_path / "trace.bin", options))
    traced = subprocess.run([program, *arguments], env=env, cwd=tmp_path, encoding="utf-8",
                            stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    lines = traced.stderr.splitlines(True)
    assert (traced.returncode, traced.stdout) == (plain.returncode, plain.stdout)
    assert lines[1:] == plain.stderr.splitlines(True) or lines == plain.stderr.splitlines(True)
    whole = trace_events.Trace(tmp_path / "trace.bin")
    assert whole.end is not None
    assert any(kind == "sample" for kind, _, _ in whole.streams[0].events), "no sample"
    assert sum(sums["allocated_count"] for sums in whole.thread_sums.values()) > 500
    assert not any(kind in trace_events.ENTERS for stream in whole.streams.values()
                   for kind, _, _ in stream.events)
    return lines


@pytest.mark.parametrize("flags, version", [
    ([], "Python 3.99"), (["-DHOOKS"], "Python 3.99"), (["-DPYPY"], "PyPy"),
    (['-DVERSION="4.0.1 (main)"'], "Python 4.0"),
    (['-DVERSION="3.7.1 (main)"'], "Python 3.7"),
])
def test_unknown_version(build, tmp_path, flags, version):
    program = build(PROGRAMS / "future_python.c", "-rdynamic", *flags)
    said = run_unknown(program, "hello", tmp_path=tmp_path)
    assert said == ["pymemtrace: %s is not supported: calls are not traced, counters and samples "
                    "are\n" % version]


OLD = os.path.expanduser("~/.pyenv/versions/%s/bin/python")


@pytest.mark.parametrize("version", ["2.7.18", "3.6.15", "3.7.16"])
def test_old_python(tmp_path, version):
    program = OLD % version
    if not os.path.exists(program):
        pytest.skip("no Python %s" % version)
    said = run_unknown(program, "-c", "print([str(i) for i in range(1000)][7])", tmp_path=tmp_path)
    assert said == ["pymemtrace: Python %s is not supported: calls are not traced, counters and "
                    "samples are\n" % version.rpartition(".")[0]]


# --- functions that are filtered out -----------------------------------------------------------

FILTERED = """
import ctypes, sys
tracer = ctypes.CDLL(None)
def hidden_known(n):
    if n == 7: shown()
    if n: hidden_known(n - 1)
    len("")
def hidden_generate():
    for i in range(3):
        shown()
        yield i
def hidden_fail():
    shown()
    raise ValueError
def shown(): len("x")
def hidden_work():
    hidden_known(9)
    for _ in hidden_generate(): pass
    try: hidden_fail()
    except ValueError: pass
    generator = hidden_generate()
    next(generator)
    try: generator.throw(ValueError)
    except ValueError: pass
def hidden_main():
    hidden_work()
    sys.monitoring.restart_events() # of another tool
    hidden_work()
    tracer.pymemtrace_pause()
    hidden_work()
    tracer.pymemtrace_resume()
    hidden_work()
    for i in range(100): hidden_work()
hidden_main()
print("done")
"""


@pytest.mark.interpreters(min=(3, 12))
@pytest.mark.parametrize("options", ["", ",c_calls=1", ",mode=lines", ",mode=lines,c_calls=1"])
def test_what_is_filtered_out_stays_out(trace, tmp_path, options):
    """sys.monitoring is told that such code needs no calls of ours any more."""
    done = trace(tmp_path, ["-c", FILTERED], "exclude=*hidden*,exclude=*.py,exclude=<frozen*,"
                 "exclude=<module>" + options)
    assert (done.process.returncode, done.process.stdout, done.process.stderr) == (0, "done\n", "")
    whole = trace_events.Trace(done.path)
    whole.assert_whole()
    names = [code.name for kind, code in whole.calls(whole.main) if kind == "start"]
    assert names == ["shown"] * (6 * 103)
    c_calls = [whole.codes[int(fields[0])].name for kind, fields, _ in whole.main.events
               if kind == "c_call"]
    assert c_calls == (["len"] * (6 * 103) if "c_calls" in options else [])
    assert sum(kind == "line" for kind, _, _ in whole.main.events) == (
        6 * 103 if "lines" in options else 0)


# --- another frame evaluator -------------------------------------------------------------------

# 3.8 has no setter: there a tool writes the interpreter's word.
EVALUATOR = """
import ctypes, sys
api = ctypes.pythonapi
tool = ctypes.CDLL(sys.argv[1])
def address_of(function): return ctypes.cast(function, ctypes.c_void_p).value
default = address_of(api._PyEval_EvalFrameDefault)
if sys.version_info >= (3, 9):
    api.PyInterpreterState_Get.restype = ctypes.c_void_p
    interpreter = ctypes.c_void_p(api.PyInterpreterState_Get())
    api._PyInterpreterState_GetEvalFrameFunc.restype = ctypes.c_void_p
    there = api._PyInterpreterState_GetEvalFrameFunc(interpreter)
    def put(address): api._PyInterpreterState_SetEvalFrameFunc(interpreter, ctypes.c_void_p(address))
else:
    api._PyInterpreterState_Get.restype = ctypes.c_void_p
    words = (ctypes.c_void_p * 512).from_address(api._PyInterpreterState_Get())
    ours = [[int(part, 16) for part in line.split()[0].split("-")]
            for line in open("/proc/self/maps") if "libpymemtrace.so" in line]
    # Behind it come functions that free extra values of code objects.
    place = [i for i in range(512) if words[i] == default or
             any(low <= (words[i] or 0) < high for low, high in ours)][0]
    there = words[place]
    def put(address): words[place] = address
def seen(): pass
def work(): pass
def look(): sys._getframe() # raises an audit event
def install(how):
    ctypes.c_void_p.in_dll(tool, "next").value = there if how == "chained" else default
    put(address_of(tool.evaluate))
seen()
if sys.argv[2] != "none": install(sys.argv[2])
for i in range(20):
    work()
    look()
print("done")
"""

REPLACED = ["pymemtrace: another tool replaced our frame evaluator: calls are no longer traced\n"]


@pytest.mark.interpreters(max=(3, 11))
@pytest.mark.parametrize("how", ["none", "chained", "instead"])
def test_another_evaluator(both, build, how):
    """One that passes frames on is no harm; one that does not is noticed, said and counted."""
    library = build(PROGRAMS / "evaluator.c", "-shared", "-fPIC")
    plain, traced = both(["-c", EVALUATOR, library, how])
    assert (plain.returncode, plain.stdout, plain.stderr) == (0, "done\n", "")
    assert (traced.returncode, traced.stdout, traced.stderr) == (0, "done\n", "")
    whole = trace_events.Trace(traced.path)
    names = [code.name for kind, code in whole.calls(whole.main) if kind == "start"]
    lost = how == "instead"
    assert traced.said == (REPLACED if lost else [])
    assert [loss[:2] for loss in whole.losses] == ([[6, 1]] if lost else [])
    assert names.count("seen") == 1
    assert names.count("work") == (0 if lost else 20)
    kinds = [kind for kind, _, _ in whole.main.events]
    assert sum(map(kinds.count, trace_events.ENTERS)) == sum(map(kinds.count, trace_events.LEAVES))


# --- when it begins -----------------------------------------------------------------------------

def test_what_site_imports_is_in_the_trace(trace, tmp_path):
    """The file of a module that only site needs is executed within the trace."""
    done = trace(tmp_path, ["-c", "print('well')"])
    assert (done.process.returncode, done.process.stdout) == (0, "well\n")
    whole = trace_events.Trace(done.path)
    modules = {os.path.basename(code.file) for stream in whole.threads
               for kind, code in whole.calls(stream)
               if kind in trace_events.ENTERS and code.name == "<module>"}
    # Frozen ones have names of their own from 3.11 on.
    assert {"site.py", "<frozen site>"} & modules, modules
