"""What teachers and students both need of Ultralytics: its silence, its weights, pictures in its squares.

Nothing is imported here: whoever opens no such network never imports Ultralytics. Its code is AGPL-3.0.
"""
