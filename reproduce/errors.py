"""The one kind of error that a user can cause."""


class UserError(Exception):
    """A mistake of the user's: one line that says what is wrong and what to do; exit code 2."""
