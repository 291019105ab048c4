"""What people write."""

import random

_SENTENCES = (
    "I ordered two weeks ago and nothing has arrived yet.",
    "The invoice shows a different amount than the offer.",
    "After the last update the export stops at 80 percent.",
    "Could you please tell me when this will be fixed?",
    "I have attached the screenshot that your colleague asked for.",
    "We tried it on three machines with the same result.",
    "My colleague can sign in, I cannot.",
    "Please cancel the second position and refund the amount.",
    "The tracking page says delivered, but the parcel is not here.",
    "Thank you for the quick answer, that helped a lot.",
    "We need the contract in English for our auditors.",
    "Since Monday the page has been very slow for all of us.",
    "I would like to upgrade to the business plan next month.",
    "The password reset mail never arrives, not even in the spam folder.",
    "Is there a way to import our old tickets?",
    "Our VAT number is missing on the last three invoices.",
    "The box was open and one of the lamps is broken.",
    "Please call me back, I am at my desk until five.",
    "The API answers with an error since this morning.",
    "I have forwarded this to our technical team.",
    "We have sent you a replacement today.",
    "Could you send us the order number, please?",
    "I have corrected the invoice, you will get it by mail.",
    "Please try again with the new version and let us know.",
    "We are sorry for the trouble and have added a month for free.",
    "The amount will be on your account within five days.",
)
_SUBJECTS = (
    "Parcel not delivered", "Wrong amount on invoice {n}", "Export stops", "Cannot sign in", "Refund for order {n}",
    "Upgrade to business", "Password reset mail does not arrive", "VAT number missing", "Damaged delivery {n}",
    "Slow since Monday", "Contract in English", "API error {n}", "Import of old tickets", "Question about plan {n}",
    "Cancel order {n}", "Change of address", "Discount for order {n}", "Double payment", "Call me back",
    "Feature request {n}",
)  # fmt: skip
TOPICS = (
    "delivery", "billing", "login", "export", "import", "refund", "performance", "contract", "api", "upgrade",
    "address", "feature",
)  # fmt: skip


def bodies(name: str, count: int, sentences: tuple[int, int]) -> list[str]:
    """A stock of texts to draw from, escaped for COPY."""
    rng = random.Random(f"slowdesk {name}")
    stock = []
    for _ in range(count):
        said = rng.choices(_SENTENCES, k=rng.randint(*sentences))
        greeting = rng.choice(("Hello,", "Good morning,", "Hi there,", "Dear team,"))
        stock.append(f"{greeting}\\n\\n{' '.join(said)}\\n\\nKind regards")
    return stock


def subjects(count: int) -> list[str]:
    rng = random.Random("slowdesk subjects")
    return [rng.choice(_SUBJECTS).format(n=rng.randrange(10_000, 99_999)) for _ in range(count)]
