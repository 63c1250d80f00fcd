"""The ledger without PostgreSQL: every statement of this room as a function over tables in memory.

What decides in Python runs as it is, above `MemoryPool`; only the statements are doubled. One suite holds
both against each other (tests/ledger/test_memory.py). Transactions run one after the other: what concurrent
statements do to each other, PostgreSQL alone can show.
"""
