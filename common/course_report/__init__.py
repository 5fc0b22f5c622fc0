"""What the course report claims, asks and prints. `values.csv` holds its numbers: see `common/reproduction.py`."""
