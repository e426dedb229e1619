"""How much is a frame worth asking about? Arrays in, one value per frame out, in expected corrections.

Knows numpy and scipy only: no model, no file, no server.
"""
