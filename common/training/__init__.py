"""The training of one cell, wherever it takes place."""
