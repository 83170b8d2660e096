"""The interpreters to test on, and how to run a program on one of them.

Comes in: the list of scripts/interpreters. Goes out: Interpreter objects, which hide that
some live in another system folder (a chroot) and need this machine's paths bound there.
"""
import os
import pathlib
import subprocess
import tempfile

TOP = pathlib.Path(__file__).resolve().parents[2]
BUILD = pathlib.Path(os.environ.get("PYMEMTRACE_BUILD", TOP / "build")).resolve()
LIBRARY = BUILD / ".libs" / "libpymemtrace.so"
IN_CI = os.environ.get("CI") == "true"
LONG = bool(os.environ.get("PYMEMTRACE_TEST_LONG")) # make check-long: hours, not minutes

# Longer than any single program may take on a loaded machine; it ends one that hangs.
TIMEOUT_S = 300


class Interpreter:
    """One CPython build. `root` is None, or the chroot that `python` lies in."""

    def __init__(self, name, version, python, root=None):
        self.name = name
        self.version = tuple(int(part) for part in version.split("."))
        self.python = python
        self.root = root

    def __repr__(self):
        return "<%s>" % self.name

    def environment(self, env=None, preload=True):
        """A small, fixed environment, so that the caller's own cannot change a result."""
        result = {
            "PATH": "/usr/local/bin:/usr/bin:/bin",
            "HOME": os.environ.get("HOME", "/"),
            "LANG": "C.UTF-8",
            "TMPDIR": tempfile.gettempdir(),
        }
        if preload:
            result["LD_PRELOAD"] = str(LIBRARY)
        result.update(env or {})
        return {key: str(value) for key, value in result.items() if value is not None}

    def command(self, argv, environment, cwd):
        """Arguments and environment for Popen that run argv (a whole command line) here."""
        argv = [str(part) for part in argv]
        if self.root is None:
            return argv, environment
        # The preload must reach the program only, not the helpers that lead to it.
        paths = dict.fromkeys([str(TOP), str(BUILD), tempfile.gettempdir(), str(cwd)])
        settings = ["%s=%s" % item for item in environment.items()]
        helper = [str(TOP / "scripts" / "in-root"), self.root, str(cwd), *paths, "--"]
        return helper + ["env", "-i", *settings, *argv], {"PATH": os.environ["PATH"]}

    def popen(self, args, env=None, preload=True, cwd=None, argv=None, **options):
        """Start `python args`, or argv when given. The process id is the program's own."""
        cwd = pathlib.Path(cwd or tempfile.gettempdir()).resolve()
        command, environment = self.command(
            argv or [self.python, *args], self.environment(env, preload), cwd
        )
        return subprocess.Popen(command, env=environment, cwd=str(cwd), **options)

    def run(self, args, env=None, preload=True, cwd=None, argv=None, input="", timeout=TIMEOUT_S):
        """Run `python args` to its end: a CompletedProcess with text in stdout and stderr."""
        process = self.popen(
            args, env, preload, cwd, argv,
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
            encoding="utf-8", errors="backslashreplace",
        )
        try:
            stdout, stderr = process.communicate(input, timeout=timeout)
        except BaseException:
            process.kill()
            process.communicate()
            raise
        return subprocess.CompletedProcess(process.args, process.returncode, stdout, stderr)


class Missing:
    """An interpreter that is not here. In CI that fails a test unless it cannot be had."""

    def __init__(self, kind, name, reason):
        self.name = name
        self.reason = "%s: %s" % (name, reason)
        self.is_failure = IN_CI and kind == "miss"
        self.version = None


def find():
    """(interpreters, missing), as scripts/interpreters lists them."""
    listing = subprocess.run(
        [str(TOP / "scripts" / "interpreters"), "list"], check=True, stdout=subprocess.PIPE,
        universal_newlines=True,
    ).stdout
    here, missing = [], []
    for line in listing.splitlines():
        kind, *fields = line.split("\t")
        if kind == "have":
            name, version, python, root = fields
            here.append(Interpreter(name, version, python, None if root == "-" else root))
        else:
            missing.append(Missing(kind, *fields))
    return narrow(here, missing, os.environ.get("PYMEMTRACE_TEST_INTERPRETERS"))


def narrow(here, missing, names):
    """What PYMEMTRACE_TEST_INTERPRETERS asks for: names, or versions like 3.13."""
    if not names:
        return here, missing
    wanted = [name.strip() for name in names.split(",") if name.strip()]
    chosen = []
    for name in wanted:
        matches = [
            each for each in here
            if each.name == name
            or (".".join(map(str, each.version)) + ".").startswith(name + ".")
        ]
        if not matches:
            raise LookupError(
                "PYMEMTRACE_TEST_INTERPRETERS: no %s here, only %s"
                % (name, ", ".join(each.name for each in here))
            )
        chosen += [match for match in matches if match not in chosen]
    return chosen, []
