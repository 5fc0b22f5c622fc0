"""The folder in which Keras keeps datasets is where Keras says, in every environment; Keras is asked."""

import json
from pathlib import Path

import pytest

from common.data.keras_folder import keras_folders
from tests.support.other_user import folder_of_the_other_user, run_as_other_user

ENVIRONMENTS = {  # {what: (variables, in which HERE is a folder of its own; what lies there)}; r: cannot be written, w: can, f: a file
    "home without a folder of Keras": ({"HOME": "HERE/home"}, {"home": "w"}),
    "home with a folder of Keras": ({"HOME": "HERE/home"}, {"home/.keras": "w"}),
    "Keras's folder cannot be written": ({"HOME": "HERE/home"}, {"home/.keras": "r"}),
    "home cannot be written": ({"HOME": "HERE/home"}, {"home": "r"}),
    "home cannot be written, Keras's folder can": ({"HOME": "HERE/home"}, {"home/.keras": "w", "home": "r"}),
    "Keras's folder is a file": ({"HOME": "HERE/home"}, {"home": "w", "home/.keras": "f"}),
    "Keras's folder is a link to nowhere": ({"HOME": "HERE/home"}, {"home": "w", "home/.keras": "l"}),
    "home is not there": ({"HOME": "HERE/home"}, {}),
    "home is a file": ({"HOME": "HERE/home"}, {"home": "f"}),
    "home is the root": ({"HOME": "/"}, {}),
    "home is empty": ({"HOME": ""}, {}),
    "home is relative": ({"HOME": "home"}, {"home": "w"}),
    "no home": ({}, {}),
    "named": ({"KERAS_HOME": "HERE/kk"}, {"kk": "w"}),
    "named, cannot be written": ({"KERAS_HOME": "HERE/kk"}, {"kk": "r"}),
    "named, not there": ({"KERAS_HOME": "HERE/kk"}, {}),
    "named, not there, two levels": ({"KERAS_HOME": "HERE/a/kk"}, {}),
    "named, not there, cannot be made": ({"KERAS_HOME": "HERE/a/kk"}, {"a": "r"}),
    "named below a file": ({"KERAS_HOME": "HERE/a/kk"}, {"a": "f"}),
    "named, a file": ({"KERAS_HOME": "HERE/kk"}, {"kk": "f"}),
    "named, a link to nowhere": ({"KERAS_HOME": "HERE/kk"}, {"kk": "l"}),
    "named below a link to nowhere": ({"KERAS_HOME": "HERE/a/kk"}, {"a": "l"}),
    "named with a slash": ({"KERAS_HOME": "HERE/kk/"}, {}),
    "named by another way": ({"KERAS_HOME": "HERE/a/../kk"}, {"a": "w", "kk": "w"}),
    "named, empty": ({"KERAS_HOME": "", "HOME": "HERE/home"}, {"home": "w"}),
    "named, relative": ({"KERAS_HOME": "kk"}, {"kk": "w"}),
    "named, relative, not there": ({"KERAS_HOME": "kk"}, {}),
    "named, here": ({"KERAS_HOME": "."}, {}),
    "named by ~": ({"KERAS_HOME": "~/kk", "HOME": "HERE/home"}, {"home/kk": "w"}),
    "named by ~, not there": ({"KERAS_HOME": "~/kk", "HOME": "HERE/home"}, {"home": "w"}),
    "named by ~ and lying under that very name": ({"KERAS_HOME": "~/kk", "HOME": "HERE/home"}, {"home": "w", "~/kk": "w"}),
    "named ~": ({"KERAS_HOME": "~", "HOME": "HERE/home"}, {"home": "w"}),
    "named by ~, no home": ({"KERAS_HOME": "~/kk"}, {}),
    "named by ~ of somebody": ({"KERAS_HOME": "~nosuchuser/kk"}, {}),
    "named by a variable": ({"KERAS_HOME": "$HOME/kk", "HOME": "HERE/home"}, {"home/kk": "w"}),
}

ASK = """
import json, os, tempfile, traceback
import keras
from keras.src.backend import config
from common.data.keras_folder import keras_folders

code_of_config = config.__loader__.get_code(config.__name__)

class Found(BaseException):
    pass

def lay_out(here, things):
    os.makedirs(here)
    for name, kind in things.items():
        path = os.path.join(here, name)
        if kind == "l":
            os.symlink("nowhere", path)
        elif kind == "f":
            open(path, "w").close()
        else:
            os.makedirs(path, exist_ok=True)
            os.chmod(path, 0o700 if kind == "w" else 0o500)

def ask(variables):
    ours = [str(folder) for folder in keras_folders()]
    make = os.makedirs
    def not_in_tmp(path, *words, **settings):  # the machine's own
        if str(path) == "/tmp/.keras":
            raise PermissionError(path)
        make(path, *words, **settings)
    os.makedirs = not_in_tmp
    exec(code_of_config, config.__dict__)
    def found(path, *words, **settings):
        raise Found(path)
    os.makedirs = found
    try:
        keras.utils.get_file("x", origin="x", cache_subdir=os.path.join("datasets", "fashion-mnist"))
    except Found as folder:
        return ours, str(folder)

for name, (variables, things) in json.load(open(sys.argv[1])).items():
    here = os.path.join(sys.argv[2], str(abs(hash(name))))
    if os.fork() == 0:
        become_the_other_user()
        lay_out(here, things)
        for variable in ("HOME", "KERAS_HOME"):
            os.environ.pop(variable, None)
        os.environ.update({variable: value.replace("HERE", here) for variable, value in variables.items()})
        os.chdir(here)
        try:
            print(json.dumps([name, *ask(variables)]), flush=True)
        except BaseException:
            print(json.dumps([name, [], traceback.format_exc()]), flush=True)
        os._exit(0)
    os.wait()
"""


@pytest.mark.slow
def test_the_folder_is_the_one_that_keras_uses():
    with folder_of_the_other_user() as folder:
        (folder / "environments.json").write_text(json.dumps(ENVIRONMENTS))
        (folder / "environments.json").chmod(0o644)
        printed = run_as_other_user(ASK, folder / "environments.json", folder, KERAS_HOME=str(folder), KERAS_BACKEND="tensorflow")
    answers = {name: (ours, keras) for name, ours, keras in map(json.loads, printed.splitlines())}
    assert answers.keys() == ENVIRONMENTS.keys()
    assert {name: ours[:1] for name, (ours, _) in answers.items()} == {name: [str(Path(keras))] for name, (_, keras) in answers.items()}
    assert len({keras.startswith("/tmp/.keras/") for _, keras in answers.values()}) == 2


def test_a_folder_that_can_only_be_read_is_a_place_too(tmp_path, monkeypatch):
    """Keras could not write there, but what lies there is as good: a folder that many share, say."""
    monkeypatch.setenv("KERAS_HOME", str(tmp_path / "file" / "kk"))
    (tmp_path / "file").write_text("")  # no folder can be made below it, whoever runs this
    places = keras_folders()
    assert [str(place) for place in places] == [f"{folder}/datasets/fashion-mnist" for folder in ("/tmp/.keras", tmp_path / "file" / "kk")]
