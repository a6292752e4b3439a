"""The composition root: the one place that knows how the collaborators of the use cases are made.

A handler gets its collaborators when it is imported, which is when a worker starts. Each is made once a worker, and
imported where it is made, so that a cold start pays for nothing that its function does not use.

What belongs to one request or message (its time, its share of Gateway's patience) comes in a context. A function of
`contexts` that ends in `_contexts` makes the collaborators at once and gives a function that makes one context after
the other.
"""
