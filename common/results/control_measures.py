"""The measures of runs that the controls of Experiment C compare; `common.results.controlled` and `common.results.lines` compute them.

Imports nothing heavy, because the script begins with it.
"""

from common.experiment.measures import Measure, share

MEASURES = (
    Measure("accuracy_dip", "test accuracy lost at the lowest after the middle of training", "share", "linear", "not measured"),
    Measure("epochs_to_recover", "epochs from the middle of training until test accuracy is back", "epochs", "linear", "never"),
    Measure("loss_surge", "highest training loss of 5 epochs after the middle, over that at the middle", "times"),
    share("stopped_test_accuracy", "test accuracy at the sum of rates that decay spends", missing="not measured"),
    Measure("stopped_test_loss", "test loss at the sum of rates that decay spends", missing="not measured"),
    Measure("stopped_accuracy_gap", "training accuracy less test accuracy at that sum", "share", "linear", "not measured"),
    Measure("barrier", "rise of the training loss between SGD's end and this one", "decades", "linear", "not measured"),
    Measure("from_start", "distance of the end from the initial weights", "weight units", missing="not measured"),
)
