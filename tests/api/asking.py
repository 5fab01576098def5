"""Rules that tests of the API share: what is asked about, what is refused."""


def asks(severity):
    return f"""
[[rule]]
id = "own.ask"
decision = "ask"
severity = "{severity}"
reason = "The test asks."
program = ["seq"]
overrides = ["*"]
match = ["seq 3"]
no_match = ["ls"]
"""


DENIES = """
[[rule]]
id = "own.deny"
decision = "deny"
reason = "The test refuses."
program = ["numfmt"]
overrides = ["*"]
match = ["numfmt 12"]
no_match = ["ls"]
"""
