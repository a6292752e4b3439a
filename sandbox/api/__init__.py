"""The HTTP interface: Gateway's API for partners, the control API, and the demo app's identity provider."""
