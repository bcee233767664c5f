"""How a verifier says what is wrong with the record."""


class Fault(Exception):
    """The record does not hold: `what` is wrong with the entry `seq`; 0 where there is none.

    `first` is smaller where the fault is in one of the entries from there to `seq`.
    """

    def __init__(self, seq: int, what: str, first: int | None = None) -> None:
        self.seq = seq
        self.first = seq if first is None else first
        place = f"Entry {seq}" if self.first == seq else f"Entries {self.first} to {seq}"
        super().__init__(f"{place}: {what}." if seq else f"No entry: {what}.")
