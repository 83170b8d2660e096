"""pymemtrace-report as its user meets it: what comes when, whatever is at its two ends."""
import signal
import subprocess

import pytest

import interpreters

REPORT = interpreters.BUILD / "pymemtrace-report"
BEGIN = """
info mode calls
stream 1 main tid=100 name=main
code 1 app.py 1 <module>
code 2 app.py 5 work
sample +0 rss=1M
start 1
"""
CHUNKS, CALLS = 200, 50


def scene():
    """Calls 10 ms apart, with sizes that do not compress."""
    yield BEGIN
    for chunk in range(CHUNKS):
        for call in range(CALLS):
            size = (chunk * CALLS + call) * 2654435761 % 2**32
            yield "start 2 +10ms alloc=%d/1\nreturn +1ms free=%d/1 rss=1\n" % (size, size)
        yield "chunk\n"


@pytest.fixture(scope="module")
def long_trace(tmp_path_factory):
    folder = tmp_path_factory.mktemp("long")
    (folder / "long.scene").write_text("".join(scene()))
    maker = interpreters.BUILD / "tests" / "support" / "make_trace"
    subprocess.run([str(maker), "long.scene", "trace.bin"], cwd=str(folder), check=True)
    return folder / "trace.bin"


def read_bytes(pid):
    """What the process has asked read(2) and its kin for."""
    with open("/proc/%d/io" % pid) as file:
        return int(file.readline().split()[1])


@pytest.mark.parametrize("fmt", ["text", "json", "csv"])
def test_the_log_begins_before_the_trace_is_read(long_trace, fmt):
    """The pipe is full and the report waits; the trace's end is still unread."""
    with subprocess.Popen([str(REPORT), "log", "-f", fmt, str(long_trace)],
                          stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        try:
            lines = [process.stdout.readline() for _ in range(100)]
            assert all(line.endswith(b"\n") for line in lines)
            # All of it would be the index, both ends, and the file twice.
            assert read_bytes(process.pid) < long_trace.stat().st_size / 2
        finally:
            process.stdout.close()
            errors = process.stderr.read()
        assert process.wait(interpreters.TIMEOUT_S) == -signal.SIGPIPE
        assert errors == b""
