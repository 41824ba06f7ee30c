"""Files for other programs: formats, and how they are written. Knows no database."""
