"""What a user can do through Gateway, and as whom (contract 1.6, 2.1, 2.3)."""

from enum import StrEnum


class Intent(StrEnum):
    HOLDINGS_IMPORT = "HOLDINGS_IMPORT"
    CONNECT = "CONNECT"
    TRANSACTION = "TRANSACTION"
    FETCH_FUNDS = "FETCH_FUNDS"
    AUTHORISE_HOLDINGS = "AUTHORISE_HOLDINGS"
    SIP_SETUP = "SIP_SETUP"
    IMR_SETUP = "IMR_SETUP"
    SUBSCRIPTION = "SUBSCRIPTION"
    MF_HOLDINGS_IMPORT = "MF_HOLDINGS_IMPORT"
    CANCEL_ORDER = "CANCEL_ORDER"
    CANCEL_AMO = "CANCEL_AMO"


SECURITIES, SMALLCASE_BUY = "SECURITIES", "BUY"
"""Types of a TRANSACTION that a guest may begin; every other one continues an investment."""

MOVES_MONEY = frozenset({Intent.TRANSACTION, Intent.CANCEL_ORDER, Intent.CANCEL_AMO})
BRINGS_HOLDINGS = frozenset({Intent.HOLDINGS_IMPORT, Intent.MF_HOLDINGS_IMPORT})

_NEEDS_ACCOUNT = frozenset(
    {Intent.FETCH_FUNDS, Intent.AUTHORISE_HOLDINGS, Intent.SIP_SETUP, Intent.IMR_SETUP, Intent.CANCEL_AMO}
)


def needs_account(intent: Intent, order_type: str | None = None) -> bool:
    """Must a linked account be named, because Gateway takes a connected token only?

    Where the contract is silent (SUBSCRIPTION) the app may do either and Gateway decides.
    """
    if intent is Intent.TRANSACTION:
        return order_type not in (SECURITIES, SMALLCASE_BUY)
    return intent in _NEEDS_ACCOUNT
