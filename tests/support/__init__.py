"""Helpers of several tests: oracles written by hand, small trainings, made-up files, scripts in processes of their own."""
