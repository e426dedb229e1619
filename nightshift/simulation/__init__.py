"""People and factories that are not real, for demos, tests and backtests; they always say so."""
