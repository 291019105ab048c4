"""
Texts that are nobody's secret: words, small numbers, dates, and the few ways in which programs put them together.

It is the other way round than looking for secrets: what is not known to be harmless is not. Random text is told from
words by what words have (few changes of case, vowels, no long runs), and a number that is long enough to be that of a
telephone, a card or a person is none of ours.
"""

import re

from hasten_runtime.recorder.vocabulary import KNOWN, PAIRS

LONGEST = 64
#: A date without separators has eight digits, and so has an id below 100 million; a social security number has nine.
MOST_DIGITS = 8
#: Two numbers together: a range, a price. A telephone number without its prefix has seven digits.
MOST_DIGITS_APART = 6
MOST_PIECES = 8
#: Items of a list that is separated by commas.
MOST_ITEMS = 50

_SEPARATORS = re.compile(r"[-_.~: ]")
_NUMBER = re.compile(r"[0-9]{1,8}\Z")
_PRICE = re.compile(r"-?[0-9]{1,6}\.[0-9]{1,2}\Z")
_VERSION = re.compile(r"v?[0-9]{1,2}(?:\.[0-9]{1,2}){0,2}\Z")
#: A point between digits: a place on the earth, an address of a network.
_PARTS_OF_ONE = re.compile(r"[0-9]\.[0-9]")
_DATE = re.compile(
    r"[0-9]{4}-[01][0-9](?:-[0-3][0-9]"
    r"(?:[T ][0-2][0-9]:[0-5][0-9](?::[0-5][0-9](?:\.[0-9]{1,3})?)?(?:Z|[+-][0-2][0-9]:?[0-5][0-9])?)?)?\Z"
)
_CASES = re.compile(r"(?:[a-z]{1,20}|[A-Z]{1,8}|[A-Z]?[a-z]+(?:[A-Z][a-z]+){0,3})\Z")
_HUMP = re.compile(r"[A-Z]?[a-z]+|[A-Z]+")
_WORD_AND_NUMBER = re.compile(r"([A-Za-z]+)[0-9]{1,3}\Z")
_NUMBER_AND_WORD = re.compile(r"[0-9]{1,3}[a-z]{1,3}\Z")
_THREE_ALIKE = re.compile(r"(.)\1\1")
_CONSONANTS = re.compile(r"[bcdfghjklmnpqrstvwxz]{6}")
_VOWELS = re.compile(r"[aeiouy]")
_HEX = re.compile(r"[a-f]{8,}\Z")
#: Vowels that hardly any word has beside each other, and a q without its u.
_ODD = re.compile(r"aa|ii|uu|yy|[aeiouy]{4}|q(?!u)")
_TWO_CONSONANTS = re.compile(r"(?=([bcdfghjklmnpqrstvwxz]{2}))")
_LOCALE = re.compile(r"[a-z]{2}-[A-Z]{2}\Z")
_UUID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}\Z", re.IGNORECASE)


def is_harmless(text: str) -> bool:
    """
    Whether the text is a word, a number, a date, a slug or a list of them, and so says nothing that is secret.
    """
    items = text.split(",")
    return len(text) <= 1_000 and len(items) <= MOST_ITEMS and all(map(_is_item, items))


def is_number(text: str) -> bool:
    """
    Whether the text is a number that is no telephone's, card's or person's.
    """
    return _NUMBER.match(text) is not None


def is_uuid(text: str) -> bool:
    """
    Whether the text is an identifier that is as good as a password where somebody uses it as one.
    """
    return _UUID.match(text) is not None


def is_word(text: str) -> bool:
    """
    Whether the text could be a word, or a few of them in camelCase.
    """
    if len(text) > 20 or not _CASES.match(text):
        return False
    humps = _HUMP.findall(text)
    if len(humps) > 1 and (len(text) < 3 * len(humps) or any(len(each) < 2 for each in humps)):
        return False
    small = text.lower()
    if small in KNOWN:
        return True
    if len(small) > 4 and (_ODD.search(small) or not all(each in PAIRS for each in _TWO_CONSONANTS.findall(small))):
        return False
    if _THREE_ALIKE.search(small) or _CONSONANTS.search(small) or _HEX.match(small):
        return False
    if any(len(each) > 3 and not _VOWELS.search(each.lower()) for each in humps if len(humps) > 1):
        return False
    return len(small) < 8 or len(_VOWELS.findall(small)) * 6 >= len(small)


def _is_item(text: str) -> bool:
    if not text or len(text) > LONGEST or not text.isascii():
        return False
    if _DATE.match(text) or _PRICE.match(text) or _VERSION.match(text) or _LOCALE.match(text):
        return True
    if _PARTS_OF_ONE.search(text):
        return False
    # One sign in front says the direction of an order.
    pieces = _SEPARATORS.split(text[1:] if text[0] in "-_" else text)
    if len(pieces) > MOST_PIECES or not all(map(_is_piece, pieces)):
        return False
    if len({_style(each) for each in pieces if not each.isdigit()}) > 1:
        return False
    numbers = [each for each in pieces if each.isdigit()]
    if sum(each.isdigit() for each in text) > (MOST_DIGITS if len(numbers) < 2 else MOST_DIGITS_APART):
        return False
    # Groups of letters with digits are the form of licenses, and many numbers that of addresses.
    return len(numbers) <= 2 and sum(not each.isalpha() and not each.isdigit() for each in pieces) <= 1


def _style(piece: str) -> str:
    """
    How a piece is written; people write all pieces of one text alike. Several words in camelCase are like nothing else.
    """
    letters = piece.rstrip("0123456789").lstrip("0123456789")
    if letters.islower() or letters.isupper():
        return "lower" if letters.islower() else "upper"
    return "capital" if letters.istitle() else piece


def _is_piece(text: str) -> bool:
    if _NUMBER.match(text) or _NUMBER_AND_WORD.match(text):
        return True
    found = _WORD_AND_NUMBER.match(text)
    if found is None:
        return is_word(text)
    return is_word(found.group(1)) and _style(text) in ("lower", "upper", "capital")
