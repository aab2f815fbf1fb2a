"""The exchange of hours: accounts, merchants and their offers, redemptions, vouchers, settlement (clauses E1-E3)."""
