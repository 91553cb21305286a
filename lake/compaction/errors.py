"""What ends a run, with the exit codes of sysexits.h."""

USAGE = 64
BAD_FILES = 65
UNREACHABLE = 69
LEDGER = 70
LOCAL = 74
ANOTHER_WAS_FIRST = 75
CONFIGURATION = 78


class CompactError(Exception):
    """Ends the run with `code`; the text says what to do."""

    def __init__(self, code: int, text: str) -> None:
        super().__init__(text)
        self.code = code
