"""The pages: one HTML file per experiment, and their index."""
