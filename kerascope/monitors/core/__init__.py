"""What the monitors share: when they measure, on what, and how a measurement becomes one graph."""
