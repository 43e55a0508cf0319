"""Fails while it is run."""

limits = {"low": 1}
print(limits["high"])
