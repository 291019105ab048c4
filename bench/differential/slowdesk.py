"""
Slowdesk, the demo's application: FastAPI, SQLAlchemy and psycopg on a database of its own for each arm.

Every arm is told the same in the same order, so what is written is the same, too. Moments and random names differ
between two servers without any agent; they are masked in all arms.
"""
