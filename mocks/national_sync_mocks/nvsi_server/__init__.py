"""A mock of the national volunteer service information system: own tables, own rules, a real socket.

It shares nothing with the program under test, so that agreement between the two means something. The
document to which it keeps is `docs/national-api/openapi.yaml`.
"""
