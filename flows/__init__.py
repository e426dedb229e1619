"""One flow per file: which stages, in which order. No arithmetic."""
