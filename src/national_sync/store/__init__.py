"""The city's database: tables, triggers, migrations, transactions and the lease."""
