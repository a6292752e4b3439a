"""What `bench.parsing` measures: the work on one message of Gateway's, in our way and in the obvious one.

These modules run in a Python of their own, against the built artifacts: they import nothing else of this package.
`prepare_…` returns the function to measure.
"""
