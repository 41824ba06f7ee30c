"""The places, each by its own figures."""
