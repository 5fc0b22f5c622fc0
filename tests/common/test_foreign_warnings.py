"""No option makes a warning of another package an error; what is meant to be one within still is."""

import os
import subprocess
import sys
import warnings
from dataclasses import replace

import pytest

from common.foreign_warnings import no_warning_is_an_error
from common.sweep import sweep
from tests.support import sweeps
from tests.support.scripts import ROOT

PROGRAM = """
import subprocess, sys, warnings
from common.foreign_warnings import no_warning_is_an_error
with no_warning_is_an_error():
    warnings.warn("of a package", DeprecationWarning)
    options = [f"-W{option}" for option in sys.warnoptions]  # as multiprocessing starts processes
    subprocess.run([sys.executable, *options, "-c", "import warnings; warnings.warn('of a process', DeprecationWarning)"], check=True)
try:
    warnings.warn("afterwards", DeprecationWarning)
except DeprecationWarning:
    print("an error again")
"""


@pytest.mark.parametrize(
    "option", ["error", "e", "error::DeprecationWarning", "error:of a package", "error:AFTER", "error::Warning:__main__"]
)
@pytest.mark.parametrize("how", ["-W", "PYTHONWARNINGS"])
def test_warnings_that_are_made_errors_are_shown_instead_and_afterwards_raised_again(option, how):
    words = ["-W", option] if how == "-W" else []
    environment = {**os.environ, "PYTHONWARNINGS": option if how == "PYTHONWARNINGS" else ""}
    result = subprocess.run([sys.executable, *words, "-c", PROGRAM], cwd=ROOT, env=environment, capture_output=True, text=True)
    assert result.returncode == 0 and "Traceback" not in result.stderr, result.stderr
    raises = subprocess.run(
        [sys.executable, *words, "-c", "import warnings; warnings.warn('afterwards', DeprecationWarning)"],
        env=environment,
        capture_output=True,
    )
    assert (result.stdout == "an error again\n") == bool(raises.returncode)
    shown = [text for text in ("of a package", "of a process") if text in result.stderr]
    assert shown == ["of a package", "of a process"]


def test_other_filters_keep_their_order_and_a_filter_set_within_counts():
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        warnings.filterwarnings("ignore", "quiet", UserWarning)
        with no_warning_is_an_error():
            with warnings.catch_warnings(record=True) as caught:
                warnings.warn("quiet", UserWarning, stacklevel=1)
                warnings.warn("loud", UserWarning, stacklevel=1)
            assert [str(warning.message) for warning in caught] == ["loud"]
            with warnings.catch_warnings():
                warnings.simplefilter("error", ResourceWarning)
                with pytest.raises(ResourceWarning):
                    warnings.warn("ours", ResourceWarning, stacklevel=1)
        with pytest.raises(UserWarning):
            warnings.warn("loud", UserWarning, stacklevel=1)


@pytest.mark.slow
def test_a_training_of_whatever_process_survives_a_warning_that_is_made_an_error(tmp_path):
    def warn_and_build(*args):
        warnings.warn("of a package", FutureWarning, stacklevel=1)
        return sweeps.build_model(*args)

    warning = replace(sweeps.EXPERIMENT, build_model=warn_and_build)
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("error", FutureWarning)
        assert sweep.run([sweeps.cell()], warning, sweeps.DATA, tmp_path).failed == []
    assert "of a package" in [str(warning.message) for warning in caught]
