"""Every Python call, return, yield, resume, throw and unwind is seen once and in order: the
trace of a program equals what sys.setprofile sees of it in a plain run, and counts equal
cProfile's."""
import collections
import json
import pathlib

import pytest

import trace_events

PROGRAMS = pathlib.Path(__file__).resolve().parent / "programs"
WORKLOADS = (
    "asyncio_app", "compile_stdlib", "coroutines", "deltablue", "exceptions", "generators",
    "json_parser", "language", "recursion", "richards", "threads",
)

@pytest.fixture(scope="module")
def bytecode(interp, tmp_path_factory):
    """A folder of compiled modules, so that no run imports by compiling."""
    folder = tmp_path_factory.mktemp("cache")
    for workload in WORKLOADS:
        run(interp, folder / workload, "plain", workload, folder, preload=False)
    return folder


def run(interp, folder, way, workload, bytecode, env=None, **options):
    """Run a workload in a folder of its own; what its observer wrote."""
    (folder / "work").mkdir(parents=True)
    out = folder / "out.json"
    arguments = [PROGRAMS / "profiled.py", way, workload] + [out] * (way != "plain")
    env = {"PYTHONHASHSEED": "0", "PYTHONPYCACHEPREFIX": bytecode, **(env or {})}
    done = interp.run(arguments, env=env, cwd=folder / "work", **options)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    return json.loads(out.read_text()) if way != "plain" else None


def comparable(events, is_main):
    """The stretch that both ways of looking can see, without what depends on timing.

    events: [(is_call, Code)]. Of the main thread from begin_marker to end_marker; of
    another from its run() on, before which Thread installs the profiler. Event.wait in
    Thread.start waits only if the new thread is late: what it calls is left out.
    """
    result, depth = [], 0
    begun = False
    for is_call, code in events:
        last = code.name.rpartition(".")[2]
        if not begun:
            begun = is_call and last == ("begin_marker" if is_main else "run")
            if not begun:
                continue
        if depth:
            depth += 1 if is_call else -1
            if depth:
                continue
        elif is_call and last == "wait" and code.file.endswith("threading.py"):
            result.append((is_call, code))
            depth = 1
            continue
        result.append((is_call, code))
        if is_main and not is_call and last == "end_marker":
            break
    assert begun, "no marker among %d events" % len(events)
    return result


def words(events):
    return "".join(
        "\n    %s %s (%s:%d)" % ("call  " if is_call else "return", code.name, code.file, code.line)
        for is_call, code in events
    )


def assert_equal(seen, truth):
    """Fails with the place where two sequences part."""
    for i in range(max(len(seen), len(truth))):
        if seen[i : i + 1] != truth[i : i + 1]:
            pytest.fail("at event %d of %d (truth: %d)\nboth:%s\ntraced:%s\ntruth:%s" % (
                i, len(seen), len(truth), words(seen[max(0, i - 8) : i]),
                words(seen[i : i + 8]), words(truth[i : i + 8]),
            ), pytrace=False)


def check_sequence(trace, truth):
    codes = [trace_events.Code(*code) for code in truth["codes"]]
    expected = [
        comparable([(is_call, codes[i]) for is_call, i in events], n == 0)
        for n, events in enumerate(truth["threads"])
    ]
    found = [
        comparable(
            [(kind in trace_events.ENTERS, code) for kind, code in trace.calls(stream)],
            n == 0,
        )
        for n, stream in enumerate(trace.threads)
    ]
    assert len(expected[0]) > 500
    assert_equal(found[0], expected[0])
    # Threads are numbered as they came to run: compare them in an order of their own.
    found, expected = sorted(found[1:], key=repr), sorted(expected[1:], key=repr)
    assert len(found) == len(expected)
    for one, other in zip(found, expected):
        assert_equal(one, other)


def check_counts(trace, truth):
    expected = collections.Counter()
    for name, line, file, count in truth:
        expected[trace_events.Code(name, line, file)] += count
    found = collections.Counter()
    running = False
    for kind, code in trace.calls(trace.main):
        if kind in trace_events.ENTERS:
            running = running or code.name == "begin_marker"
            found[code] += running
        elif code.name == "end_marker":
            break
    for counter in (expected, found):
        for code in [code for code in counter if code.file.endswith("profiled.py")]:
            del counter[code]
    found = +found  # without those of 0
    assert sum(found.values()) > 250
    assert found == expected, (found - expected, expected - found)


@pytest.mark.parametrize("mode", ["calls", "calls+allocs"])
@pytest.mark.parametrize("workload", WORKLOADS)
def test_what_profilers_see(interp, tmp_path, workload, mode, bytecode):
    path = tmp_path / "trace.bin"
    run(interp, tmp_path / "traced", "plain", workload, bytecode,
        env={"PYMEMTRACE": "out=%s,mode=%s" % (path, mode)})
    trace = trace_events.Trace(path)
    trace.assert_whole()

    truth = run(interp, tmp_path / "profile", "profile", workload, bytecode, preload=False)
    check_sequence(trace, truth)
    if workload != "threads":  # cProfile sees one thread
        truth = run(interp, tmp_path / "count", "cprofile", workload, bytecode, preload=False)
        check_counts(trace, truth)
