"""Prints `local.build.layer_digest`, for `make build`."""

from local.build import layer_digest

if __name__ == "__main__":
    print(layer_digest())
