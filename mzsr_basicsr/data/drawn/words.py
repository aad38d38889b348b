"""Words, sentences, numbers and lines of code to be drawn, in the proportions of written English."""

import random

_COMMON = (
    "the of and to in a is that for it as was with be by on not he his but at are this have from or had an they which "
    "one you were all her she there would their we him been has when who will no more if out so up said what its about "
    "than into them can only other time new some could these two may first then do any like my now over such our man "
    "me even most made after also well many before must through back years where much your way down should because "
    "long each just state people those good world still between life being under never day same another know while "
    "last might great old year off come since against go came right used take three small large image light water"
)
COMMON = _COMMON.split()
_HEADS = "b c d f g h l m n p r s t v w b c d f g h l m n p r s t v w st tr pl br ch sh cr th qu k j fl gr sp"
HEADS = _HEADS.split()
VOWELS = [*"aeiouaeioaeioy", "ea", "ou", "ai", "ee"]
ENDS = ["", "", "n", "r", "s", "t", "l", "d", "e", "ng", "nt", "st", "ck", "x", "m", "tion", "ment", "ly", "ff", "z"]
_NAMES = "value count total index width height error result offset size path data time rate level mean sigma"
NAMES = _NAMES.split()
_KEYWORDS = "if for while return def class import from else with in not and lambda yield raise"
KEYWORDS = _KEYWORDS.split()
UNITS = ["", "", "", "%", " px", " ms", " kg", " km", " MB"]  # ASCII alone: not every font has more
SYMBOLS = "{}[]()<>=+-*/%&|^~!?#@$\\'\"`;:,._"


def word(rng: random.Random) -> str:
    """Draw a word: a common one, or one of syllables that nobody knows."""
    if rng.random() < 0.6:
        return rng.choice(COMMON)
    return "".join(_syllable(rng) for _ in range(rng.choice((1, 1, 2, 2, 2, 3)))) + rng.choice(ENDS)


def number(rng: random.Random) -> str:
    """Draw a number as it is written: integers, fractions, dates, thousands."""
    value = rng.random() * 10 ** rng.randint(0, 6)
    form = rng.choice(("{:.0f}", "{:.1f}", "{:.2f}", "{:,.0f}", "{:.3g}", "-{:.1f}", "+{:.2f}"))
    if rng.random() < 0.15:
        return f"{rng.randint(1, 28)}.{rng.randint(1, 12)}.{rng.randint(1900, 2030)}"
    return form.format(value)


def sentence(rng: random.Random) -> list[str]:
    """Draw the words of a sentence, with its capital, commas, numbers, brackets and full stop."""
    found = [number(rng) if rng.random() < 0.06 else word(rng) for _ in range(rng.randint(3, 18))]
    for i in range(len(found)):
        chance = rng.random()
        if chance < 0.07:
            found[i] = found[i].capitalize()
        elif chance < 0.08:
            found[i] = found[i].upper()
        elif chance < 0.1:
            found[i] = rng.choice(("({})", '"{}"', "'{}'", "[{}]", "{}-like")).format(found[i])
        if rng.random() < 0.09:
            found[i] += rng.choice(",,,,;:")
    found[0] = found[0][0].upper() + found[0][1:]
    found[-1] = found[-1].rstrip(",;:") + rng.choice("......?!:")
    return found


def label(rng: random.Random) -> str:
    """Draw a short inscription, of a button or an axis."""
    if rng.random() < 0.25:
        return number(rng) + rng.choice(UNITS)
    text = " ".join(word(rng) for _ in range(rng.choice((1, 1, 2, 3))))
    return rng.choice((str.capitalize, str.title, str.upper, str))(text)


def code(rng: random.Random) -> list[str]:
    """Draw the pieces of a line as terminals and editors show: code, logs, listings; each piece has its own colour."""
    form = rng.randrange(6)
    if form == 0:
        return [
            "    " * rng.randint(0, 3),
            rng.choice(KEYWORDS),
            " ",
            _name(rng),
            f"({_name(rng)}, ",
            number(rng),
            "):",
        ]
    if form == 1:
        return [
            "    " * rng.randint(0, 3),
            _name(rng),
            rng.choice((" = ", " += ", " -> ")),
            _name(rng),
            ".",
            _name(rng),
        ]
    if form == 2:
        clock = f"{rng.randint(0, 23):02}:{rng.randint(0, 59):02}:{rng.randint(0, 59):02} "
        return [clock, rng.choice(("INFO ", "WARN ", "ERROR")), " " + " ".join(sentence(rng)[:8])]
    if form == 3:
        rights = "".join(rng.choice((letter, "-")) for letter in "rwxrwxrwx")
        return [
            f"-{rights} ",
            f"{rng.randint(1, 10**7):>8} ",
            _name(rng),
            rng.choice((".py", ".txt", ".png", "/", ".md")),
        ]
    if form == 4:
        return [f"{rng.choice('$>%#')} ", word(rng), f" --{_name(rng)}", "=", number(rng), f" | {word(rng)}"]
    return ["".join(rng.choice(SYMBOLS) for _ in range(rng.randint(3, 12))), " ", _name(rng), f"[{rng.randint(0, 99)}]"]


def _syllable(rng: random.Random) -> str:
    return rng.choice(HEADS) + rng.choice(VOWELS) + rng.choice(("", "", "n", "r", "l"))


def _name(rng: random.Random) -> str:
    return "_".join(rng.choice(NAMES) if rng.random() < 0.6 else word(rng) for _ in range(rng.choice((1, 1, 2))))
