"""
The page of one trial: every pair in a plot, the looks with their repeated intervals, the guards, the decision.
"""

from pathlib import Path

import jinja2

from hasten import __version__
from hasten.quantities import amount
from hasten.record.history import ChangeState, Tried
from hasten.web import plots


def write_explanation(state: ChangeState, tried: Tried, path: Path, name: str) -> None:
    """
    The page is at `path`, wholly new or as it was before.
    """
    temporary = path.with_suffix(".html.new")
    temporary.write_text(render_explanation(state, tried, name), encoding="utf-8")
    temporary.replace(path)


def render_explanation(state: ChangeState, tried: Tried, name: str) -> str:
    """
    The page as text, without any outside reference.
    """
    environment = jinja2.Environment(
        loader=jinja2.PackageLoader("hasten.web", "templates"),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    return environment.get_template("explanation.html.j2").render(
        name=name,
        amount=amount,
        version=__version__,
        change=state.change,
        what=str(state.change.after.get("create") or state.change.after),
        step=state.step,
        trial=tried.trial,
        decision=tried.decision,
        plot=plots.blocks(tried.trial),
        noise_plot=plots.noise(tried.trial),
    )
