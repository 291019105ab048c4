"""
Who asks what of which arm, and what comes back: the answer as it was on the wire.
"""

from collections.abc import Callable

from hasten.model import Noun
from hasten.world.load.plan import LoadRequest

#: The arms: the application as it is, the same once more (what differs between the two is noise), and with the change.
CONTROL = "control"
CONTROL_AGAIN = "control_again"
CANDIDATE = "candidate"
ARMS = (CONTROL, CONTROL_AGAIN, CANDIDATE)

#: The status of an answer that did not come.
NO_ANSWER = 0


class Answer(Noun, frozen=True, kw_only=True):
    """
    One answer, byte by byte as it came, and who had asked for what.

    headers: every line by itself, in the order of the wire; names in lower case.
    body: not decoded, neither Content-Encoding nor charset.
    status: NO_ANSWER where the arm did not answer in time.
    """

    status: int
    headers: list[tuple[str, str]] = []
    body: bytes = b""
    principal: str = "anonymous"
    method: str = "GET"
    path: str = "/"

    @property
    def is_error(self) -> bool:
        """
        Whether it says that something went wrong, or nothing at all.
        """
        return self.status == NO_ANSWER or self.status >= 400

    def header(self, name: str) -> str:
        """
        All lines of a header as one, as RFC 9110 joins them; "" where there is none.
        """
        return ", ".join(value for key, value in self.headers if key.lower() == name)

    def lines(self, name: str) -> list[str]:
        """
        Every line of a header.
        """
        return [value for key, value in self.headers if key.lower() == name]


#: Asks one arm, as the request's principal, and gives the answer whatever its status; redirects are not followed.
#: It may be called from several threads at once.
Ask = Callable[[str, LoadRequest], Answer]
