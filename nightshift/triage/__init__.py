"""The stoplight: which auto-labels are accepted, which frames are worth asking about, which are neither.

Knows numpy and scipy only.
"""
