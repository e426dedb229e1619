"""What is decided about frames, and from what: the rules that the nightly round and the backtest share.

Puts acquisition, triage and evaluation together. Knows no store, no model and no server: arrays and domain types in,
decisions out.
"""
