"""`make demo`: the whole loop on this machine, with simulated people answering through the real Label Studio."""
