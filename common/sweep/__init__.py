"""Many cells: in this process, in several, or on a cluster."""
