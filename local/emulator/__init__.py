"""The embedded AWS (ministack), and corrections for what it does differently from AWS.

`__main__` starts it, `streams` patches it inside its own process, and `gaps` completes a deployment through its API.
"""
