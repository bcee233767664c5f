"""Why something cannot be said or taken: anticipated, told to the person."""


class Refused(Exception):
    """Nothing was kept. `is_forbidden`: it is this person who may not, whatever they write."""

    def __init__(self, message: str, *, is_forbidden: bool = False) -> None:
        super().__init__(message)
        self.is_forbidden = is_forbidden
