"""The export formats, a module each; a new module here is a new format."""
