"""Whether the servers that a project names are there, allow what is needed, and behave.

Each check asks a real question of a real server and answers with findings; none of them leaves anything behind.
Knows nothing of how findings are shown.
"""
