"""From cells' tables to the experiment's, and to text."""
