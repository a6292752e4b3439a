"""The route table: what every route of template.yaml takes, responds with, and can refuse.

docs/openapi.json is generated from it, and tests compare it with the template and with the functions. It is not
deployed.
"""

from ops.api_reference.connection_routes import CONNECTION_ROUTES, WEBHOOK_ROUTES
from ops.api_reference.transaction_routes import TRANSACTION_ROUTES
from ops.api_reference.user_routes import USER_ROUTES

ROUTES = (*TRANSACTION_ROUTES, *CONNECTION_ROUTES, *USER_ROUTES, *WEBHOOK_ROUTES)
