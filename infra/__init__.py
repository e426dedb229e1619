"""Everything that operates Nightshift: the command line, the local stack, the demo."""
