"""Tests of the floor of the same name."""
