"""Files that people bring: formats, and the events they tell of. Knows no database."""
