"""Nightshift: label a team's camera frames overnight, ask people only where it pays."""

__version__ = "0.1.0"
