"""The routes of what is stored of a user."""

from gateway_backend.contracts.erasure.views import ErasureView, UserDataView
from ops.api_reference.problems import USER_PROBLEMS
from ops.api_reference.route import Route

USER_ROUTES = (
    Route(
        "GET",
        "/v1/me",
        "get_user_data",
        "How much is stored of the user, what they have consented to, and what they have had erased",
        responses={200: UserDataView},
        problems=USER_PROBLEMS,
    ),
    Route(
        "DELETE",
        "/v1/me",
        "erase_user_data",
        "Unlink every account and erase everything that is stored of the user; the records of consent and erasure stay",
        responses={202: ErasureView},
        problems=USER_PROBLEMS,
    ),
)
