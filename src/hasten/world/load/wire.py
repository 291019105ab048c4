"""
The bytes of each request, made once.
"""

from urllib.parse import urlsplit

from hasten.world.load.plan import LoadPlan, LoadRequest

#: What a browser says it takes, unless the recorded request says otherwise.
DEFAULT_HEADERS = {"accept": "*/*", "accept-encoding": "gzip, deflate, br", "user-agent": "hasten"}


class Wire:
    """
    Request number → bytes, and the routes they are counted under.
    """

    def __init__(self, plan: LoadPlan) -> None:
        split = urlsplit(plan.base_url)
        self._plan = plan
        self._prefix = split.path.rstrip("/")
        self._host = split.netloc.rpartition("@")[2]
        self.routes: list[str] = []
        self.methods: list[str] = []
        self.route_of: list[int] = []
        known: dict[str, int] = {}
        for request in plan.requests:
            if request.name not in known:
                known[request.name] = len(self.routes)
                self.routes.append(request.name)
                self.methods.append(request.method)
            self.route_of.append(known[request.name])
        self._bytes = [(self._build(request), request.method == "HEAD") for request in plan.requests]
        self._credentials = dict(plan.credentials)

    def of(self, number: int) -> tuple[bytes, bool]:
        """
        The bytes of a request, and whether it is a HEAD.
        """
        return self._bytes[number]

    def renew(self, principal: str, headers: dict[str, str]) -> None:
        """
        The requests of a principal carry new credentials.
        """
        self._plan.credentials[principal] = headers
        for number, request in enumerate(self._plan.requests):
            if request.principal == principal:
                self._bytes[number] = (self._build(request), request.method == "HEAD")

    def _build(self, request: LoadRequest) -> bytes:
        headers = {"host": self._host, **DEFAULT_HEADERS}
        for more in (request.headers, self._plan.credentials.get(request.principal, {})):
            headers.update({name.lower(): value for name, value in more.items()})
        if request.body or request.method in ("POST", "PUT", "PATCH"):
            headers["content-length"] = str(len(request.body))
        lines = [f"{request.method} {self._prefix}{request.path} HTTP/1.1"]
        lines += [f"{name}: {value}" for name, value in headers.items()]
        return "\r\n".join([*lines, "", ""]).encode("latin-1", "replace") + request.body
