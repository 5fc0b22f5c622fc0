"""The error of a test sample that all runs share."""

import numpy as np


def test_sample_variance(correct_a, correct_b):
    """The variance that a fixed test sample gives to the mean difference of two arms' accuracies, beyond what runs show by their spread.

    Seeds are crossed with images: each seed's two networks see every image. The difference of seed s on image i is taken apart into a part
    of the seed, one of the image, and a rest. The spread of the seeds' mean differences holds the first and the rest; the image's part, the
    same for all seeds, is what is added here: its variance, by the mean squares of a two-way layout without replication, over the number of
    images.

    Args:
        correct_a, correct_b: bool arrays `(seeds, images)`: the images that each final network got right.

    Returns:
        A float, not below 0. With one seed, image and rest cannot be told apart, and it holds both.

    Example:

    ```python
    judge(correct_a.mean(axis=1) - correct_b.mean(axis=1), test_variance=test_sample_variance(correct_a, correct_b))
    ```
    """
    # Sums of the integers -1, 0 and 1 are exact, and of 10,000 images quicker than with floats of 8 bytes.
    differences = np.asarray(correct_a, dtype=np.int8) - np.asarray(correct_b, dtype=np.int8)
    seeds, images = differences.shape
    total, of_images, of_seeds = differences.sum(), differences.sum(axis=0), differences.sum(axis=1)
    overall = total**2 / (seeds * images)
    between_images = np.square(of_images, dtype=np.float64).sum() / seeds - overall
    between_seeds = np.square(of_seeds, dtype=np.float64).sum() / images - overall
    rest = np.count_nonzero(differences) - overall - between_images - between_seeds
    mean_square = between_images / (images - 1)
    if seeds > 1:
        mean_square -= rest / ((seeds - 1) * (images - 1))
    return max(0.0, float(mean_square / (seeds * images)))
