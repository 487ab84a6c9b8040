"""The letters of Vietnamese by case, for patterns: a range like À-Ỹ holds both cases (pure)."""

_LETTERS = [chr(code) for code in (*range(0xC0, 0x1B1), *range(0x1EA0, 0x1EFA)) if chr(code).isalpha()]
CAPITALS = "A-Z" + "".join(letter for letter in _LETTERS if letter.isupper())
"""What stands inside the brackets of a character class."""
SMALL = "a-z" + "".join(letter for letter in _LETTERS if letter.islower())
