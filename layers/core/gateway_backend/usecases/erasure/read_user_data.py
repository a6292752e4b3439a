"""Read what is stored of a user, what they have consented to, and what they have had erased."""

from gateway_backend.domain.erasure.user_data import StoredAccount, UserData
from gateway_backend.usecases.contexts import UserDataContext


def read_user_data(user: str, context: UserDataContext) -> UserData:
    return UserData(
        accounts=[
            StoredAccount(
                connection, context.snapshots.dates(connection.id), webhooks=context.receipts.count(connection.id)
            )
            for connection in context.connections.all_of(user)
        ],
        transactions=list(context.transactions.every(user)),
        orders=context.batches.count(user),
        account_openings=context.account_openings.count(user),
        withdrawn=context.connections.consents_of(user),
        erasures=context.erasures.all_of(user),
    )
