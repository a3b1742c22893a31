"""The two ways a proof can fail."""


class Malformed(Exception):
    """The bytes are not a circuit file or not a proof file for this circuit."""


class Refused(Exception):
    """The proof is well-formed, but it does not prove its statement."""
