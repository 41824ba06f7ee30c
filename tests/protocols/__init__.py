"""Small exchanges over HTTP, each with a protocol of its own; they share nothing with the product."""
