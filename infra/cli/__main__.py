"""`python -m infra.cli` is `nightshift`, for a project that is not installed."""

from infra.cli import main

if __name__ == "__main__":
    main()
