"""The endpoint that Label Studio's webhook calls: an early round when the queue is finished.

`gate` says who may ring and how often, `app` is the door, `bell` waits for quiet, `early` asks and starts, `serve`
listens.
"""
