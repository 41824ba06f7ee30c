"""Small exchanges over HTTP, each with its own protocol; they share nothing with the product."""
