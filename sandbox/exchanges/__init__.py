"""The exchanges: each speaks its own wire protocol over the generated accounts."""
