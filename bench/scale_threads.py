#!/usr/bin/env python3
"""Whether threads of C that malloc and free get on as well traced as plain: time of the same
work on one thread and on many, plain and with mode=allocs, by turns; the least of the rounds, by
the wall clock and as CPU time of the whole process, which a busy machine disturbs less.

    scale_threads.py TRACER THREADS_LIBRARY [threads] [rounds]
"""
import os
import subprocess
import sys
import tempfile

CLOCKS = 'wall', 'CPU'
HERE = os.path.dirname(os.path.abspath(__file__))


def measure(tracer, library, threads):
    env = {k: v for k, v in os.environ.items() if not k.startswith(('LD_', 'PYMEMTRACE', 'PYTHON'))}
    env['PMT_BENCH_THREADS'] = library
    with tempfile.TemporaryDirectory(prefix='pymemtrace-bench-') as out:
        if tracer:
            env.update(LD_PRELOAD=tracer, PYMEMTRACE='quiet=1,mode=allocs,out=%s/trace.bin' % out)
        run = subprocess.run([sys.executable, os.path.join(HERE, 'workloads', 'storm_threads.py'), str(threads)],
                             env=env, stdout=subprocess.PIPE, check=True, text=True)
    return [float(word) for word in run.stdout.split()]


def main():
    tracer, library = (os.path.abspath(path) for path in sys.argv[1:3])
    threads = int(sys.argv[3]) if len(sys.argv) > 3 else 8
    rounds = int(sys.argv[4]) if len(sys.argv) > 4 else 5
    best = {}
    for _ in range(rounds):
        for name, lib in ('plain', None), ('allocs', tracer):
            for count in 1, threads:
                for clock, taken in zip(CLOCKS, measure(lib, library, count)):
                    key = clock, name, count
                    best[key] = min(taken, best.get(key, taken))
    print('%d processors, 24 million pairs, least of %d rounds' % (os.cpu_count(), rounds))
    for clock in CLOCKS:
        scaling = {}
        for name in 'plain', 'allocs':
            one, many = best[clock, name, 1], best[clock, name, threads]
            scaling[name] = many / one
            print('%-5s %-7s 1 thread %.3f s, %d threads %.3f s: %.2f of it' % (
                clock, name, one, threads, many, scaling[name]))
        print('%-5s grows %.2f times as much as plain' % (clock, scaling['allocs'] / scaling['plain']))


if __name__ == '__main__':
    main()
