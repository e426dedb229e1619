"""One stage of a round per file: read from the store, call nightshift, write to the store."""
