"""Speaking to smallcase Gateway: its API, its tokens, its checksums."""

import warnings

# The layer leaves out what guesses encodings for requests: Gateway's answers are read as bytes. requests warns of it.
warnings.filterwarnings("ignore", message="Unable to find acceptable character detection dependency")
