"""Plain types and rules. Knows numpy; knows no framework, no server and no file."""
