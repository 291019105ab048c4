"""
The lists of words are what they are for.
"""

from hasten_runtime.recorder import vocabulary
from hasten_runtime.recorder.words import is_word


def test_words_are_written_as_they_are_looked_for() -> None:
    """
    In lower case: names are split and made small before they are looked up.
    """
    for words in (vocabulary.SECRET, vocabulary.PERSONAL, vocabulary.WRITTEN, vocabulary.PEOPLE, vocabulary.NEVER):
        assert words and all(each == each.lower() and each.isalnum() for each in words)


def test_no_name_says_two_things() -> None:
    """
    A place below people is no link for one, and what is a secret is not merely personal.
    """
    assert not vocabulary.PLACES & vocabulary.NEVER
    assert not vocabulary.SECRET & vocabulary.PERSONAL


def test_pairs_are_of_consonants() -> None:
    """
    Two each; words of programs need not be made of them.
    """
    assert all(len(each) == 2 and not set(each) & set("aeiouy") for each in vocabulary.PAIRS)
    assert 140 < len(vocabulary.PAIRS) < 170
    assert all(map(is_word, vocabulary.KNOWN))
