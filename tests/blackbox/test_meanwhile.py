"""A signal handler that leaves for good, and threads that fork at once, while the tracer works.

Both once hung the program: the handler had interrupted the very thread that wrote the trace,
and two forking threads waited for the end of one thread of the tracer.
"""
import os
import textwrap

import pytest

import interpreters

MEANWHILE = interpreters.BUILD / ".libs" / "libmeanwhile.so"
PATIENCE_S = 60 # a hang is the failure; the program takes a second or two

LEAVE = textwrap.dedent("""
    import ctypes, os, sys
    meanwhile = ctypes.CDLL(sys.argv[1])
    def noop(): pass
    noop()
    # Without a thread for it, the program's own writes the trace: and is interrupted there.
    assert meanwhile.refuse_threads() == 0
    child = os.fork()
    if not child:
        os._exit(0)
    os.waitpid(child, 0)
    assert meanwhile.leave_when_writing(int(sys.argv[2])) == 0
    for i in range(1000000):
        noop()
    sys.exit(3)
""")


@pytest.mark.parametrize("by", ["_exit", "exec"])
def test_handler_leaves_while_the_trace_is_written(interp, trace, tmp_path, facts, by):
    (tmp_path / "leave.py").write_text(LEAVE)
    traced = trace(tmp_path, [tmp_path / "leave.py", MEANWHILE, int(by == "exec")],
                   "ring_size=64KiB", timeout=PATIENCE_S)
    assert traced.process.returncode == 7, traced.process.stderr
    told = facts(traced.path)
    # As after a kill: what was in the ring is in the ring.
    assert told["ring"]["state"] == "salvaged"
    os.unlink(told["ring"]["path"])
    assert told["missing_bytes"] == 0, told["problems"]
    assert sum(stream["entered"].get("noop", 0) for stream in told["streams"]) > 100


FORK = textwrap.dedent("""
    import ctypes, os, sys
    meanwhile = ctypes.CDLL(sys.argv[1])
    def noop(): pass
    def is_drained():
        tasks = os.listdir("/proc/self/task")
        for task in tasks:
            try:
                with open("/proc/self/task/%s/comm" % task) as file:
                    if file.read() == "pymemtrace\\n":
                        return True
            except OSError:
                pass
        return False
    for i in range(100):
        while not is_drained():
            noop()
        assert meanwhile.fork_together(4) == 4
    print("well")
""")


def test_threads_fork_at_the_same_moment(interp, trace, tmp_path, facts):
    (tmp_path / "fork.py").write_text(FORK)
    traced = trace(tmp_path, [tmp_path / "fork.py", MEANWHILE], timeout=PATIENCE_S)
    assert (traced.process.returncode, traced.process.stdout) == (0, "well\n"), \
        traced.process.stderr
    assert facts(traced.path)["end"]["how"] == "exit"
