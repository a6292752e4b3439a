"""`make simulate`: weeks of refreshing on a virtual clock, with the real planner, worker, flagger, client and store.

Only what is outside is made up: Gateway and the brokers behind it (world, network), SQS (queue) and DynamoDB
(testing.memory_table). What is stored is held against the brokers' truth at every write (witness).
"""
