"""A signal handler that leaves for good while the tracer works.

It once hung the program: it had interrupted the very thread that wrote the trace.
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
