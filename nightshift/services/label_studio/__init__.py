"""Label Studio, where people answer: its label interface, its queue, and what was said there.

Knows its REST API and its JSON; knows no store, no MLflow and no round beyond the number on a question.
"""
