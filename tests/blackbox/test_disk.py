"""Places where no trace can be written, or not all of it: the program does not notice, the
user is told once, and the trace says what is missing."""
import os
import pathlib
import resource
import subprocess

import pytest

import interpreters

# Writes some MiB of trace, then says that it is still well.
WORK = """
import os, sys, threading
def work(n): return n
def main():
    for n in range(300000): work(n)
main()
print("well")
sys.exit(5)
"""


def run(interp, tmp_path, out, options="", code=WORK, before=None, env=None):
    settings = "out=%s%s" % (out, options and "," + options)
    process = interp.popen(
        ["-c", code], cwd=tmp_path, env={"PYMEMTRACE": settings, **(env or {})},
        stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        universal_newlines=True, preexec_fn=before,
    )
    stdout, stderr = process.communicate(timeout=interpreters.TIMEOUT_S)
    return subprocess.CompletedProcess([], process.returncode, stdout, stderr)


def assert_well(done, *said):
    assert (done.returncode, done.stdout) == (5, "well\n"), done.stderr
    lines = done.stderr.splitlines()
    assert len(lines) == len(said), lines
    for line, part in zip(lines, said):
        assert line.startswith("pymemtrace: ") and part in line


def make_place(folder, kind):
    """(what to give as out, words of the one line)"""
    out = folder / "trace.bin"
    if kind == "missing folder":
        return folder / "none" / "trace.bin", "No such file"
    if kind == "file as folder":
        (folder / "file").write_text("x")
        return folder / "file" / "trace.bin", "Not a directory"
    if kind == "directory":
        out.mkdir()
        return out, "Not a regular file"
    if kind == "fifo":
        os.mkfifo(str(out))
        return out, "Not a regular file"
    if kind == "symlink":
        (folder / "victim").write_text("keep me")
        out.symlink_to(folder / "victim")
        return out, "symbolic link"
    return "/dev/full", "Not a regular file"


@pytest.mark.interpreters(one=True)
@pytest.mark.parametrize(
    "kind", ["missing folder", "file as folder", "directory", "fifo", "symlink", "/dev/full"]
)
def test_no_place_for_a_trace(interp, tmp_path, kind):
    out, words = make_place(tmp_path, kind)
    before = sorted(path.name for path in tmp_path.rglob("*"))
    assert_well(run(interp, tmp_path, out), words)
    assert sorted(path.name for path in tmp_path.rglob("*")) == before
    if kind == "symlink":
        assert (tmp_path / "victim").read_text() == "keep me"


@pytest.mark.interpreters(one=True)
def test_a_file_that_is_no_trace_stays(interp, facts, tmp_path):
    out = tmp_path / "trace.bin"
    out.write_text("somebody's")
    assert_well(run(interp, tmp_path, out), "is not ours to replace: the trace is %s." % out)
    assert out.read_text() == "somebody's"
    others = list(tmp_path.glob("trace.bin.*"))
    assert len(others) == 1 and facts(others[0])["end"]["how"] == "exit"


@pytest.mark.interpreters(one=True)
def test_folder_vanishes(interp, tmp_path):
    folder = tmp_path / "folder"
    folder.mkdir()
    code = "import shutil; shutil.rmtree(%r)\n" % str(folder) + WORK
    assert_well(run(interp, tmp_path, folder / "trace.bin", code=code), "No such file")


def assert_says_what_is_missing(told):
    """Of 600,000 events each is there, in the trace or in the ring, or counted as lost."""
    seen = sum(stream["events"] for stream in told["streams"])
    lost = {key: max(told["lost"][key], told["ring"]["lost"][key]) for key in told["lost"]}
    assert seen + sum(lost.values()) >= 600000, (seen, lost, told["end"], told["ring"])
    assert told["missing_bytes"] == 0


@pytest.mark.interpreters(one=True)
def test_file_size_limit(interp, facts, tool, tmp_path):
    """Beyond the limit a write raises SIGXFSZ, which Python ignores; nobody dies of ours."""
    limit = 40000

    def lower():
        resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))

    out = tmp_path / "trace.bin"
    done = run(interp, tmp_path, out, "ring=private", before=lower)
    assert_well(done, "File too large")
    told = facts(out)
    assert out.stat().st_size <= limit
    strict = tool("pymemtrace-report", "--strict", out)
    assert strict.returncode == 4, strict.stderr
    if told["end"]:
        assert_says_what_is_missing(told)
    else:  # by chance not even the end fits below the limit; then the missing end is said
        assert "! The trace has no end" in strict.stdout, strict.stdout


@pytest.mark.interpreters(one=True)
def test_out_of_descriptors(interp, facts, tmp_path):
    code = """
import os, resource
def work(n): return n
resource.setrlimit(resource.RLIMIT_NOFILE, (20, 20))
held = []
try:
    while True: held.append(os.dup(0))
except OSError: pass
for n in range(200000): work(n)
for fd in held: os.close(fd)
work(1)
print("well")
os.sys.exit(5)
"""
    done = run(interp, tmp_path, tmp_path / "trace.bin", code=code)
    assert (done.returncode, done.stdout) == (5, "well\n")
    told = facts(tmp_path / "trace.bin")
    # The rings waited for a descriptor as long as they had room; the rest is counted.
    entered = sum(stream["entered"].get("work", 0) for stream in told["streams"])
    assert told["end"]["how"] == "exit" and told["missing_bytes"] == 0
    assert entered * 2 + sum(told["lost"].values()) >= 400002


@pytest.mark.interpreters(one=True)
def test_full_disk(interp, facts, tmp_path):
    """A folder of 64 KiB, in a mount namespace of its own."""
    if subprocess.run(["unshare", "-m", "true"], stderr=subprocess.DEVNULL).returncode:
        pytest.skip("needs leave to mount")
    small = tmp_path / "small"
    small.mkdir()
    script = tmp_path / "app.py"
    script.write_text(WORK)
    shell = ("mount -t tmpfs -o size=64k tmpfs {0} && "
             "LD_PRELOAD={1} PYMEMTRACE=out={0}/trace.bin {2} {3}; status=$?; "
             "cp {0}/trace.bin {4}; exit $status").format(
                 small, interpreters.LIBRARY, interp.python, script, tmp_path / "copy")
    if interp.root is not None:
        pytest.skip("the interpreter is in a chroot")
    done = subprocess.run(["unshare", "-m", "--propagation", "private", "sh", "-c", shell],
                          stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                          universal_newlines=True, timeout=120)
    assert_well(done, "No space left")
    told = facts(tmp_path / "copy")
    assert_says_what_is_missing(told)
    if told["ring"]["path"].startswith("/dev/shm/"):
        pathlib.Path(told["ring"]["path"]).unlink(missing_ok=True)
