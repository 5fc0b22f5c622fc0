"""The datasets, each one record, and their arrays: made, or found on disk and checked."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

from common.data import remembered
from common.data.arrays import Data
from common.data.fashion_mnist import FashionMnist
from common.data.samples import HELD, Samples
from common.errors import BadInput, first_line
from common.lazy import lazy_modules

np, made, selection = lazy_modules("numpy sklearn.datasets sklearn.model_selection")


@dataclass(frozen=True)
class Dataset:
    """A dataset of labelled samples. It is checked when it is made and when it is loaded, before anything is trained.

    Attributes:
        label: its name in titles.
        num_classes: the labels are 0 to `num_classes - 1`.
        batch_size: the default number of samples in a step.
        target_accuracy: the test accuracy whose first crossing is the measure `epochs_to_target`, the same for all arms.
        load: `(data_dir, download)` -> arrays `x, y`, of shapes `(samples, features)` and `(samples,)`; without a `test_share`, a pair of
            them, for training and testing. It raises `NotAtHand` for files that are not there. If it has a method `found`, with the same
            arguments, which returns `(identity, load)`, a text that changes whenever the arrays do and a function that returns them, then
            size and fingerprint of the dataset are kept in the user's cache, and the arrays are loaded only where they are used. If it has
            a method `drawn`, which takes a seed and returns arrays, each seed has samples of its own.
        test_share: the share of the samples that is kept for testing, split by class at random, by each seed in its own way; the features
            are then standardised by the training part. Defaults to None: the dataset comes in two parts, which all seeds have.
        seeds: the number of seeds that are trained unless --seeds says otherwise. Defaults to 10: twice those of Fashion-MNIST, which cost
            small datasets half as much again.
        in_plane: whether its two features are points in the plane, so that decision boundaries can be drawn. Defaults to False.

    Raises:
        ValueError: for a value that cannot be.

    Example:

    ```python
    Dataset("Wine", num_classes=3, batch_size=32, target_accuracy=0.95, load=Held("load_wine", return_X_y=True), test_share=0.3)
    ```
    """

    label: str
    num_classes: int
    batch_size: int
    target_accuracy: float
    load: Callable
    test_share: float | None = None
    seeds: int = 10
    in_plane: bool = False

    def __post_init__(self):
        test_share = 0.5 if self.test_share is None else self.test_share
        if self.num_classes < 2 or self.batch_size < 1 or not 0 < self.target_accuracy <= 1 or not 0 < test_share < 1:
            raise ValueError(f"dataset {self.label}: classes >= 2, batch size >= 1, and shares between 0 and 1 are needed")

    @property
    def has_own_samples(self):
        """Whether each seed draws samples of its own, or a split of its own."""
        return self.test_share is not None

    @property
    def correction(self):
        """The number of test samples for each training sample where seeds draw random splits of one dataset, whose overlap makes their runs
        alike (see `common.stats`); 0 where they share nothing, or all."""
        return 0.0 if self.test_share is None or self.draws_anew else self.test_share / (1 - self.test_share)

    @property
    def draws_anew(self):
        """Whether each seed draws samples that no other has."""
        return getattr(self.load, "drawn", None) is not None


class Held:
    """The loader of samples that a function of `sklearn.datasets` holds, always the same.

    Args:
        function: its name.
        **arguments: its arguments.
    """

    def __init__(self, function, **arguments):
        self.function, self.arguments = function, arguments

    def __call__(self, *_):
        """The arrays."""
        return getattr(made, self.function)(**self.arguments)

    def found(self, *_):
        """See `Dataset`."""
        return f"{self.function} {self.arguments}", self


class Made(Held):
    """The loader of samples that a function of `sklearn.datasets` makes, for each seed anew; arguments as those of `Held`."""

    def __call__(self, *_):
        """The arrays of the seed 42, the report's."""
        return self.drawn(HELD)

    def drawn(self, seed):
        """The arrays of a seed."""
        return getattr(made, self.function)(**self.arguments, random_state=seed)


DATASETS = {  # the targets are a little below what the report's runs reach; 700 are all training points
    "fashion_mnist": Dataset("Fashion-MNIST", 10, 128, 0.85, FashionMnist(), seeds=5),
    "digits": Dataset("Digits", 10, 64, 0.95, Held("load_digits", return_X_y=True), 0.2),
    "moons": Dataset("Two moons", 2, 700, 0.90, Made("make_moons", n_samples=1000, noise=0.3), 0.3, in_plane=True),
    "circles": Dataset("Two circles", 2, 700, 0.80, Made("make_circles", n_samples=1000, noise=0.2, factor=0.5), 0.3, in_plane=True),
}
IN_PLANE = tuple(name for name, dataset in DATASETS.items() if dataset.in_plane)
NOT_IN_PLANE = tuple(name for name in DATASETS if name not in IN_PLANE)


def label(name):
    """The name of a dataset in titles; of one that has no record here, a table's of another version say, the name itself."""
    return DATASETS[name].label if name in DATASETS else name


def load(name, data_dir=None, download=False):
    """Training and test arrays of a dataset, those of the seed 42 where each seed draws its own.

    Args:
        name: a key of `DATASETS`: `"fashion_mnist"` (60,000 + 10,000 images of 28 x 28, scaled to [-1, 1], flattened), `"digits"`
            (scikit-learn's 1,797 images of 8 x 8, 80/20), `"moons"` (two moons, 1,000 points, noise 0.3, 70/30) or `"circles"` (two
            circles, 1,000 points, noise 0.2, factor 0.5, 70/30).
        data_dir: folder that holds Fashion-MNIST. Defaults to None: Keras's folder, then /kaggle/input.
        download: whether Keras may download Fashion-MNIST if it is nowhere. Defaults to False.

    Returns:
        `(x_train, y_train), (x_test, y_test)`; x float32 `(samples, features)`, y int32 `(samples,)`.

    Raises:
        BadInput: one line that names the folder, file or record, and says what to do.
        ValueError: for an unknown name.

    Example:

    ```python
    (x, y), (x_test, y_test) = load("digits")
    ```
    """
    return _checked(name, _record(name).load(data_dir, download))


def find(name, data_dir=None, download=False):
    """The `Data` of a dataset: size and fingerprint at once, from the user's cache where they are known, and the arrays when they are used.

    Args:
        name, data_dir, download: see `load`, also for defaults.

    Raises:
        BadInput, ValueError: as `load`, here or when the arrays are used.
    """
    dataset = _record(name)
    if not hasattr(dataset.load, "found"):
        return Data.of(_samples(name, dataset.load(data_dir, download)))
    identity, load_parts = dataset.load.found(data_dir, download)
    of_what = f"{dataset.num_classes} {dataset.test_share} {identity}"
    loaded = []  # if it had to be

    def measure():
        loaded.append(Data.of(_samples(name, load_parts())))
        return {"fingerprint": loaded[0].fingerprint, "num_samples": loaded[0].num_samples}

    def load_again():
        samples = _samples(name, load_parts())
        if Data.of(samples).fingerprint != known["fingerprint"]:
            remembered.forget("datasets", of_what)
            raise BadInput(
                f"dataset {name}: its arrays are not those of earlier calls, on which the cache relied: run the same command again"
            )
        return samples

    known = remembered.fact("datasets", of_what, measure)
    return loaded[0] if loaded else Data(known["fingerprint"], known["num_samples"], load_again)


def _record(name):
    if name not in DATASETS:
        raise ValueError(f"unknown dataset {name!r}: choose from {', '.join(DATASETS)}")
    return DATASETS[name]


def _samples(name, arrays):
    """The `Samples` of a dataset, of which a loader returned arrays."""
    dataset, fixed = DATASETS[name], _checked(name, arrays)
    if not dataset.has_own_samples:
        return Samples(fixed)
    return Samples(fixed, partial(_drawn, name, None if dataset.draws_anew else arrays))


def _drawn(name, arrays, seed):
    """The samples of a seed: a split of the arrays or, without any, of its own."""
    return _checked(name, DATASETS[name].load.drawn(seed) if arrays is None else arrays, seed)


def _checked(name, arrays, seed=HELD):
    """The arrays of a loader, checked against the dataset's record, split by a seed if they are one part, as float32 and int32."""
    dataset = DATASETS[name]
    parts = arrays if dataset.test_share is None else [arrays]
    for x, y in parts:
        x, y = np.asarray(x), np.asarray(y)
        fits = x.ndim == 2 and y.shape == x.shape[:1] and y.size and np.isin(y, range(dataset.num_classes)).all()
        if not fits or not np.isfinite(x).all():
            raise BadInput(
                f"dataset {name}: samples {x.shape}, labels {y.shape} do not fit its record, which needs finite (samples, features), "
                f"(samples,) and labels from 0 to {dataset.num_classes - 1}: correct it in common/data/datasets.py"
            )
    if dataset.test_share is not None:
        try:
            parts = _split(*arrays, dataset.test_share, seed)
        except ValueError as error:  # too few samples of a class
            raise BadInput(f"dataset {name}: cannot be split ({first_line(error)}): correct it in common/data/datasets.py") from None
    return tuple((np.asarray(x, np.float32), np.asarray(y, np.int32)) for x, y in parts)


def _split(x, y, test_share, seed):
    x_train, x_test, y_train, y_test = selection.train_test_split(x, y, test_size=test_share, random_state=seed, stratify=y)
    mean, std = x_train.mean(axis=0), x_train.std(axis=0)
    std[std == 0] = 1  # a pixel that is always blank
    return ((x_train - mean) / std, y_train), ((x_test - mean) / std, y_test)
