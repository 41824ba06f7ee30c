"""The places, a module each; a new module here is a new place."""
