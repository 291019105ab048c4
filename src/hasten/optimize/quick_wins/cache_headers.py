"""
Let browsers keep what they got, and tell them in a few bytes that it has not changed.

What it does: the agent gives answers an ETag that have none, says `304 Not Modified` to whoever has that answer, and
    says in Cache-Control how it may be kept: files with a digest in their name for good, pictures for five minutes,
    everything else is asked for again before it is shown.
When it helps: visitors who come back, and pages that ask their API for the same data again, fetch every byte anew.
What it changes: one rule of the policy, for the paths of one page or one route. No code is touched, and an answer that
    says something of how it may be kept keeps its own word.
How it goes back: the rule leaves the policy; a quarter of a second later every worker answers as before. What a browser
    was told to keep it keeps: pictures for five minutes, and files with a digest in their name for as long as it likes.
What could go wrong: a picture that is replaced under its name is seen up to five minutes later. A shared cache must not
    keep what is one user's: everything is `private` unless nothing in the request could tell who asks, and answers that
    set a cookie are left alone. A first visit gains nothing and waits until an answer is whole, so it is timed apart
    from a second one. The application computes each answer as before: only its way to the visitor is saved.
"""

from typing import Any

from hasten.application import App
from hasten.model import Change, Finding, Kind, Risk
from hasten.optimize import rules
from hasten.optimize.about import About
from hasten.optimize.quick_wins._cache_headers import SHORT_S, rule_for, says

about = About(
    title="Let browsers keep what they have",
    kind=Kind.POLICY,
    risk=Risk.R1,
    treats=("missing_cache_headers",),
    improves=("http.client.request.duration",),
    needs=("the agent in the application: `agent = true` on its process, or hasten-run",),
    least_gain=0.05,
)

#: What the answers have on purpose that control's have not, for whoever compares them.
declares: dict[str, Any] = {
    "adds": {
        "etag": ["*"],
        "cache-control": ["private", "no-cache", "immutable", "max-age=31536000", f"max-age={SHORT_S}"],
    }
}


def propose(finding: Finding, app: App) -> list[Change]:
    """
    One rule for the page or the route, where the application runs with the agent in it.
    """
    rule = rule_for(finding, app) if rules.has_agent(app) else None
    return rules.proposed("quick_wins.cache_headers", rule, says(rule), finding, app) if rule else []


# All that a rule needs, whatever it does.
apply, revert, is_applied = rules.put, rules.take_out, rules.is_obeyed
has_remains, by_hand = rules.has_remains, rules.by_hand
