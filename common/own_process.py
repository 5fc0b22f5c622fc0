"""A process of its own for a script, where the one that runs it has other modules by this project's names, as a notebook may.

Run by its path, `runpy.run_path(path, {"script": __file__})`, because its own name would be looked up among those modules.
"""

import os
import subprocess
import sys

MARK = "NETWORKS_OWN_PROCESS"  # set in a process that was started here: what is foreign there too, Python itself has loaded at its start

script = globals()["script"]
modules = [sys.modules[name] for name in ("common", "kerascope") if name in sys.modules]
homes = {os.path.dirname(os.path.dirname(os.path.realpath(getattr(module, "__file__", None) or os.sep))) for module in modules}
foreign = sorted(homes - {os.path.dirname(os.path.realpath(script))})
if foreign and MARK in os.environ:
    name, places = os.path.basename(script), ", ".join(foreign)
    sys.stderr.write(f"{name}: error: Python loads a module called common or kerascope from {places} as it starts: rename or remove it\n")
    sys.exit(2)
if foreign:
    call, environment = [sys.executable, script, *sys.argv[1:]], {**os.environ, MARK: "1"}
    with subprocess.Popen(call, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True) as process:
        sys.stdout.writelines(process.stdout)  # line by line, as they come
    sys.exit(process.returncode if process.returncode >= 0 else 128 - process.returncode)  # of a signal, as a shell counts it
