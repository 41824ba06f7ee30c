"""The matrix of faults: what goes wrong (``matrix``), where (``places``), what must come of it."""
