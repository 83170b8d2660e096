#!/usr/bin/env python3
"""Time and memory of each view of pymemtrace-report on traces of blocks of real programs, some
10 million events each: CPU time (user + system, the least of the rounds, which go by turns) and
the largest resident set.

    report_blocks.py TRACER REPORT [--rounds N] [--programs a,b] [--views a,b] [--keep FOLDER]
"""
import argparse
import json
import os
import subprocess
import sys
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
# name: (options of the tracer, PYTHONMALLOC, program and arguments)
PROGRAMS = {
    'storm': ('mode=allocs', 'malloc', ['storm.py', '25', '1660000']),
    'live': ('mode=allocs', 'malloc', ['live.py', '3200000']),
    'threads': ('mode=allocs', 'malloc', ['threads.py', '8', '1800000']),
    'objects': ('mode=objects', None, ['objects.py', '21']),
}
VIEWS = {
    'summary': ['summary'], 'functions': ['functions'], 'lines': ['lines'], 'tree': ['tree'],
    'leaks': ['leaks'], 'peak': ['peak'], 'churn': ['churn'], 'sizes': ['sizes'],
    'fragmentation': ['fragmentation'], 'at 50%': ['at', '50%'], 'types': ['types'],
    'diff leaks': ['diff', 'leaks', '{trace}'],
}


def trace(args, name):
    """The path of the program's trace, made anew unless the folder has it."""
    options, malloc, command = PROGRAMS[name]
    path = os.path.join(args.keep, name + '.bin')
    if not os.path.exists(path):
        env = {k: v for k, v in os.environ.items() if not k.startswith(('LD_', 'PYMEMTRACE', 'PYTHON'))}
        env.update(LD_PRELOAD=os.path.abspath(args.tracer), PYMEMTRACE='quiet=1,%s,out=%s' % (options, path))
        if malloc:
            env['PYTHONMALLOC'] = malloc
        program = [os.path.join(HERE, 'workloads', command[0])] + command[1:]
        subprocess.run([args.python] + program, env=env, check=True, stdout=subprocess.DEVNULL)
    return path


def run(command):
    """(CPU seconds, largest resident set in MiB) of a command that must succeed."""
    pid = os.posix_spawn(command[0], command, os.environ)
    _, status, usage = os.wait4(pid, 0)
    if status:
        sys.exit('%s: status %d' % (' '.join(command), status))
    return usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024


def events(report, path):
    text = subprocess.run([report, 'summary', '--format=json', path], check=True, stdout=subprocess.PIPE).stdout
    return json.loads(text)['trace']['events']


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('tracer')
    parser.add_argument('report')
    parser.add_argument('--python', default=sys.executable)
    parser.add_argument('--rounds', type=int, default=3)
    parser.add_argument('--programs', default=','.join(PROGRAMS))
    parser.add_argument('--views', default=','.join(VIEWS))
    parser.add_argument('--keep', help='where traces are, or are put')
    args = parser.parse_args()
    report = os.path.abspath(args.report)
    programs, views = args.programs.split(','), args.views.split(',')
    with tempfile.TemporaryDirectory(prefix='pymemtrace-bench-') as folder:
        args.keep = args.keep or folder
        paths = {name: trace(args, name) for name in programs}
        for name in programs:
            print('%s: %.1f million events, %.1f MB' % (
                name, events(report, paths[name]) / 1e6, os.path.getsize(paths[name]) / 1e6))
        best = {}
        for _ in range(args.rounds):
            for view in views:
                for name in programs:
                    words = [word.replace('{trace}', paths[name]) for word in VIEWS[view]]
                    got = run([report] + words + ['--output=/dev/null', paths[name]])
                    best[view, name] = min(got, best.get((view, name), got))
    print('\n| | %s |\n|---|%s' % (' | '.join(programs), '---|' * len(programs)))
    for view in views:
        print('| `%s` | %s |' % (view, ' | '.join('%.2f s, %.0f MiB' % best[view, name] for name in programs)))


main()
