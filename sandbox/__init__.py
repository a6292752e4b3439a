"""An offline smallcase Gateway: the API, its webhooks and a user who can be told what to do.

It is an independent reading of Gateway's public contract and never imports the backend it is there to test:
else both sides would share one mistake.
"""
