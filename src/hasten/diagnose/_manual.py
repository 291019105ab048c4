"""
docs/findings.md, from the docstrings of the symptoms: `python -m hasten.diagnose._manual > docs/findings.md`.
"""

import re
import sys

from hasten.diagnose import Symptom, catalogue

HEADINGS = ("What it means", "Why it costs", "How it is found", "Minimum support", "What could be wrong")
PHASES = {1: "Quick wins", 2: "Database", 3: "Front end", 4: "Back end", 5: "Infrastructure"}

_OPENING = """\
# Findings

`hasten diagnose` looks for these symptoms in what `hasten baseline` measured, and ranks them by what they cost:
**seconds per day = how often a day × the time that could be avoided each time**. Every finding carries the numbers it
was made of (`hasten diagnose --json`), so it can be checked by hand.

- **How often a day.** `[traffic] requests_per_day`, or what the recording says, shared out over the routes. A statement
  is called as many times a day as it was called in the window × requests per day ÷ requests in the window. A page is
  loaded as often as the recording says; if it only knows the API, at most as often as the rarest of the requests that
  one load of the page makes.
- **Time that could be avoided** comes from measured times and sizes; what it rests on is said below, one by one.
- **Costs rank, they do not add up.** A slow statement and the index that it misses are about the same seconds.
- **From inside.** Where the application runs with the agent (`agent = true` on its process), a bounded sample of the
  load's requests is followed: statements, calls to others, waits, with the code that makes them. Values are known by
  keyed hashes only, which tell whether two of one worker are equal.
- **Silence is told.** What was not measured is named ("not everything can be said of …"), never read as healthy.
  Below the minimum support a symptom stays silent.

To accept a finding, say so with a reason in `hasten.toml`; it is then listed as ignored, and as stale once it matches
nothing any more:

```toml
[[ignore]]
symptom = "unused_index"
where = "messages *"      # optional, a pattern over the place: a route, a table with its columns, a query id, a page
reason = "the yearly report needs it"
```

The symptoms, from the files in `src/hasten/diagnose/`. This page is made from them; to change it, change them.
"""


def manual() -> str:
    """
    The whole page, in Markdown.
    """
    symptoms = sorted(catalogue().values(), key=lambda each: (each.about.phase, each.about.symptom))
    parts = [_OPENING]
    for phase, title in PHASES.items():
        pages = [_page(each) for each in symptoms if each.about.phase == phase]
        if pages:
            parts += [f"## {title}\n", *pages]
    return "\n".join(parts)


def _page(symptom: Symptom) -> str:
    about, text = symptom.about, symptom.__doc__ or ""
    opening, sections = text.strip().split("\n\n", 1)
    places = [sections.index(f"{heading}: ") for heading in HEADINGS] + [len(sections)]
    lines = [f"### {about.symptom}\n", f"{_flat(opening)}\n"]
    for heading, begin, end in zip(HEADINGS, places, places[1:], strict=False):
        lines.append(f"- **{heading}.** {_sentence(sections[begin + len(heading) + 2 : end])}")
    least = ", ".join(f"`{name}` {value:,.10g}" for name, value in about.minimum.items())
    lines.append(f"- **In numbers.** {least}")
    lines.append(f"- **Treated by.** {', '.join(f'`{name}`' for name in about.treated_by)}")
    lines.append(f'- **To ignore it.** `symptom = "{about.symptom}"`, `where` is {about.place}\n')
    return "\n".join(lines)


def _sentence(text: str) -> str:
    flat = _flat(text)
    return flat[:1].upper() + flat[1:]


def _flat(text: str) -> str:
    return re.sub(r"\s+", " ", text).strip()


if __name__ == "__main__":
    sys.stdout.write(manual())
