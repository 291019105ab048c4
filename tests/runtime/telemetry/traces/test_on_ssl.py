"""
TLS contexts.
"""

import ssl

import pytest

from hasten_runtime.telemetry.traces import on_ssl
from hasten_runtime.telemetry.traces.trace import Trace


def test_making_a_context_is_a_step(of: Trace, monkeypatch: pytest.MonkeyPatch) -> None:
    """
    Whoever makes it; a function that somebody else has put in its place stays there.
    """
    monkeypatch.setattr(ssl, "create_default_context", ssl.create_default_context)
    monkeypatch.setattr(ssl, "_create_default_https_context", ssl._create_default_https_context)
    on_ssl.hook(ssl)

    assert isinstance(ssl.create_default_context(), ssl.SSLContext)
    assert isinstance(ssl._create_default_https_context(), ssl.SSLContext)
    assert [("client", "ssl")] * 2 == [(each[0], each[3]) for each in of.steps]
    monkeypatch.setattr(ssl, "_create_default_https_context", ssl._create_unverified_context)
    on_ssl.hook(ssl)
    assert ssl._create_unverified_context is ssl._create_default_https_context
