"""python -m compileall on a part of the standard library, copied to the current folder."""
import compileall
import os
import shutil
import sys


def prepare():
    sys.pycache_prefix = None  # into the copy, wherever the tests keep their own
    source = os.path.dirname(os.__file__)
    for package in ("json", "email", "logging"):
        shutil.copytree(
            os.path.join(source, package), os.path.join("copy", package),
            ignore=shutil.ignore_patterns("__pycache__"),
        )


def main():
    assert compileall.compile_dir("copy", quiet=2, force=True)
