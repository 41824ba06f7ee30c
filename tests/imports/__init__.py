"""Tests of the import formats."""
