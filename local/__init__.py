"""The whole backend on one machine: an embedded AWS that runs template.yaml, a sandbox Gateway and a reverse proxy.

`python -m local up` (or `make up`) builds with the real `sam build` and deploys with the real `sam deploy`.
Nothing in this package is deployed to AWS.
"""
