"""A mean, by Student's t."""

import numpy as np
from scipy.special import nctdtr, stdtr, stdtrit

from common.stats.judged import Judged

FAR = 30.0  # standard errors from the margin, from where on a test is taken to reject: the noncentral t's series do not end well there


class Student(Judged):
    """The mean of finite effects. Its squared standard error is (1 / n + correction) s² + test_variance; where the last is not 0, the
    degrees of freedom are Satterthwaite's (1946), with infinitely many for the test sample's part.

    Example:

    ```python
    Student(np.array([1.0, 2.0, 3.0])).interval()  # (-0.48, 4.48)
    ```
    """

    method = "Student"

    @property
    def estimate(self):
        return float(self.effects.mean())

    def _interval(self, confidence):
        half = self._half_width(confidence)
        return self.estimate - half, self.estimate + half

    def _p_value(self, margin, direction):
        error, freedom = self._error(self.n)
        return stdtr(freedom, -direction * self._distance(margin, error))

    def _power(self, n, margin, direction, alpha):
        error, freedom = self._error(n)
        distance = direction * self._distance(margin, error)
        beyond = 1 - nctdtr(freedom, np.clip(distance, 0, FAR), stdtrit(freedom, 1 - alpha))
        return np.where(distance > 0, np.where(distance < FAR, beyond, 1.0), 0.0)

    def _half_width(self, confidence):
        error, freedom = self._error(self.n)
        return stdtrit(freedom, (1 + confidence) / 2) * error

    def _distance(self, margin, error):
        """The standard errors that the estimate lies above the margin."""
        return (self.estimate - margin) / error

    def _error(self, n):
        """The standard error that n effects of this spread have, and its degrees of freedom."""
        of_runs = (1 / n + self.correction) * self.effects.var(ddof=1)
        squared = of_runs + self.test_variance
        return np.sqrt(squared), (n - 1) * (squared / of_runs) ** 2
