"""
Send text compressed to whoever takes it so, and compress what does not change once.

What it does: the agent answers with gzip (Brotli or Zstandard where the application's environment has them), as the
    client asked for it, says `Vary: Accept-Encoding`, weakens strong ETags, and keeps the compressed form of files.
When it helps: scripts, styles and large JSON travel uncompressed to visitors on a slow network.
What it changes: one rule of the policy, for the paths and content types of one page or one route. No code is touched.
How it goes back: the rule leaves the policy; a quarter of a second later every worker answers as before.
What could go wrong: compressing costs processor time, and beside text that an attacker chooses a secret can be guessed
    from sizes (BREACH). On loopback it gains nothing, so it is tried behind a network as slow as [browser] network: the
    effect is the time until the last byte. Time at the server is guarded, and so are the answers. Answers to
    a known user that hold a value of the request are left alone, and so is whatever is encoded, partial or sealed.
"""

from typing import Any

from hasten.application import App
from hasten.model import Change, Finding, Kind, Risk
from hasten.optimize import rules
from hasten.optimize.about import About
from hasten.optimize.quick_wins._compression import rule_for, says

about = About(
    title="Compress what travels",
    kind=Kind.POLICY,
    risk=Risk.R1,
    treats=("uncompressed_response",),
    improves=("http.client.request.duration",),
    needs=("the agent in the application: `agent = true` on its process, or hasten-run",),
    least_gain=0.05,
)

#: What the answers have on purpose that control's have not, for whoever compares them.
declares: dict[str, Any] = {
    "adds": {"content-encoding": ["gzip", "br", "zstd"], "vary": ["accept-encoding"]},
    # A strong ETag names bytes, and these are other bytes; of coded bytes no range can be asked for.
    "may_differ": ["header:etag", "header:accept-ranges"],
}


def propose(finding: Finding, app: App) -> list[Change]:
    """
    One rule for the page or the route, where the application runs with the agent in it.
    """
    rule = rule_for(finding, app) if rules.has_agent(app) else None
    return rules.proposed("quick_wins.compression", rule, says(rule), finding, app) if rule else []


# All that a rule needs, whatever it does.
apply, revert, is_applied = rules.put, rules.take_out, rules.is_obeyed
has_remains, by_hand = rules.has_remains, rules.by_hand
