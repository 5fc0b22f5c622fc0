"""The datasets are those of the report, and damaged files never give a wrong result."""

from dataclasses import replace

import numpy as np
import pytest
from sklearn import datasets
from sklearn.model_selection import train_test_split
from sklearn.preprocessing import StandardScaler

import exp_a_loss
from common.data import DATASETS, Dataset, fingerprint, load, probe
from tests.support.complaints import complaint
from tests.support.fashion_files import made_up, write

pytestmark = pytest.mark.usefixtures("nowhere_else")


@pytest.mark.parametrize(
    ("name", "make", "test_size"),
    [
        ("digits", lambda: datasets.load_digits(return_X_y=True), 0.2),
        ("moons", lambda: datasets.make_moons(1000, noise=0.3, random_state=42), 0.3),
        ("circles", lambda: datasets.make_circles(1000, noise=0.2, factor=0.5, random_state=42), 0.3),
    ],
)
def test_small_datasets_are_split_by_class_and_standardised_by_the_training_part(name, make, test_size):
    x, y = make()
    x_train, x_test, *labels = train_test_split(x, y, test_size=test_size, random_state=42, stratify=y)
    scaler = StandardScaler().fit(x_train)
    for (ours, our_labels), samples, expected in zip(load(name), (x_train, x_test), labels, strict=True):
        np.testing.assert_allclose(ours, scaler.transform(samples), atol=1e-5)
        np.testing.assert_array_equal(our_labels, expected)


@pytest.mark.parametrize("name", DATASETS)
def test_the_arrays_of_a_dataset_fit_its_record(name, tmp_path):
    write(tmp_path, made_up())
    parts, dataset = load(name, tmp_path), DATASETS[name]
    for x, y in parts:
        assert x.dtype == np.float32 and np.isfinite(x).all() and x.shape == (len(y), parts[0][0].shape[1])
        assert y.dtype == np.int32 and np.unique(y).tolist() == list(range(dataset.num_classes))
    assert (parts[0][0].shape[1] == 2) == dataset.in_plane


@pytest.mark.parametrize(
    "change",
    [{"num_classes": 0}, {"num_classes": 1}, {"batch_size": 0}, *({"target_accuracy": share} for share in (0, 2, np.nan))]
    + [{"test_share": share} for share in (0, 1, np.nan)],
    ids=str,
)
def test_a_record_that_cannot_be_is_refused_when_it_is_made(change):
    record = {"num_classes": 3, "batch_size": 32, "target_accuracy": 0.9, "load": lambda *_: None, "test_share": 0.3}
    assert Dataset("Nonesuch", **record).num_classes == 3
    with pytest.raises(ValueError, match="Nonesuch"):
        Dataset("Nonesuch", **{**record, **change})


X, Y = np.zeros((30, 4)), np.arange(30) % 10
MISFITS = {
    "a label too large": (X, Y + 1),
    "a label below 0": (X, Y - 1),
    "a feature that is not finite": (np.where(X == 0, np.nan, X), Y),
    "a class of one sample": (X, np.where(np.arange(30) < 29, Y % 9, 9)),
    "labels between": (X, Y + 0.5),
    "images": (X.reshape(30, 2, 2), Y),
    "a label missing": (X, Y[1:]),
    "one-hot labels": (X, np.eye(10)[Y]),
    "nothing": (X[:0], Y[:0]),
}


@pytest.mark.parametrize(
    ("case", "test_share"), [(case, share) for case in MISFITS for share in (0.2, None) if share or case != "a class of one sample"]
)
def test_arrays_that_do_not_fit_their_record_are_refused_before_training(case, test_share, capsys, tmp_path, monkeypatch):
    arrays = MISFITS[case] if test_share else ((X, Y), MISFITS[case])
    monkeypatch.setitem(DATASETS, "digits", replace(DATASETS["digits"], load=lambda *_: arrays, test_share=test_share))
    assert "dataset digits" in complaint(capsys, exp_a_loss, "--datasets", "digits", "--out", tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_the_probe_is_stratified_and_the_same_each_time():
    random = np.random.default_rng(0)
    y = random.permutation(np.repeat(np.arange(4), [700, 200, 90, 10])).astype(np.int32)
    x = np.arange(1000, dtype=np.float32)[:, None]
    x_probe, y_probe = probe(x, y, seed=3)
    assert len(np.unique(x_probe)) == 256
    np.testing.assert_array_equal(y[x_probe[:, 0].astype(int)], y_probe)
    np.testing.assert_allclose(np.bincount(y_probe), np.array([700, 200, 90, 10]) * 0.256, atol=1)
    np.testing.assert_array_equal(probe(x, y, seed=3)[0], x_probe)
    assert len(probe(x[:30], y[:30], seed=3)[0]) == 30 and len(np.intersect1d(probe(x, y, seed=4)[0], x_probe)) < 128


def test_the_fingerprint_tells_contents_types_and_shapes_apart():
    a = np.arange(6, dtype=np.float32)
    others = [a.reshape(2, 3), a.astype(np.float64), a + 1]
    assert len({fingerprint([b]) for b in [a, *others]}) == 4
    assert fingerprint([a]) == fingerprint([a.copy()])


def test_an_unknown_name_is_refused():
    with pytest.raises(ValueError, match="'mnist'"):
        load("mnist")
