"""Everything the sandbox is made of, put together in one place."""

import httpx

from sandbox.accounts import Accounts
from sandbox.clock import Clock
from sandbox.faults import Faults
from sandbox.oidc import KEY_KIND, Issuer
from sandbox.player import Player
from sandbox.postbacks import Postbacks
from sandbox.sender import Sender
from sandbox.settings import Settings
from sandbox.state import State
from sandbox.tokens import Tokens
from sandbox.transactions import Transactions


class World:
    def __init__(self, settings: Settings, state: State, client: httpx.AsyncClient) -> None:
        self.settings = settings
        self.state = state
        self.clock = Clock(state)
        self.tokens = Tokens(settings.secret, self.clock)
        self.issuer = Issuer(settings.issuer, settings.audience, state)
        self.accounts = Accounts(state, self.clock)
        self.transactions = Transactions(state, self.clock, self.tokens, settings.gateway_name)
        self.sender = Sender(state, self.clock, settings.webhook_url, client)
        self.postbacks = Postbacks(settings, state, self.clock, self.sender)
        self.player = Player(self.transactions, self.accounts, self.tokens, self.postbacks)
        self.faults = Faults(state)

    def reset(self) -> None:
        self.state.forget(except_kinds=[KEY_KIND])
        self.sender.forget()
