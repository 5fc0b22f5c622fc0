"""The refusal of input that a script cannot use."""

import pytest


def complaint(capsys, script, *words):
    """The one line on stderr with which a script refuses these words."""
    with pytest.raises(SystemExit) as exit_:
        script.main([str(word) for word in words])
    out, err = capsys.readouterr()
    assert exit_.value.code == 2
    assert out == ""
    assert err.startswith(f"{script.NAME}.py: error: ") and err.count("\n") == 1 and "Traceback" not in err
    return err
