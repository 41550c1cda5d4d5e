"""What the user is told where a file can't be read right, and what to write instead."""


class Refusal(Exception):
    """message: what is wrong, with the value; hint: the words to write"""

    def __init__(self, message, hint=None):
        super().__init__(message)
        self.hint = hint
