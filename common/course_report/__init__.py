"""The course report that the scripts follow, as a plug-in: what it claims and asks, as data, and what becomes of that.

A script names one of its parts, `loss`, `activation` or `optimizer`, as `Experiment.report`. Nothing else of the project imports this
folder: without it, an experiment without a report runs as before.
"""
