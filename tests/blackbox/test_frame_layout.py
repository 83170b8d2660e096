"""The offsets by which frames are read from memory are those of each CPython's own headers."""
import pathlib
import shutil
import subprocess

import pytest

from conftest import lacking

PROGRAM = pathlib.Path(__file__).parent / "programs" / "layout_of_headers.c"


def header_folders(interp):
    """Where the interpreter's headers are, internal ones too; nothing if they are not installed."""
    root = pathlib.Path(interp.root or "/")
    minor = "python3.%d" % interp.version[1]
    for base in (pathlib.Path(interp.python).parents[1], root / "usr"):
        main = base / "include" / minor
        if (main / "Python.h").exists():
            # Debian's pyconfig.h includes another one by its path from there; libc's headers
            # in that folder must not come before this machine's.
            return ["-I%s" % main, "-I%s" % (main / "internal"), "-idirafter", str(base / "include")]
    return None


def lines(text):
    return dict(line.rsplit(" ", 1) for line in text.splitlines())


def test_layout_is_that_of_the_headers(interp, tool, tmp_path):
    folders = header_folders(interp)
    if folders is None:
        pytest.skip("no headers of %s" % interp.name)
    compiler = shutil.which("cc") or lacking("cc", "gcc")
    program = tmp_path / "layout_of_headers"
    subprocess.run([compiler, "-w", *folders, str(PROGRAM), "-o", str(program)], check=True)
    said = subprocess.run([str(program)], check=True, stdout=subprocess.PIPE, encoding="ascii")
    ours = tool("tests/support/print_layout")
    assert ours.returncode == 0
    start = "%d " % interp.version[1]
    row = lines("\n".join(line[len(start):] for line in ours.stdout.splitlines()
                          if line.startswith(start)))
    headers = lines(said.stdout)
    assert len(headers) > 20
    assert row == headers
