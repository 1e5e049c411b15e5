"""The one kind of error that a user can cause."""


class UserError(Exception):
    """A mistake of the user. Its message, one line, says what is wrong and what to do; the exit code is 2."""
