"""The whole backend on one machine: template.yaml on an embedded AWS, a sandbox Gateway and a front door.

`python -m local up` (or `make up`) builds with the real `sam build` and deploys with the real `sam deploy`.
Nothing here is part of what is deployed.
"""
