"""A process that dies at any moment leaves a trace that holds what it had completed.

The truth comes from the program itself: each of its threads writes into a shared file how
often it called its function, right after the call. What the file says was completed must be
in the trace, and at most one call more: the one that was under way.
"""
import mmap
import os
import random
import signal
import struct
import time

import pytest

import interpreters
from test_allocs import blocks

PROGRAM = interpreters.TOP / "tests" / "blackbox" / "programs" / "counted.py"
KILLS = 35 if interpreters.LONG else 1 # times six on each interpreter
PATIENCE_S = 60


class Run:
    """One run of counted.py, with its counts."""

    def __init__(self, interp, tmp_path, processes, threads, how="wait", at=-1, options="", size=()):
        self.processes, self.threads = processes, threads
        self.trace = tmp_path / "trace.bin"
        counts = tmp_path / "counts"
        counts.write_bytes(bytes(8 * processes * (threads + 1)))
        with open(counts, "r+b") as file:
            self.map = mmap.mmap(file.fileno(), 0)
        self.process = interp.popen(
            [PROGRAM, counts, processes, threads, how, at, *size],
            env={"PYMEMTRACE": "out=%s%s" % (self.trace, options and "," + options)},
            cwd=tmp_path, start_new_session=True,
            stdin=-3, stdout=-3, stderr=open(tmp_path / "stderr", "wb"),
        )

    def words(self):
        return struct.unpack("%dQ" % (len(self.map) // 8), self.map[:])

    def wait_for(self, total):
        """Until that many calls were made and every thread has made one."""
        deadline = time.monotonic() + PATIENCE_S
        while sum(self.words()[: self.processes * self.threads]) < total or 0 in self.words():
            assert time.monotonic() < deadline, "the program made no %d calls" % total
            assert self.process.poll() is None, "the program ended early"
            time.sleep(0.0002)

    def kill_group(self, number):
        os.killpg(self.process.pid, number)

    def wait(self):
        return self.process.wait(PATIENCE_S)

    def path(self, process):
        if process == 0:
            return self.trace
        pid = self.words()[self.processes * self.threads + process]
        return self.trace.with_name("trace.bin.%d" % pid)


def check(run, facts, ended=None, most_missing=1):
    """Every completed call is in the traces. The rings, 2 MiB each, go once they are read."""
    words = run.words()
    for process in range(run.processes):
        told = facts(run.path(process))
        if ended is None or process:
            assert told["ring"]["state"] == "salvaged"
            os.unlink(told["ring"]["path"])
        assert told["missing_bytes"] == 0, told["problems"]
        assert told["end"].get("how") == (ended if process == 0 else None)
        assert sum(told["lost"].values()) + sum(told["ring"]["lost"].values()) == 0
        for thread in range(run.threads):
            counted = words[process * run.threads + thread]
            name = "work_%d_%d" % (process, thread)
            stream = [each for each in told["streams"] if name in each["entered"]]
            assert len(stream) == 1, "%s is in %d streams" % (name, len(stream))
            assert stream[0]["gaps"] == 0
            for side in ("entered", "left"):
                seen = stream[0][side].get(name, 0)
                assert counted <= seen <= counted + most_missing, (
                    "%s: %d calls counted, %d %s in the trace" % (name, counted, seen, side)
                )
    return told


def new_folder(tmp_path, kill):
    folder = tmp_path / str(kill)
    folder.mkdir()
    return folder


def kill_when_it_has_counted(run, calls, number):
    try:
        run.wait_for(calls)
        run.kill_group(number)
    finally:
        run.process.kill()
        status = run.wait()
    assert status == -number


@pytest.mark.parametrize("processes,threads", [(1, 1), (1, 4), (2, 2)])
@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM])
def test_killed_at_a_random_moment(
        interp, tmp_path, facts, report, seed, processes, threads, number):
    chance = random.Random("%s %s %s %s" % (seed, interp.name, processes, threads))
    for kill in range(KILLS):
        run = Run(interp, new_folder(tmp_path, kill), processes, threads)
        kill_when_it_has_counted(run, chance.randrange(1, 200000), number)
        if kill == 0:
            shown = report("functions", run.trace, "json", "--limit=all")
            assert shown["trace"]["complete"] is False
            assert [each for each in shown["functions"] if each["function"] == "work_0_0"]
        check(run, facts)


BLOCK_BYTES = 54321 # nobody else's


def check_blocks(run, facts, tool, with_calls):
    """Each block of every completed call, its free, and perhaps the call, are in the traces."""
    words = run.words()
    for process in range(run.processes):
        path = run.path(process)
        told = facts(path)
        assert told["ring"]["state"] == "salvaged"
        assert told["missing_bytes"] == 0, told["problems"]
        assert told["end"].get("how") is None
        assert sum(told["lost"].values()) + sum(told["ring"]["lost"].values()) == 0
        streams = blocks(tool, path)
        os.unlink(told["ring"]["path"])
        for thread in range(run.threads):
            counted = words[process * run.threads + thread]
            name = "work_%d_%d" % (process, thread)
            [stream] = [each for each in streams.values() if any(b.name == name for b in each)]
            live, freed, allocated = set(), 0, 0
            for block in stream:
                if block.what == "ALLOC" and block.requested == BLOCK_BYTES:
                    assert block.name == name
                    live.add(block.address)
                    allocated += 1
                elif block.what == "FREE" and block.address in live:
                    live.remove(block.address)
                    freed += 1
            assert counted <= freed <= allocated <= counted + 1, name
            if with_calls:
                [calls] = [each for each in told["streams"] if name in each["entered"]]
                seen = calls["entered"][name], calls["left"].get(name, 0)
                assert counted <= seen[1] <= seen[0] <= counted + 1, name


@pytest.mark.parametrize("options", ["mode=allocs", "mode=allocs,native=1", "mode=calls+allocs"])
@pytest.mark.parametrize("processes,threads", [(1, 1), (2, 2)])
def test_blocks_of_a_program_killed_at_a_random_moment(
        interp, tmp_path, facts, report, tool, seed, processes, threads, options):
    chance = random.Random("%s %s %s %s" % (seed, interp.name, processes, threads))
    for kill in range(KILLS):
        run = Run(interp, new_folder(tmp_path, kill), processes, threads, options=options,
                  size=[BLOCK_BYTES])
        kill_when_it_has_counted(run, chance.randrange(1, 3000), signal.SIGKILL)
        if kill == 0:
            assert report("leaks", run.trace)["trace"]["complete"] is False
        check_blocks(run, facts, tool, "calls" in options)


ENDS = [
    # how, exit status, what the trace says of it
    ("exit", 5, "exit"),
    ("raise", 1, "exit"),
    ("_exit", 7, "quick_exit"),
    ("exec", 9, "exec"),
    ("abort", -signal.SIGABRT, None),
    ("segfault", -signal.SIGSEGV, None),
    ("terminate", -signal.SIGTERM, None),
]


@pytest.mark.parametrize("how,status,ended", ENDS, ids=[end[0] for end in ENDS])
def test_ends_by_itself(interp, tmp_path, facts, seed, how, status, ended):
    chance = random.Random("%s %s %s" % (seed, interp.name, how))
    # 3.10 frees the interpreter under daemon threads that wait for its lock, and crashes
    # when they wake before the process is gone: without the tracer too (3 of 20 runs with
    # 1 ms between the two, as any library's destructor may take).
    crashes = interp.version[:2] == (3, 10) and how in ("exit", "raise")
    for threads in (1,) if crashes else (1, 3):
        folder = tmp_path / str(threads)
        folder.mkdir()
        run = Run(interp, folder, 1, threads, how, chance.randrange(1, 100000))
        assert run.wait() == status
        check(run, facts, ended, most_missing=1 if threads > 1 else 0)


@pytest.mark.interpreters(one=True)
def test_recovered_without_knowing_the_signal(interp, tmp_path, report):
    """Nobody waited for it: killed is certain, by what is not, and it is never whole."""
    run = Run(interp, tmp_path, 1, 1, "abort", 1000)
    assert run.wait() == -signal.SIGABRT
    text = report("recover", run.trace, "text", "--strict", status=4)
    assert "killed, signal not known" in text and ".ring: removed" in text
    told = report("functions", run.trace, "json", "--strict", status=4)["trace"]
    assert told["end"] == {"how": "signal", "status": None}
    assert told["complete"] is False
    text = " ".join(report("summary", run.trace, "text").split())
    assert "The program has no end: it was killed, signal not known." in text
    assert "at most the event under way is missing" in text
