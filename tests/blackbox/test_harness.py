"""The harness itself: what it says about an interpreter is what the program finds.

Every other black-box test trusts this: that a program runs where the test thinks it runs,
with the library mapped, under the process id that the test will kill.
"""
import json
import os
import signal
import subprocess

import pytest

import interpreters

FACTS = """
import json, os, sys
maps = open("/proc/self/maps").read()
print(json.dumps({
    "version": list(sys.version_info[:3]),
    "pid": os.getpid(),
    "cwd": os.getcwd(),
    "argv": sys.argv,
    "env": dict(os.environ),
    "preloaded": "libpymemtrace.so" in maps,
}))
"""


def facts(interp, tmp_path, **options):
    script = tmp_path / "facts.py"
    script.write_text(FACTS)
    done = interp.run([script, "a b", ""], cwd=tmp_path, **options)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout.splitlines()[-1])


def test_runs_the_version_it_names(interp, tmp_path):
    found = facts(interp, tmp_path, preload=False)
    assert tuple(found["version"]) == interp.version
    assert not found["preloaded"]


def test_preload_reaches_the_program(interp, tmp_path):
    assert facts(interp, tmp_path)["preloaded"]


def test_arguments_folder_and_environment(interp, tmp_path):
    os.environ["PYMEMTRACE_HARNESS_LEAK"] = "1"
    try:
        found = facts(interp, tmp_path, preload=False, env={"KEY": "a value", "HOME": None})
    finally:
        del os.environ["PYMEMTRACE_HARNESS_LEAK"]
    assert found["cwd"] == str(tmp_path.resolve())
    assert found["argv"][1:] == ["a b", ""]
    assert found["env"]["KEY"] == "a value"
    assert "HOME" not in found["env"]
    assert "PYMEMTRACE_HARNESS_LEAK" not in found["env"]
    assert "LD_PRELOAD" not in found["env"]


def test_exit_status_input_and_output(interp):
    code = "import sys; data = sys.stdin.read(); sys.stderr.write(data[::-1]); sys.exit(7)"
    done = interp.run(["-c", code], preload=False, input="abc")
    assert (done.returncode, done.stdout, done.stderr) == (7, "", "cba")


def test_kill_reaches_the_program(interp, tmp_path):
    program = "import os, time; print(os.getpid(), flush=True); time.sleep(600)"
    process = interp.popen(["-c", program], preload=False, cwd=tmp_path, stdout=subprocess.PIPE)
    with process:
        assert int(process.stdout.readline()) == process.pid
        process.kill()
        assert process.wait(60) == -signal.SIGKILL
        # End of file: nothing that held the pipe outlived the kill.
        assert process.stdout.read() == b""


def test_narrowing_by_name_and_version():
    builds = [
        interpreters.Interpreter("3.8.18", "3.8.18", "p"),
        interpreters.Interpreter("3.13.0", "3.13.0", "p"),
        interpreters.Interpreter("debian", "3.11.2", "p"),
    ]
    gone = [interpreters.Missing("miss", "sid-3.15", "not fetched")]
    assert interpreters.narrow(builds, gone, None) == (builds, gone)
    assert interpreters.narrow(builds, gone, "3.13,debian") == (builds[1:], [])
    with pytest.raises(LookupError, match="no 3.1 here"):
        interpreters.narrow(builds, gone, "3.1")  # not a prefix of the text, of the version
