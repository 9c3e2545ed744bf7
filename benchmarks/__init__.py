"""Measurements: ratios against a named baseline of the same run, with the absolute figures beside them."""
