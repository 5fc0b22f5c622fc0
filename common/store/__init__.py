"""All that touches the disk: cells, states of trainings, tables, locks, and what produced them."""
