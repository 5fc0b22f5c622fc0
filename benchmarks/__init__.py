"""The speed and memory of the project, as ratios against baselines run beside it: `python -m benchmarks`."""
