"""
What a WSGI server goes through in place of what the application returned, while a rule has its hands on the answer.
"""

from collections.abc import Iterable, Iterator
from typing import Any, Optional


class Body:
    """
    The pieces of an answer, each as the answer makes it of the application's.

    Args:
        answer: What becomes of each piece: `take`, `let_go` and `is_held` of `wsgi_answer.Answer`.
    """

    def __init__(self, answer: Any) -> None:
        self._answer = answer
        #: What the application returned.
        self.result: Iterable[bytes] = ()
        self._pieces: Optional[Iterator[bytes]] = None
        self._ready: Optional[bytes] = None
        self._failure: Optional[Exception] = None

    def begin(self) -> None:
        """
        The answer is begun: pieces were asked for until it was known how.
        """
        try:
            self._ready = self._advanced()
        except StopIteration:
            self._pieces = iter(())
        except Exception as error:
            # Raised where the server would have met it.
            self._failure = error
        except BaseException:
            self.close()
            raise

    def __iter__(self) -> Iterator[bytes]:
        return self

    def __next__(self) -> bytes:
        if self._ready is not None:
            ready, self._ready = self._ready, None
            return ready
        if self._failure is not None:
            failure, self._failure = self._failure, None
            raise failure
        return self._advanced()

    def _advanced(self) -> bytes:
        """
        The next bytes for the server.
        """
        if self._pieces is None:
            self._pieces = iter(self.result)
        while True:
            try:
                piece = next(self._pieces)
            except StopIteration:
                out: bytes = self._answer.take(b"", more=False)
                if out:
                    return out
                raise
            except Exception as error:
                held: bytes = self._answer.let_go()
                if not held:
                    raise
                self._failure = error
                return held
            out = self._answer.take(piece)
            if not self._answer.is_held:
                return out

    def close(self) -> None:
        """
        The application knows that nobody asks for more.
        """
        close = getattr(self.result, "close", None)
        if close is not None:
            close()
