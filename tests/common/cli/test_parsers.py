"""Whatever stands in a flag or a file: it is taken for what it says, or refused by name; nothing else ever happens."""

import argparse
import contextlib
import io
import json
import math

import numpy as np
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from common import cli
from common.cli import types
from common.data import load
from common.errors import BadInput
from common.store import cells, checkpoints, layout
from tests.support.fashion_files import IDX_NAMES, idx_bytes, write
from tests.support.sweeps import EXPERIMENT, cell

settings.register_profile("steady", derandomize=True, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
settings.load_profile("steady")

WORDS = st.one_of(
    st.text("0123456789.,-+_einfaxE %\n\0\udcff", max_size=12),
    st.integers().map(str),
    st.floats().map(str),
    st.sampled_from(["", "nan", "-inf", "1_0", "\uff10", "1e400", "0x10", "--", "-1", ",", "1,", "a b", "\n", "\udcff"]),
)


def taken(parse, word):
    """What the parser makes of a word; None if it refuses it."""
    try:
        return parse(word)
    except argparse.ArgumentTypeError as error:
        assert repr(word) in str(error)
        return None


@given(WORDS | st.integers(-20, 20).map(str), st.integers(-5, 5), st.integers(6, 2**33))
def test_whole_numbers_within_bounds_are_taken_and_no_others(word, smallest, largest):
    number = taken(types.whole_number(smallest, largest), word)
    try:
        assert number == (int(word) if smallest <= int(word) <= largest else None)
    except ValueError:
        assert number is None


@given(WORDS | st.floats(min_value=2e-38, max_value=3e38).map(repr))
@example("1e-300")
def test_numbers_that_float32_holds_are_taken_and_no_others(word):
    positive, from_zero, share = (taken(parse, word) for parse in (types.positive_number, types.number_from_zero, types.share))
    for number in (positive, from_zero, share):
        assert number is None or (math.isfinite(np.float32(number)) and number == abs(float(word)))
    assert positive is None or (np.float32(positive) > 0 and from_zero == positive)
    assert share is None or 0 < np.float32(share) < 1
    with contextlib.suppress(ValueError):
        assert positive == float(word) or not 2e-38 <= float(word) <= 3e38


@given(st.lists(WORDS, max_size=4))
def test_seeds_are_distinct_integers_of_32_bits(words):
    with contextlib.redirect_stderr(io.StringIO()):
        args = parsed(["--seeds", *words])
    if args is not None:
        assert 1 <= len(args.seeds) == len(set(args.seeds)) <= types.MOST_SEEDS
        assert all(0 <= seed < 2**32 for seed in args.seeds)


FLAGS = ["--seeds", "--epochs", "--lr", "--datasets", "--init", "--out", "--jobs", "--dropout", "--quiet", "--max-minutes", "-h", "--help"]


@given(st.lists(st.one_of(st.sampled_from(FLAGS), WORDS), max_size=6))
@example(["--lr", "0.1", "--lr=0.2"])
def test_a_command_line_is_parsed_or_refused_in_one_line(words):
    out, err = io.StringIO(), io.StringIO()
    with contextlib.redirect_stderr(err), contextlib.redirect_stdout(out):
        args = parsed(words)
    assert err.getvalue().count("\n") == (args is None and not out.getvalue())


def parsed(words):
    """The namespace, or None if the process would have ended, with 0 for --help and 2 otherwise."""
    try:
        return cli.parse(EXPERIMENT, words)
    except SystemExit as exit_:
        assert exit_.code in (0, 2)
        return None


CHANGES = st.lists(st.tuples(st.integers(0, 10**6), st.integers(0, 255)), max_size=3)


def changed(content, changes, length):
    """The content cut, or with zeros behind it, and with other bytes in some places."""
    content = bytearray((content + bytes(100))[:length] if length < len(content) + 100 else content)
    for position, value in changes if content else ():
        content[position % len(content)] = value
    return bytes(content)


@given(CHANGES, st.integers(0, 2000), st.booleans())
def test_an_idx_file_is_read_or_named(tmp_path, changes, length, compress):
    """Bytes changed, cut or added, in the file or within gzip."""
    images, labels = np.arange(2 * 28 * 28).astype(np.uint8).reshape(2, 28, 28), np.zeros(2, np.uint8)
    folder = tmp_path / str(compress)
    write(folder, [(images, labels)] * 2, "idx.gz" if compress else "idx")
    path = folder / f"{IDX_NAMES[0]}{'.gz' * compress}"
    content = changed(path.read_bytes(), changes, length)
    path.write_bytes(content)
    try:
        (x, _), _ = load("fashion_mnist", folder)
    except BadInput as error:
        assert str(folder) in str(error) and "\n" not in str(error)
    else:
        read = np.round((x + 1) * 127.5).astype(np.uint8).reshape(-1, 28, 28)
        assert (read == images).all() if compress else idx_bytes(read) == content  # what gzip holds is checked by a CRC


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["id", "files", "sha256", "format", "x"]), inner, max_size=4)
    ),
    max_leaves=8,
)


@given(JSON | st.dictionaries(st.sampled_from(["id", "files", "sha256"]), JSON).map(lambda record: {"format": layout.FORMAT, **record}))
def test_a_record_of_a_cell_is_believed_only_if_it_is_the_one_that_was_written(tmp_path, record):
    folder = cell().folder(tmp_path)
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "cell.json").write_text(json.dumps(record))
    with pytest.raises(BadInput, match="--fresh"):
        cells.is_done(cell(), tmp_path)


@given(CHANGES, st.integers(0, 5000))
def test_a_training_resumes_only_from_a_state_that_is_whole(tmp_path, changes, length):
    written = io.BytesIO()
    np.savez(written, origin=np.array(checkpoints.origin(cell())), weights=np.arange(500.0))
    checkpoints.write(cell(), tmp_path, changed(written.getvalue(), changes, length))
    state = checkpoints.read(cell(), tmp_path)
    if state is not None:
        with np.load(io.BytesIO(state), allow_pickle=False) as arrays:
            assert arrays["weights"].tolist() == list(range(500))
