"""The parts that the monitors share: base classes, the probe, layers and weights, the loss and its derivatives."""
