"""
hasten recompute: compute a verdict again, from the ledger alone.
"""

import sys

import click

from hasten.cli.chosen import tried_change
from hasten.cli.options import common
from hasten.cli.output import out, plain, say_json
from hasten.decide import decide
from hasten.record.ledger import Ledger
from hasten.session import located
from hasten.verify.recompute import again


@click.command()
@click.argument("change", metavar="CHANGE")
@common
def command(change: str, config: str | None, as_json: bool) -> None:
    """
    Compute the verdict on CHANGE again from the blocks, weights and seed in the ledger.

    Exit code 1 where another one comes out. Nothing but the ledger is read.
    """
    state, recorded = tried_change(Ledger(located(config).state_dir).read(), change)
    found = again(recorded.trial)
    decision = decide(found.trial)
    same = decision.verdict is recorded.decision.verdict and not found.differs
    if as_json:
        say_json(
            {
                "change": state.change.id,
                "same": same,
                "recorded": recorded.decision,
                "recomputed": decision,
                "differs": found.differs,
                "pairs": len(recorded.trial.blocks),
                "seed": recorded.trial.seed,
            }
        )
    else:
        mark = "[green]✓[/] the same" if same else "[bold red]✗ another one[/]"
        out.print(f"{mark}: {decision.verdict} from {len(recorded.trial.blocks)} pairs, seed {recorded.trial.seed}")
        out.print(plain(decision.reason), soft_wrap=True)
        if not same:
            out.print(f"recorded: {recorded.decision.verdict}: {plain(recorded.decision.reason)}", soft_wrap=True)
            out.print(f"differs in: {plain(', '.join(found.differs) or 'the verdict alone')}", soft_wrap=True)
    if not same:
        sys.exit(1)
