"""pymemtrace-run as its caller sees it: statuses, signals, job control, options, library.

What the program is, is mostly a shell or a small Python that says on stdout what happened
to it; the last part looks at what is said about the trace.
"""
import os
import pathlib
import pty
import re
import resource
import shlex
import shutil
import signal
import struct
import subprocess
import sys

import pytest

import interpreters

RUN = interpreters.BUILD / "pymemtrace-run"
PYTHON = sys.executable


@pytest.fixture(autouse=True)
def watchdog():
    """Waiting for a line that never comes ends here."""
    def bark(number, frame):
        raise TimeoutError("a test waited too long")

    before = signal.signal(signal.SIGALRM, bark)
    signal.alarm(interpreters.TIMEOUT_S)
    yield
    signal.alarm(0)
    signal.signal(signal.SIGALRM, before)


def environment(**more):
    base = {"PATH": os.environ["PATH"], "LANG": "C.UTF-8", "HOME": "/"}
    base.update(more)
    return base


def run(*args, cwd, env=None, **options):
    return subprocess.run(
        [str(RUN), *map(str, args)], cwd=str(cwd), env=env or environment(),
        timeout=interpreters.TIMEOUT_S, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
        stderr=subprocess.PIPE, encoding="utf-8", **options
    )


def start(*args, cwd, **options):
    options.setdefault("stdin", subprocess.DEVNULL)
    return subprocess.Popen(
        [str(RUN), *map(str, args)], cwd=str(cwd), env=environment(),
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, encoding="utf-8", **options
    )


# --- statuses ---------------------------------------------------------------------------


@pytest.mark.parametrize("status", [0, 1, 2, 77, 124, 125, 126, 127, 255])
def test_status_passes_through(tmp_path, status):
    assert run("sh", "-c", "exit %d" % status, cwd=tmp_path).returncode == status


@pytest.mark.parametrize("name", ["KILL", "TERM", "INT", "SEGV", "ABRT", "USR1", "PIPE"])
def test_death_by_a_signal_is_passed_on(tmp_path, name):
    number = getattr(signal, "SIG" + name)
    done = run("-q", "sh", "-c", "kill -%s $$" % name, cwd=tmp_path)
    assert done.returncode == -number
    assert done.stderr == ""
    done = run("sh", "-c", "kill -%s $$" % name, cwd=tmp_path)
    assert "killed by signal %d (" % number in done.stderr


def test_no_core_of_its_own(tmp_path):
    """The program's core is the program's business; pymemtrace-run adds none."""
    def allow_cores():
        resource.setrlimit(resource.RLIMIT_CORE, (resource.RLIM_INFINITY,) * 2)

    script = "ulimit -c 0; kill -ABRT $$"
    assert run("sh", "-c", script, cwd=tmp_path, preexec_fn=allow_cores).returncode == -6
    assert [each.name for each in tmp_path.iterdir()] == []


def test_not_found_and_not_executable(tmp_path):
    plain = tmp_path / "plain"
    plain.write_text("no program\n")
    done = run(tmp_path / "missing", cwd=tmp_path)
    assert done.returncode == 127 and "missing: No such file" in done.stderr
    done = run("no-such-command-anywhere", cwd=tmp_path)
    assert done.returncode == 127 and "no-such-command-anywhere" in done.stderr
    done = run(plain, cwd=tmp_path)
    assert done.returncode == 126 and "plain: Permission denied" in done.stderr
    done = run(tmp_path, cwd=tmp_path)
    assert done.returncode == 126


def test_program_gets_its_arguments_and_descriptors(tmp_path):
    """-- and options behind the program's name are the program's; no descriptor leaks."""
    program = (
        "import os, sys; print(sys.argv[1:]);"
        "print(sorted(int(n) for n in os.listdir('/proc/self/fd')))"
    )
    arguments = [PYTHON, "-c", program, "--mode=x", "--", "-o"]
    read_end, write_end = os.pipe()
    try:
        plain = subprocess.run(
            arguments, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
            stderr=subprocess.PIPE, encoding="utf-8", pass_fds=[read_end], env=environment(),
        )
        # mode=off: the tracer itself may keep one descriptor, this is about us.
        traced = run("--mode=off", *arguments, cwd=tmp_path, pass_fds=[read_end])
    finally:
        os.close(read_end)
        os.close(write_end)
    assert plain.stdout.startswith("['--mode=x', '--', '-o']\n[0, 1, 2, ")
    assert traced.stdout == plain.stdout


# --- signals ----------------------------------------------------------------------------

# Takes signals one by one: with a handler and pause() one could come in between.
REPORTER = """
import os, signal, sys
numbers = list(map(int, sys.argv[1:]))
signal.pthread_sigmask(signal.SIG_BLOCK, numbers)
os.write(1, b"ready\\n")
while True:
    os.write(1, b"%d\\n" % signal.sigwaitinfo(numbers).si_signo)
"""


@pytest.mark.parametrize(
    "name", "HUP INT QUIT TERM USR1 USR2 ALRM WINCH URG IO VTALRM PROF XCPU CONT TSTP RTMIN".split()
)
def test_signals_reach_the_program_once(tmp_path, name):
    number = getattr(signal, "SIG" + name)
    with start("-q", "--mode=off", PYTHON, "-c", REPORTER, int(number), int(signal.SIGRTMAX),
               cwd=tmp_path) as process:
        try:
            assert process.stdout.readline() == "ready\n"
            process.send_signal(number)
            assert process.stdout.readline() == "%d\n" % number
            # Whatever was sent before has arrived when the highest number does.
            process.send_signal(signal.SIGRTMAX)
            assert process.stdout.readline() == "%d\n" % signal.SIGRTMAX
        finally:
            process.kill()


def test_a_signal_that_kills_the_program_kills_both(tmp_path):
    program = "import signal; print('ready', flush=True); signal.pause()"
    with start("--mode=off", PYTHON, "-c", program, cwd=tmp_path) as process:
        assert process.stdout.readline() == "ready\n"
        process.terminate()
        assert process.wait(interpreters.TIMEOUT_S) == -signal.SIGTERM


def test_kill_9_does_not_leave_the_program_behind(tmp_path):
    """The pipe ends when the last writer, the program, is gone."""
    program = "import signal; print('ready', flush=True); signal.pause()"
    with start("--mode=off", PYTHON, "-c", program, cwd=tmp_path) as process:
        assert process.stdout.readline() == "ready\n"
        process.kill()
        assert process.stdout.read() == ""


def test_dispositions_and_mask_are_the_callers(tmp_path):
    show = "grep -E '^Sig(Blk|Ign|Cgt)' /proc/self/status"

    def ignore_some():
        signal.signal(signal.SIGHUP, signal.SIG_IGN)
        signal.signal(signal.SIGCHLD, signal.SIG_IGN)
        signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGUSR1])

    plain = subprocess.run(["sh", "-c", "exec " + show], stdout=subprocess.PIPE,
                           encoding="utf-8", preexec_fn=ignore_some)
    traced = run("-q", "sh", "-c", "exec " + show, cwd=tmp_path, preexec_fn=ignore_some)
    assert plain.stdout and traced.stdout == plain.stdout


@pytest.fixture
def terminal():
    """A program on a terminal of its own, as a shell would start it in the foreground."""
    started = []

    def open_terminal(cwd, command):
        pid, screen = pty.fork()
        if pid == 0:
            os.chdir(str(cwd))
            os.execvpe(command[0], command, environment())
        screen = os.fdopen(screen, "rb+", buffering=0)
        started.append((pid, screen))
        return pid, screen

    yield open_terminal
    for pid, screen in started:
        screen.close()
        try:
            os.kill(pid, signal.SIGKILL)
            os.waitpid(pid, 0)
        except (ProcessLookupError, ChildProcessError):
            pass


def read_until(screen, wanted):
    seen = b""
    while wanted not in seen:
        byte = screen.read(1)
        assert byte, seen
        seen += byte
    return seen


def test_control_c_arrives_once(tmp_path, terminal):
    """The terminal sends to the whole group; a second copy from us would be one too many."""
    pid, screen = terminal(tmp_path, [
        str(RUN), "-q", "--mode=off", PYTHON, "-c", REPORTER,
        str(int(signal.SIGINT)), str(int(signal.SIGUSR1))])
    read_until(screen, b"ready\r\n")
    screen.write(b"\x03")
    read_until(screen, b"%d\r\n" % signal.SIGINT)
    os.kill(pid, signal.SIGUSR1)
    seen = read_until(screen, b"%d\r\n" % signal.SIGUSR1)
    assert b"%d\r\n" % signal.SIGINT not in seen


def test_control_z_stops_both_and_cont_goes_on(tmp_path, terminal):
    """What a shell waits for is us: we stop when the program does."""
    program = "print('ready', flush=True); print('got', input(), flush=True)"
    script = 'set -m; %s -q --mode=off %s -c "%s"; echo stopped $?; fg; echo end $?' % (
        RUN, PYTHON, program)
    _, screen = terminal(tmp_path, ["bash", "-c", script])
    read_until(screen, b"ready\r\n")
    screen.write(b"\x1a")
    read_until(screen, b"stopped %d\r\n" % (128 + signal.SIGTSTP))
    screen.write(b"text\n")
    read_until(screen, b"got text\r\n")
    read_until(screen, b"end 0\r\n")


# --- options ----------------------------------------------------------------------------


@pytest.mark.parametrize("args, message", [
    ([], "no program to run"),
    (["--mode=call", "true"], '--mode cannot be "call"; did you mean "calls"?'),
    (["--mode=objects", "--sample=1MiB", "true"], "sample does not go with detail=live or mode=objects"),
    (["--mode=calls+objects", "true"], "--mode=calls+objects is not in this version"),
    (["--mode=calls+allocs", "--thread=x", "true"], "thread does not go with mode=calls+allocs"),
    (["--interval", "5ms", "true"], '--interval is out of range: "5ms"; allowed: 0, or 10ms to 1h'),
    (["--ring-size=3M", "true"], '--ring-size is out of range: "3M"'),
    (["--c-calls=yes", "true"], '--c-calls cannot be "yes"; allowed: 0|1'),
    (["--out=%x", "true"], '--out cannot be "%x"'),
    (["-o"], "-o needs a value"),
    (["--mode"], "--mode needs a value"),
    (["--moed=calls", "true"], "unknown option --moed=calls; did you mean --mode?"),
    (["-x", "true"], "unknown option -x"),
    (["--check=1"], "--check=1: this option takes no value"),
    (["--check", "a", "b"], "--check takes one interpreter, not b too"),
    (["--exclude=x"] * 65 + ["true"], "more than 64 patterns for --exclude"),
])
def test_wrong_options_are_named(tmp_path, args, message):
    done = run(*args, cwd=tmp_path)
    assert done.returncode == 125
    assert done.stderr.startswith("pymemtrace-run: error: " + message), done.stderr
    assert done.stderr.endswith("Try 'pymemtrace-run --help'.\n")
    assert done.stdout == ""


def test_wrong_environment_is_named(tmp_path):
    done = run("true", cwd=tmp_path, env=environment(PYMEMTRACE="quiet=1,modee=x"))
    assert done.returncode == 125
    assert 'in the environment variable PYMEMTRACE: unknown key "modee" (at character 9); ' \
           'did you mean "mode"?' in done.stderr


def settings_of(tmp_path, *args, **env):
    """What the program finds in PYMEMTRACE, without the out= that comes last."""
    done = run("-q", *args, "sh", "-c", 'printf %s "$PYMEMTRACE"', cwd=tmp_path,
               env=environment(**env))
    assert done.returncode == 0, done.stderr
    text, _, out = done.stdout.rpartition(",out=")
    return text, out


def test_flags_become_settings(tmp_path):
    text, out = settings_of(
        tmp_path, "--c-calls", "--min-rss=4K", "--include=a,b\\c", "--include", "d",
        PYMEMTRACE="mode=off,exclude=e",
    )
    assert text == "mode=off,exclude=e,quiet=1,c_calls=1,min_rss=4K,include=a\\,b\\\\c,include=d"
    assert out == "%s/trace.bin" % tmp_path
    assert settings_of(tmp_path, "-o", "x-%p.bin")[1] == "%s/x-%%p.bin" % tmp_path


def test_a_percent_in_the_folder_is_no_pid(tmp_path):
    folder = tmp_path / "100%p,\\"
    folder.mkdir()
    assert settings_of(folder)[1] == "%s/100%%%%p\\,\\\\/trace.bin" % tmp_path


def test_every_row_of_the_help_is_an_option(tmp_path):
    """--help lists what is accepted: each flag with its own default is."""
    text = run("--help", cwd=tmp_path)
    assert text.returncode == 0 and text.stderr == ""
    assert max(map(len, text.stdout.splitlines())) <= 80
    flags = [line.split()[0] for line in text.stdout.splitlines() if line.startswith("  --")]
    assert len(flags) > 15
    for flag in flags:
        name = flag.split("=")[0].split("[")[0]
        if name == "--check":
            continue
        value = {"MODE": "calls", "PATH": "x", "GLOB": "x", "TIME": "1s", "SIZE": "4MiB"}.get(
            flag.split("=")[-1].rstrip("]"), "auto")
        value = {"--detail": "tree", "--start": "paused", "--compress": "none",
                 "--dump-signal": "USR1"}.get(name, value)
        args = [name] if "[" in flag else ["%s=%s" % (name, value)]
        done = run(*args, "-q", "true", cwd=tmp_path)
        assert done.returncode == 0, (args, done.stderr)


def commands_of(document):
    """The command lines with pymemtrace-run in a document's code."""
    text = (interpreters.TOP / document).read_text(encoding="utf-8")
    return [line.strip() for line in text.splitlines()
            if line.startswith("    pymemtrace-run ") and "trace in" not in line]


@pytest.mark.parametrize("document", ["README.md", "doc/usage.md", "doc/privacy.md"])
def test_documented_options_are_accepted(tmp_path, document):
    commands = commands_of(document)
    assert commands
    for command in commands:
        words = shlex.split(command, comments=True)[1:]
        flags = []
        while words and words[0].startswith("-") and words[0] != "--":
            flags.append(words.pop(0))
            if flags[-1] == "-o":
                flags.append(words.pop(0))
        if "--check" in flags:
            continue
        done = run("-q", *flags, "--", "true", cwd=tmp_path)
        assert done.returncode == 0, (command, done.stderr)


def test_version(tmp_path):
    done = run("--version", cwd=tmp_path)
    assert done.returncode == 0 and done.stdout.startswith("pymemtrace-run 0.")


# --- the library ------------------------------------------------------------------------


def preload_of(program, cwd, **env):
    done = subprocess.run(
        [str(program), "-q", "sh", "-c", 'printf %s "$LD_PRELOAD"'], cwd=str(cwd),
        env=environment(**env), stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        encoding="utf-8",
    )
    return done


def install(prefix, lib):
    (prefix / "bin").mkdir(parents=True)
    (prefix / lib).mkdir(parents=True)
    shutil.copy(str(RUN), str(prefix / "bin"))
    shutil.copy(str(interpreters.LIBRARY), str(prefix / lib))
    return prefix / "bin" / "pymemtrace-run", prefix / lib / "libpymemtrace.so"


@pytest.mark.parametrize("lib", ["lib", "lib64", "lib/x86_64-linux-gnu"])
def test_a_moved_installation_finds_its_library(tmp_path, lib):
    program, library = install(tmp_path / "opt", lib)
    assert preload_of(program, tmp_path).stdout == str(library)
    link = tmp_path / "link"
    link.symlink_to(program)
    assert preload_of(link, tmp_path).stdout == str(library)


def test_a_library_of_another_machine_is_passed_over(tmp_path):
    program, library = install(tmp_path / "opt", "lib/real")
    other = tmp_path / "opt" / "lib" / "libpymemtrace.so"
    image = bytearray(library.read_bytes())
    image[18:20] = b"\x28\x00"  # e_machine: 32-bit Arm
    other.write_bytes(bytes(image))
    assert preload_of(program, tmp_path).stdout == str(library)


def test_without_a_library_the_places_are_named(tmp_path):
    program, library = install(tmp_path / "opt", "lib")
    library.unlink()
    done = preload_of(program, tmp_path)
    # A build made for a prefix that holds an installed library finds that one.
    if done.returncode == 0:
        pytest.skip("a library is installed in the configured folder")
    assert done.returncode == 125
    assert "libpymemtrace.so was not found" in done.stderr
    assert "%s/opt/bin/../lib/libpymemtrace.so" % tmp_path in done.stderr


def test_a_path_that_ld_preload_cannot_hold_is_refused(tmp_path):
    program, library = install(tmp_path / "with space", "lib")
    done = preload_of(program, tmp_path)
    assert done.returncode == 125
    assert str(library) in done.stderr and "space or colon" in done.stderr


def test_an_existing_preload_stays_behind_ours(tmp_path):
    libc = next(
        line.split()[-1] for line in pathlib.Path("/proc/self/maps").read_text().splitlines()
        if "/libc" in line and ".so" in line
    )
    done = preload_of(RUN, tmp_path, LD_PRELOAD=libc)
    assert done.stdout == "%s:%s" % (interpreters.LIBRARY, libc)
    # Run within run: once is enough.
    done = preload_of(RUN, tmp_path, LD_PRELOAD="%s:%s" % (libc, interpreters.LIBRARY))
    assert done.stdout == "%s:%s" % (libc, interpreters.LIBRARY)


# --- last words -------------------------------------------------------------------------


def test_no_trace_is_explained(tmp_path):
    done = run("true", cwd=tmp_path)
    assert done.returncode == 0
    assert "warning: no trace was left: true ran no Python" in done.stderr
    assert run("-q", "true", cwd=tmp_path).stderr == ""
    assert run("--mode=off", "true", cwd=tmp_path).stderr == ""


def test_a_static_program_is_recognised(tmp_path):
    source = tmp_path / "empty.c"
    source.write_text("int main(void) { return 0; }\n")
    compiler = os.environ.get("CC", "cc").split()
    subprocess.run([*compiler, "-static", "-o", str(tmp_path / "empty"), str(source)], check=True)
    done = run("./empty", cwd=tmp_path)
    assert done.returncode == 0 and "./empty is statically linked" in done.stderr
    if os.getuid() == 0:
        shutil.copy("/bin/true", str(tmp_path / "helper"))
        os.chmod(str(tmp_path / "helper"), 0o4755)
        assert "./helper is set-user-ID" in run("./helper", cwd=tmp_path).stderr


def saved_pids(folder):
    """Process ids by trace name, off the file headers (doc/format.md: u32 at 32)."""
    return {
        each.name: struct.unpack_from("<I", each.read_bytes(), 32)[0]
        for each in folder.iterdir() if each.name.startswith("trace.bin")
    }


@pytest.fixture
def python(interp):
    if interp.root is not None:
        pytest.skip("lives in another system folder")
    return interp.python


@pytest.mark.interpreters(one=True)
def test_the_trace_is_named_and_reads(tmp_path, python, report):
    done = run(python, "-c", "print('hello')", cwd=tmp_path)
    assert (done.returncode, done.stdout) == (0, "hello\n")
    assert re.match(
        r"pymemtrace-run: trace in trace\.bin \([0-9.]+ KiB, [0-9,]+ events\)\n"
        r"    pymemtrace-report trace\.bin\n$", done.stderr), done.stderr
    assert report("functions", tmp_path / "trace.bin")["functions"]


@pytest.mark.interpreters(one=True)
def test_a_program_that_changes_its_folder_leaves_one_trace(tmp_path, python):
    done = run("-o", "t-%p.bin", "sh", "-c", "cd /; exec %s -c pass" % python, cwd=tmp_path)
    names = [each.name for each in tmp_path.iterdir()]
    assert len(names) == 1 and re.match(r"t-[0-9]+\.bin$", names[0])
    assert "trace in %s (" % names[0] in done.stderr


@pytest.mark.interpreters(one=True)
def test_a_killed_program_is_made_whole(tmp_path, python, report):
    """What only the ring held is in the file, the ring is gone, and the signal is told."""
    program = "import os, sys; open('pid', 'w').write(str(os.getpid())); os.kill(os.getpid(), 9)"
    done = run(python, "-c", program, cwd=tmp_path)
    assert done.returncode == -9
    assert "killed by signal 9 (Killed); its trace ends there\n" in done.stderr
    assert "the last of them saved from memory" in done.stderr
    pid = (tmp_path / "pid").read_text()
    assert not [name for name in os.listdir("/dev/shm") if "-%s-" % pid in name]
    told = report("functions", tmp_path / "trace.bin")["trace"]
    assert told["end"] == {"how": "signal", "status": 9}
    assert told["complete"] is False
    text = report("summary", tmp_path / "trace.bin", "text")
    assert text.count("killed by signal 9 (SIGKILL)") == 2
    assert "at most the event under way is missing" in " ".join(text.split())
    strict = subprocess.run(
        [str(interpreters.BUILD / "pymemtrace-report"), "functions", "--strict", "trace.bin"],
        cwd=str(tmp_path), stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, encoding="utf-8")
    assert strict.returncode == 4
    assert "--strict: the trace is incomplete: the process was killed\n" in strict.stderr


@pytest.mark.interpreters(one=True)
@pytest.mark.parametrize("name", ["ABRT", "SEGV", "TERM"])
def test_the_signal_is_in_the_trace(tmp_path, python, report, name):
    number = int(getattr(signal, "SIG" + name))
    done = run(python, "-c", "import os; os.kill(os.getpid(), %d)" % number, cwd=tmp_path)
    assert done.returncode == -number
    told = report("functions", tmp_path / "trace.bin")["trace"]
    assert told["end"] == {"how": "signal", "status": number}
    assert told["complete"] is False


@pytest.mark.interpreters(one=True)
@pytest.mark.parametrize("ring", ["auto", "file"])
def test_redact_names_no_folder(tmp_path, python, report, ring):
    """Nothing of the paths of program, trace and interpreter; and it still survives a kill."""
    (tmp_path / "app.py").write_text(
        "import os, sys\ndef work(): pass\nwork()\nos.kill(os.getpid(), 9)\n")
    done = run("--redact", "--compress=none", "--ring=" + ring, python, tmp_path / "app.py",
               "secret-word", cwd=tmp_path)
    assert done.returncode == -9
    held = (tmp_path / "trace.bin").read_bytes()
    for hidden in (str(tmp_path), os.path.dirname(os.path.realpath(python)), "secret-word"):
        assert hidden.encode() not in held, hidden
    told = report("functions", tmp_path / "trace.bin")
    assert "work" in [each["function"] for each in told["functions"]]
    assert told["trace"]["argv"] is None and "/" not in told["trace"]["exe"]


def test_verbose_says_what_was_chosen(tmp_path, interp, python):
    done = run("--verbose", python, "-c", "pass", cwd=tmp_path)
    said = [line for line in done.stderr.splitlines() if line.startswith("pymemtrace: ")]
    hook = "sys.monitoring" if interp.version >= (3, 12) else "frame evaluation"
    wanted = [r"tracing to %s/trace\.bin" % tmp_path, r"ring in \S+\.ring",
              r"Python %d\.%d: calls are seen by %s" % (*interp.version[:2], hook),
              r"\d+ events of running threads, 0 lost; RSS method (exact|trigger|clock); "
              r"the trace is %s/trace\.bin" % tmp_path]
    assert len(said) == len(wanted), done.stderr
    for line, pattern in zip(said, wanted):
        assert re.match("pymemtrace: %s$" % pattern, line), line
    assert "pymemtrace: " not in run(python, "-c", "pass", cwd=tmp_path).stderr


@pytest.mark.interpreters(one=True)
def test_quiet_saves_too(tmp_path, python):
    done = run("-q", python, "-c", "import os; os.kill(os.getpid(), 9)", cwd=tmp_path)
    assert (done.returncode, done.stderr) == (-9, "")
    pid = saved_pids(tmp_path)["trace.bin"]
    assert not [name for name in os.listdir("/dev/shm") if "-%d-" % pid in name]


@pytest.mark.interpreters(one=True)
def test_children_are_counted(tmp_path, python):
    program = (
        "import os, subprocess, sys\n"
        "subprocess.call([sys.executable, '-c', 'pass'])\n"
        "pid = os.fork()\n"
        "if not pid: os._exit(len([0 for i in range(9)]))\n"
        "os.waitpid(pid, 0)\n"
    )
    (tmp_path / "app.py").write_text(program)
    done = run(python, "app.py", cwd=tmp_path)
    assert "    and of 2 more processes: trace.bin." in done.stderr, done.stderr
    assert "    pymemtrace-report processes trace.bin\n" in done.stderr
    assert len(set(saved_pids(tmp_path).values())) == 3


@pytest.mark.interpreters(one=True)
def test_a_run_within_a_run_names_its_own_trace(tmp_path, python):
    inner = "import subprocess; subprocess.call([%r, %r, '-c', 'pass'])" % (str(RUN), python)
    done = run(python, "-c", inner, cwd=tmp_path)
    pids = saved_pids(tmp_path)
    assert len(pids) == 2
    child = next(name for name in pids if name != "trace.bin")
    said = re.findall(r"(?:trace in|more process:) (\S+)", done.stderr)
    assert said == [child, "trace.bin", child], done.stderr


@pytest.mark.interpreters(one=True)
def test_an_older_trace_is_not_taken_for_this_one(tmp_path, python):
    run("-q", python, "-c", "pass", cwd=tmp_path)
    done = run("true", cwd=tmp_path)
    assert (tmp_path / "trace.bin").exists()
    assert "no trace was left" in done.stderr


def test_check_of_every_interpreter(tmp_path, python, interp):
    done = run("--check", python, cwd=tmp_path)
    assert done.returncode == 0, done.stdout
    version = subprocess.run([python, "-c", "import platform; print(platform.python_version())"],
                             stdout=subprocess.PIPE, encoding="utf-8").stdout.strip()
    assert "  ok    calls         cpython %s: every call is traced" % version in done.stdout
    monitoring = "  ok    lines+c_calls by sys.monitoring" in done.stdout
    assert monitoring == (interp.version >= (3, 12))
    assert list(tmp_path.iterdir()) == []


def test_check_of_what_is_no_python(tmp_path):
    for program, finding in [("true", "did not run a Python script"),
                             ("no-such-python", "was not found")]:
        done = run("--check", program, cwd=tmp_path)
        assert done.returncode == 1
        assert "  no    calls         %s %s" % (program, finding) in " ".join(done.stdout.split("\n"))
        assert "/dev/shm" in done.stdout and "page faults" in done.stdout
