"""The gradient of MSE on softmax outputs is the derivative of the loss, and the report's formula is not, by so much as is said."""

import numpy as np
import pytest

from common.course_report import formula


def softmax(z):
    p = np.exp(z - z.max(axis=-1, keepdims=True))
    return p / p.sum(axis=-1, keepdims=True)


def numeric(z, y, step=1e-6):
    """Central differences of the loss of each sample by each logit."""
    moved = [((softmax(z + step * way * np.eye(z.shape[-1])[:, None]) - y) ** 2).mean(axis=-1) for way in (1, -1)]
    return ((moved[0] - moved[1]) / (2 * step)).T


def test_the_gradient_is_the_derivative_of_the_loss():
    random = np.random.default_rng(0)
    z, y = random.normal(size=(20, 5)), np.eye(5)[random.integers(0, 5, 20)]
    np.testing.assert_allclose(formula.gradient(softmax(z), y), numeric(z, y), atol=1e-9)


def test_of_two_classes_the_formula_is_half_of_the_gradient_and_of_equal_ones_all_but_one_kth():
    random = np.random.default_rng(1)
    p, y = softmax(random.normal(size=(30, 2))), np.eye(2)[random.integers(0, 2, 30)]
    np.testing.assert_allclose(formula.of_the_report(p, y), formula.gradient(p, y) / 2)
    p, y = np.full((3, 10), 0.1), np.eye(10)[:3]
    np.testing.assert_allclose(formula.of_the_report(p, y), 0.9 * formula.gradient(p, y))


def test_its_error_is_the_median_over_the_samples_of_each_run_at_each_stage():
    random = np.random.default_rng(2)
    logits, labels = random.normal(0, 3, (2, 3, 11, 4)), random.integers(0, 4, (3, 11))
    logits[1, 2] = np.nan
    found = formula.compare({"epochs": np.array([0, 9]), "labels": labels, "logits": logits})
    assert found["epoch"].tolist() == [0, 0, 0, 9, 9, 9] and np.isnan(found.loc[5, ["norm_ratio", "cosine"]].to_numpy(float)).all()
    for stage, run in ((0, 0), (0, 2), (1, 1)):
        ratios, cosines = [], []
        for z, k in zip(logits[stage, run], labels[run], strict=True):
            p, y = softmax(z), np.eye(4)[k]
            true, theirs = numeric(z[None], y[None])[0], 2 / 4 * (p - y) * p * (1 - p)
            ratios.append(np.linalg.norm(theirs) / np.linalg.norm(true))
            cosines.append(theirs @ true / np.linalg.norm(theirs) / np.linalg.norm(true))
        row = found.iloc[3 * stage + run]
        assert (row["norm_ratio"], row["cosine"]) == pytest.approx((np.median(ratios), np.median(cosines)), rel=1e-4)
