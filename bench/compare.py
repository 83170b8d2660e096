#!/usr/bin/env python3
"""Compares tools on the same programs: CPU time, memory and output against plain Python.

Every round runs each tool once, in a rotated order, beside a plain run; a tool's figure is
the median over the rounds of its CPU time (user + system, all its threads and children)
divided by the plain run's of the same round, with the ratio of the two minima behind it.
Machines are noisy: believe ratios, not seconds.
"""
import argparse
import os
import shutil
import statistics
import sys
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
ORIGINAL = ('import runpy, sys; from pymemtrace import cPyMemTrace\n'
            'with cPyMemTrace.Profile(0): runpy.run_path(sys.argv[1])')


def preload(options):
    return {'LD_PRELOAD': '{lib}', 'PYMEMTRACE': 'quiet=1,out={out}/trace.bin' + options}


# name -> (command, environment, module that it needs, or program with a / before it)
TOOLS = {
    'plain': (['{python}', '{script}'], {}, None),
    'calls': (['{python}', '{script}'], preload(''), None),
    'calls rss=off': (['{python}', '{script}'], preload(',rss=off'), None),
    'tree': (['{python}', '{script}'], preload(',detail=tree'), None),
    'c_calls': (['{python}', '{script}'], preload(',c_calls=1'), None),
    'lines': (['{python}', '{script}'], preload(',mode=lines'), None),
    'allocs': (['{python}', '{script}'], preload(',mode=allocs'), None),
    'allocs native=1': (['{python}', '{script}'], preload(',mode=allocs,native=1'), None),
    'calls+allocs': (['{python}', '{script}'], preload(',mode=calls+allocs'), None),
    'objects': (['{python}', '{script}'], preload(',mode=objects'), None),
    'cProfile': (['{python}', '-m', 'cProfile', '-o', '{out}/prof', '{script}'], {}, None),
    'memray': (['{python}', '-m', 'memray', 'run', '-q', '-o', '{out}/m.bin', '{script}'], {}, 'memray'),
    'memray --trace-python-allocators': (
        ['{python}', '-m', 'memray', 'run', '-q', '--trace-python-allocators', '-o', '{out}/m.bin', '{script}'],
        {}, 'memray'),
    'heaptrack': (['heaptrack', '-o', '{out}/h', '{python}', '{script}'], {}, '/heaptrack'),
    'tracemalloc': (['{python}', '-X', 'tracemalloc', '{script}'], {}, None),
    'tracemalloc 25': (['{python}', '-X', 'tracemalloc=25', '{script}'], {}, None),
    'cPyMemTrace.Profile(0)': (['{python}', '-c', ORIGINAL, '{script}'], {}, 'pymemtrace'),
}


# What a workload is run with; 'storm-25' is storm.py with the argument 25.
ENVIRONMENT = {'storm': {'PYTHONMALLOC': 'malloc'}}


def fill(text, names):
    for key, value in names.items():
        text = text.replace('{' + key + '}', value)
    return text


def run_once(tool, names):
    """One run: (cpu seconds, peak RSS in KiB, bytes written, exit status)."""
    out = tempfile.mkdtemp(prefix='pymemtrace-bench-')
    names = dict(names, out=out)
    command, environment, _ = TOOLS[tool]
    env = {k: v for k, v in os.environ.items() if not k.startswith(('LD_', 'PYMEMTRACE', 'PYTHON'))}
    env.update({k: fill(v, names) for k, v in environment.items()})
    workload, *arguments = names['workload'].split('-')
    env.update(ENVIRONMENT.get(workload, {}))
    argv = [fill(a, names) for a in command] + arguments
    argv[0] = shutil.which(argv[0]) or argv[0]
    pid = os.fork()
    if pid == 0:
        os.chdir(out)
        null = os.open(os.devnull, os.O_RDWR)
        for fd in 0, 1, 2:
            os.dup2(null, fd)
        try:
            os.execve(argv[0], argv, env)
        finally:
            os._exit(127)
    _, status, usage = os.wait4(pid, 0)
    written = sum(os.path.getsize(os.path.join(folder, f)) for folder, _, files in os.walk(out) for f in files)
    shutil.rmtree(out, ignore_errors=True)
    return usage.ru_utime + usage.ru_stime, usage.ru_maxrss, written, status


def available(tool, python):
    module = TOOLS[tool][2]
    if module and module.startswith('/'):
        return shutil.which(module[1:]) is not None
    return module is None or os.system('%s -c "import %s" >/dev/null 2>&1' % (python, module)) == 0


def measure(tools, script, names, rounds, patience):
    """Runs by tool; a tool whose run took longer than patience seconds runs only once."""
    runs = {tool: [] for tool in tools}
    for i in range(rounds):
        for tool in tools[i % len(tools):] + tools[:i % len(tools)]:
            if not runs[tool] or runs[tool][-1][0] < patience:
                runs[tool].append(run_once(tool, dict(names, script=script)))
    return runs


def row(tool, runs, plain):
    if any(r[3] for r in runs):
        return '| %s | failed (status %d) | | | |' % (tool, next(r[3] for r in runs if r[3]))
    ratios = [r[0] / p[0] for r, p in zip(runs, plain)]
    best = min(r[0] for r in runs) / min(p[0] for p in plain)
    extra = statistics.median(r[1] - p[1] for r, p in zip(runs, plain)) / 1024
    spent = (min(r[0] for r in runs) - min(p[0] for p in plain)) * 1000
    return '| %s | %.2f (%.2f) | %+.0f ms | %+.1f MiB | %.2f MB |' % (
        tool, statistics.median(ratios), best, spent, extra, runs[0][2] / 1e6)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('--lib', required=True, help='libpymemtrace.so to measure')
    parser.add_argument('--python', default=sys.executable)
    parser.add_argument('--tools', default=','.join(TOOLS))
    parser.add_argument('--workloads', default='startup,fib,mix,objects,storm-5,storm-25,storm-60')
    parser.add_argument('--rounds', type=int, default=7)
    parser.add_argument('--patience', type=float, default=5,
                        help='a tool that takes more CPU seconds for a run is run once')
    args = parser.parse_args()
    tools = [t for t in args.tools.split(',') if t != 'plain']
    for tool in tools:
        if tool not in TOOLS:
            parser.error('no tool %r; there are: %s' % (tool, ', '.join(TOOLS)))
    missing = [t for t in tools if not available(t, args.python)]
    if missing:
        print('not installed for this interpreter, left out: %s\n' % ', '.join(missing))
    tools = ['plain'] + [t for t in tools if t not in missing]
    names = {'python': args.python, 'lib': os.path.abspath(args.lib)}
    for workload in args.workloads.split(','):
        script = os.path.join(HERE, 'workloads', workload.split('-')[0] + '.py')
        runs = measure(tools, script, dict(names, workload=workload), args.rounds, args.patience)
        print('**%s** (plain: %.3f s CPU, %d rounds)\n' % (
            workload, min(r[0] for r in runs['plain']), args.rounds))
        print('| tool | CPU ratio, median (minima) | more CPU | more memory | output |')
        print('|---|---|---|---|---|')
        for tool in tools[1:]:
            print(row(tool, runs[tool], runs['plain']))
        print(flush=True)


if __name__ == '__main__':
    main()
