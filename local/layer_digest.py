"""`python -m local.layer_digest`: print the layer's digest for `make build`."""

from local.build import layer_digest

if __name__ == "__main__":
    print(layer_digest())
