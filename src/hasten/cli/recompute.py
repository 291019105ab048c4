"""
hasten recompute: compute a verdict again, from the ledger alone.
"""

import sys

import click

from hasten.by_hand import NO_WORSE_RULE, harmless
from hasten.cli.chosen import tried_change
from hasten.cli.options import common
from hasten.cli.output import out, plain, say_json
from hasten.decide import decide
from hasten.record import history
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
    entries = Ledger(located(config).state_dir).read()
    # What `hasten verify` judged is no change of Hasten's own.
    recorded = history.verified(entries, change) or tried_change(entries, change)[1]
    found = again(recorded.trial)
    decision = decide(found.trial)
    if recorded.decision.rule == NO_WORSE_RULE:
        decision = harmless(found.trial, decision)
    same = decision.verdict is recorded.decision.verdict and not found.differs
    if as_json:
        say_json(
            {
                "change": recorded.trial.change,
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
