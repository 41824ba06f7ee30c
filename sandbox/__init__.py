"""Stand-in exchanges on loopback: a separate program that shares no code with the product."""
