"""All that touches the disk: cells, states of trainings, tables, locks, and the record of their origin."""
