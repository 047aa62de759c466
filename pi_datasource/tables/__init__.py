"""What can be read: one declaration each (`base` says what a table declares, `registry` holds them all)."""
