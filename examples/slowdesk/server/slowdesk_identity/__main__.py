"""Start the identity provider: `python -m slowdesk_identity --port 8081`."""

import argparse

import uvicorn

from slowdesk_identity.app import app


def main() -> None:
    parser = argparse.ArgumentParser(prog="slowdesk_identity", description="Slowdesk's identity provider.")
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=8081)
    arguments = parser.parse_args()
    uvicorn.run(app, host=arguments.host, port=arguments.port, log_level="warning")


if __name__ == "__main__":
    main()
