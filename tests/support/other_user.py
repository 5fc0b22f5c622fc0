"""Python code that goes on as a user who is not root, has no name and no home, and owns nothing but a folder for it."""

import os
import shutil
import subprocess
import sys
import tempfile
from contextlib import contextmanager
from pathlib import Path

from tests.support.scripts import ROOT

UNKNOWN_USER = 54321
PRELUDE = f"""
import os, pwd, sys
sys.path.insert(0, {str(ROOT)!r})

def nobody(uid):
    raise KeyError(uid)

def become_the_other_user():  # once all is imported that is needed: the interpreter's own files need not be readable to others
    pwd.getpwuid = nobody
    if os.getuid() == 0:
        os.setgroups([])
        os.setgid({UNKNOWN_USER})
        os.setuid({UNKNOWN_USER})
"""


@contextmanager
def folder_of_the_other_user():
    """A folder that the other user owns and can get at, as none of pytest's; it is removed after the block."""
    folder = Path(tempfile.mkdtemp())
    try:
        if os.getuid() == 0:
            os.chown(folder, UNKNOWN_USER, UNKNOWN_USER)
        yield folder
    finally:
        subprocess.run(["chmod", "-R", "u+rwX", folder], check=False)
        shutil.rmtree(folder)


def run_as_other_user(code, *words, **environment):
    """Run code that can import the project and then calls `become_the_other_user()`; gives what it prints."""
    hidden = ("HOME", "KERAS_HOME", "XDG_CACHE_HOME", "NETWORKS_CACHE")
    kept = {name: value for name, value in os.environ.items() if name not in hidden}
    command = [sys.executable, "-c", PRELUDE + code, *map(str, words)]
    process = subprocess.run(command, env={**kept, **environment}, cwd="/", capture_output=True, text=True)
    assert process.returncode == 0, process.stderr
    return process.stdout
