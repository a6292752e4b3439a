"""`make simulate`: weeks of refreshing on a virtual clock, with the real planner, worker, flagger, client and store.

Only what is outside is made up: Gateway and the brokers behind it (world, network), SQS (queue) and DynamoDB
(bench.memory_table). What is stored is held against the brokers' truth at every write (witness).
"""

import os

# Nobody reads the logs and counters of millions of refreshes. Powertools looks once, when it is imported.
os.environ["POWERTOOLS_METRICS_DISABLED"] = "true"
os.environ["POWERTOOLS_METRICS_NAMESPACE"] = "simulation"
os.environ["POWERTOOLS_LOG_LEVEL"] = "CRITICAL"
