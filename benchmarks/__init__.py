"""Measurements against peers and bare models. `make bench` runs all of them."""
