"""How fast the project is, as ratios against baselines run beside it: `python -m benchmarks`."""
