"""A smallcase Gateway that runs locally: its API, its webhooks and a simulated user.

It follows Gateway's public contract and never imports the backend that it tests, because otherwise both could
share a mistake without any test noticing.

Its packages, from the top down; every module imports from below only:

    app          the web application
    api          HTTP: Gateway's API, the control API, the demo app's identity provider
    services     all services, and how they are connected
    user         the simulated user in Gateway's screens
    exchange     what happens with orders
    webhooks     bodies, signature and sending of webhooks
    faults       the faults that wait for calls
    transactions transactions and their statuses
    orders       orders and their batches
    accounts     broker accounts, holdings and investments
    auth         tokens
    market       brokers, securities and trading hours
    scenario     what a test can tell the user and the exchange to do
    clock        the sandbox's time
    state        the SQLite file
    errors       the errors that the sandbox answers
    exact_json   JSON whose fractions keep their digits
    settings     the sandbox's name, secrets and addresses
"""
