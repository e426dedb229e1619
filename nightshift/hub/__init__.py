"""Checkpoints of transformers, for whoever opens one: teachers, maskers, embedders, followers."""
