"""How much is a frame worth asking about? Arrays in, one value per frame out, in expected corrections.

Knows numpy only: no model, no file, no server.
"""
