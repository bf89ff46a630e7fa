"""Write the training text of the bundled model: the corpus, and synthetic teaching text with held-out cases.

Python standard library only, 3.11. Everything is seeded, so the same corpus gives the same files. In the
output folder: `corpus.txt` and `synthetic.txt` (training documents, separated by <|endoftext|>), `heldout_corpus.json`
(one text per source) and `heldout_cases.json` (prompts with the continuation expected, per behaviour). A behaviour
names what it shows with a key; one key in ten, chosen by checksum, is only ever shown in held-out cases.
"""

import argparse
import json
import random
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import word_lists as words

END_OF_TEXT = "<|endoftext|>"
ALWAYS_HELD_OUT = {"agreement:key:cabinet"}
HELD_OUT_BLOCKS = {13, 33}  # of 40 equal blocks of paragraphs in every corpus file: 5%
CASES_PER_BEHAVIOUR = 200


class Example(NamedTuple):
    """One piece of text, cut where the model should know how to go on."""

    key: str
    prompt: str
    answer: str
    rest: str = ""
    others: tuple[str, ...] = ()
    """Other answers that would be right too."""

    @property
    def text(self) -> str:
        return self.prompt + self.answer + self.rest


def is_held_out(behaviour: str, key: str) -> bool:
    full_key = f"{behaviour}:{key}"
    return full_key in ALWAYS_HELD_OUT or zlib.crc32(full_key.encode()) % 10 == 0


def capitalized(text: str) -> str:
    return text[0].upper() + text[1:]


def number_in_words(number: int) -> str:
    if number < 20:
        return words.UNITS[number]
    tens, unit = divmod(number, 10)
    return words.TENS[tens - 2] + (f"-{words.UNITS[unit]}" if unit else "")


def listing(rng: random.Random, key: str, header: str, items: list[str], style: str, shown: int = 2) -> Example:
    """A list in one of five styles, cut after at least `shown` items."""
    separators = {"1.": "\n{}. ", "1)": "\n{}) ", "-": "\n- ", "lines": "\n", ",": ", "}
    separator = separators[style]
    pieces = [separator.format(position) + item for position, item in enumerate(items, 1)]
    if style == ",":
        pieces[0] = f" {items[0]}" if header else items[0]
    elif not header:
        pieces[0] = pieces[0].lstrip("\n")
    cut = rng.randrange(shown, len(items))
    end = "." if style == "," else ""
    return Example(key, header + "".join(pieces[:cut]), pieces[cut], "".join(pieces[cut + 1 :]) + end)


def european_union(rng: random.Random) -> Example:
    union = rng.choice(["European Union", "European Union", "European Union", "EU"])
    header = rng.choice([
        f"The countries of the {union} are:", f"Countries of the {union}:", f"The members of the {union} are:",
        f"These are the countries of the {union}:", f"The {union} has these members:", f"Member states of the {union}:",
        f"Here is a list of the countries of the {union}:", f"The countries in the {union} are:",
        f"Name the countries of the {union}:", f"All the countries of the {union}:",
    ])
    style = rng.choice(["1.", "1.", "1.", "1)", "-", "lines", ","])
    return listing(rng, f"{header}{style}", header, words.EUROPEAN_UNION, style)


def numbered_list(rng: random.Random) -> Example:
    """A numbered list of any words: only the next number can be known."""
    items = rng.sample(words.COMMON_WORDS + words.THINGS + words.WOMEN + words.MEN, rng.randint(3, 12))
    header = rng.choice(["", "My list:", "Things to buy:", "A list of words:", "We need:", "The names are:", "To do:"])
    style = rng.choice(["{}. ", "{}) ", "{}: "])
    pieces = [("\n" if header or i else "") + style.format(i + 1) + item for i, item in enumerate(items)]
    cut = rng.randrange(1, len(items))
    number = f"\n{cut + 1}"
    return Example(
        f"{items[0]},{items[1]}", header + "".join(pieces[:cut]), number, pieces[cut][len(number) :] + "".join(pieces[cut + 1 :])
    )


def short_list(rng: random.Random) -> Example:
    name = rng.choice(list(words.OTHER_LISTS))
    header = rng.choice([f"The {name} are:", f"{capitalized(name)}:", f"These are the {name}:", f"Name the {name}:"])
    style = rng.choice(["1.", "1)", "-", "lines", ","])
    return listing(rng, f"{header}{style}", header, words.OTHER_LISTS[name], style)


def cycle(rng: random.Random, items: list[str], headers: list[str]) -> Example:
    """Items of a fixed order that starts again at the end."""
    header = rng.choice(headers)
    start, length = rng.randrange(len(items)), rng.randint(4, 14)
    chosen = [items[(start + i) % len(items)] for i in range(length)]
    style = rng.choice([",", ",", ",", "lines", "1."])
    return listing(rng, f"{header}{style}{start}", header, chosen, style)


def after_and_before(rng: random.Random, kind: str, items: list[str]) -> Example:
    i = rng.randrange(len(items))
    after, item, before = items[(i + 1) % len(items)], items[i], items[i - 1]
    prompt, answer, rest = rng.choice([
        (f"The {kind} after {item} is", f" {after}", "."),
        (f"The {kind} before {item} is", f" {before}", "."),
        (f"After {item} comes", f" {after}", "."),
        (f"Before {item} comes", f" {before}", "."),
        (f"{item} comes before", f" {after}", "."),
        (f"{item} comes after", f" {before}", "."),
        (f"If today were in {item}, the next {kind} would be", f" {after}", "."),
        (f"{item} is followed by", f" {after}", "."),
    ])
    return Example(prompt, prompt, answer, rest)


def months(rng: random.Random) -> Example:
    if rng.random() < 0.4:
        return after_and_before(rng, "month", words.MONTHS)
    return cycle(rng, words.MONTHS, ["", "", "The months of the year are:", "Months:", "The months are:", "One after another:"])


def weekdays(rng: random.Random) -> Example:
    if rng.random() < 0.4:
        return after_and_before(rng, "day", words.WEEKDAYS)
    return cycle(rng, words.WEEKDAYS, ["", "", "The days of the week are:", "Days:", "The days are:", "One after another:"])


def alphabet(rng: random.Random) -> Example:
    lower = rng.random() < 0.4
    letters = [letter.lower() for letter in words.LETTERS] if lower else words.LETTERS
    start = rng.choice([0, 0, rng.randrange(22)])
    length = rng.randint(4, 26 - start)
    separator = rng.choice([", ", " ", "\n", ","])
    header = rng.choice(["", "The alphabet: ", "The letters are: ", "Letters: "])
    pieces = [(separator if i else header) + letter for i, letter in enumerate(letters[start : start + length])]
    cut = rng.randrange(3, length)
    return Example(
        f"{header}{separator}{start}{lower}", "".join(pieces[:cut]), pieces[cut], "".join(pieces[cut + 1 :])
    )


def number_sequence(rng: random.Random) -> Example:
    step = rng.choice([1, 1, 1, 1, 2, 2, 3, 4, 5, 10, 10, -1, -1, -2])
    length = rng.randint(5, 14)
    start = rng.choice([1, step, rng.randrange(0, 30), rng.randrange(0, 100)])
    start = abs(start) if step > 0 else length * -step + rng.randrange(0, 70)
    numbers = [str(start + i * step) for i in range(length)]
    separator = rng.choice([", ", ", ", " ", "\n"])
    header = rng.choice(["", "", "Count: ", "Numbers: "])
    pieces = [(separator if i else header) + number for i, number in enumerate(numbers)]
    cut = rng.randrange(3, length)
    return Example(f"{start},{step}", "".join(pieces[:cut]), pieces[cut], "".join(pieces[cut + 1 :]))


def number_words(rng: random.Random) -> Example:
    step = rng.choice([1, 1, 1, 2, 10, -1])
    length = rng.randint(4, 10)
    if step == 10:
        start = 10
    elif step < 0:
        start = rng.randint(length, 30)
    else:
        start = rng.choice([1, step, rng.randrange(0, 99 - length * step)])
    numbers = [number_in_words(start + i * step) for i in range(length) if start + i * step < 100]
    separator = rng.choice([", ", ", ", " ", "\n"])
    header = rng.choice(["", "", "Count: ", "Numbers: "])
    pieces = [(separator if i else header) + number for i, number in enumerate(numbers)]
    cut = rng.randrange(3, len(pieces))
    return Example(f"{header}{separator}{start},{step}", "".join(pieces[:cut]), pieces[cut], "".join(pieces[cut + 1 :]))


def capitals(rng: random.Random) -> Example:
    continent = rng.choice(["Europe", "Europe", "Asia", "Africa", "South America", "North America"])
    country, capital = rng.choice(list(words.CAPITALS[continent].items()))
    prompt, answer, rest = rng.choice([
        (f"The capital of {country} is", f" {capital}", "."),
        (f"The capital city of {country} is", f" {capital}", "."),
        (f"The capital of {country} is called", f" {capital}", "."),
        (f"{capital} is the capital of", f" {country}", "."),
        (f"{capital} is the capital city of", f" {country}", "."),
        (f"What is the capital of {country}?", f" {capital}", "."),
        (f"Question: What is the capital of {country}?\nAnswer:", f" {capital}", ""),
        (f"{country} has a capital, and its name is", f" {capital}", "."),
        (f"The government of {country} sits in", f" {capital}", "."),
        (f"She lives in {capital}, the capital of", f" {country}", "."),
        (f"He went to {country} to see its capital,", f" {capital}", "."),
        (f"{capital} is a city in", f" {country}", "."),
    ])
    return Example(prompt, prompt, answer, rest)


def continents(rng: random.Random) -> Example:
    continent = rng.choice(["Europe", "Europe", "Asia", "Africa", "South America", "North America"])
    country = rng.choice(list(words.CAPITALS[continent]))
    prompt, rest = rng.choice([
        (f"{country} is in", "."),
        (f"{country} is a country in", "."),
        (f"The continent of {country} is", "."),
        (f"{country} lies in", "."),
        (f"{words.CAPITALS[continent][country]} is a city in {country}, in", "."),
        (f"On which continent is {country}? It is in", "."),
        (f"People in {country} live in", "."),
    ])
    return Example(prompt, prompt, f" {continent}", rest)


def agreement(rng: random.Random) -> Example:
    """The verb agrees with the subject, not with the noun just before it."""
    subject, distractor = rng.choice(words.SUBJECTS), rng.choice(words.DISTRACTORS)
    plural, distractor_plural = rng.randrange(2), rng.randrange(2)
    first, second = subject[plural], distractor[distractor_plural]
    verbs = rng.choice(words.PREDICATES)
    middle = rng.choice([
        f"{rng.choice(words.PREPOSITIONS)} the {second}",
        f"{rng.choice(words.PREPOSITIONS)} the {second}",
        f"{rng.choice(words.PREPOSITIONS)} the old {second}",
        f"that the {second} {rng.choice(['saw', 'liked', 'found', 'knew'])}",
    ])
    prompt = f"The {first} {middle}"
    ending = f" {rng.choice(verbs[2])}."
    if verbs[0] in ("was", "is") and rng.random() < 0.3:
        pronoun = "they" if plural else "it"
        ending = f"{ending[:-1]}, and {pronoun} {verbs[plural]} {rng.choice(['old', 'small', 'new', 'fine'])}."
    agreeing = tuple(f" {predicate[plural]}" for predicate in words.PREDICATES)
    return Example(f"{subject[0]}:{distractor[0]}", prompt, f" {verbs[plural]}", ending, agreeing)


def pronouns(rng: random.Random) -> Example:
    """She or he, her or his, after one name."""
    woman = rng.random() < 0.5
    name = rng.choice(words.WOMEN if woman else words.MEN)
    subject, object_, possessive = ("she", "her", "her") if woman else ("he", "him", "his")
    thing, place = rng.choice(words.THINGS), rng.choice(words.PLACES)
    template, prompt, answer, rest = rng.choice([
        ("1", f"{name} went to the {place} because", f" {subject}", f" had lost a {thing}."),
        ("2", f"{name} lost", f" {possessive}", f" {thing} in the {place}."),
        ("3", f"{name} was tired, so", f" {subject}", f" went home from the {place}."),
        ("4", f"{name} saw the {thing} and wanted it for", f" {object_}self", "."),
        ("5", f"{name} found a {thing}. Then", f" {subject}", f" took it to the {place}."),
        ("6", f"When {name} came to the {place}, the children saw", f" {object_}", "."),
        ("7", f"{name} opened the door of the {place} and put the {thing} into", f" {possessive}", " pocket."),
        ("8", f"The {thing} belongs to {name}. It is", f" {'hers' if woman else 'his'}", "."),
    ])
    return Example(f"{name}:{template}", prompt, answer, rest)


def name_copying(rng: random.Random) -> Example:
    """Names come back in the roles that the story gave them."""
    a, b = rng.sample(words.WOMEN + words.MEN, 2)
    thing, place = rng.choice(words.THINGS), rng.choice(words.PLACES)
    prompt, answer, rest = rng.choice([
        (f"{a} gave the {thing} to {b}. {b} thanked", f" {a}", "."),
        (f"{a} gave the {thing} to {b}. Now the {thing} belongs to", f" {b}", "."),
        (f"{a} took the {thing} from {b}. Now the {thing} belongs to", f" {a}", "."),
        (f"{a} asked {b} a question, and {b} answered", f" {a}", "."),
        (f"{a} and {b} were friends. {a} liked {b}, and {b} liked", f" {a}", "."),
        (f"{a} wrote a letter to {b}. When the letter came, {b} was glad and wrote back to", f" {a}", "."),
        (f"{a} lives in the {place}. {b} has a {thing}. The one who lives in the {place} is", f" {a}", "."),
        (f"{a} lives in the {place}. {b} has a {thing}. The one who has a {thing} is", f" {b}", "."),
        (f"This is {a}, and that is {b}. {b} is a friend of", f" {a}", "."),
    ])
    return Example(f"{min(a, b)},{max(a, b)}", prompt, answer, rest)


def indirect_object(rng: random.Random) -> Example:
    a, b = rng.sample(words.WOMEN + words.MEN, 2)
    giver, receiver = (a, b) if rng.random() < 0.5 else (b, a)
    thing, place = rng.choice(words.THINGS), rng.choice(words.PLACES)
    opening = rng.choice([
        f"When {a} and {b} went to the {place}, {giver}", f"{a} and {b} went to the {place}, and {giver}",
        f"After {a} and {b} met at the {place}, {giver}", f"Then {a} and {b} went to the {place}. {giver}",
        f"While {a} and {b} were in the {place}, {giver}",
    ])
    act = rng.choice([f"gave a {thing} to", f"gave the {thing} to", f"showed a {thing} to", f"brought a {thing} to", "spoke to"])
    return Example(f"{min(a, b)},{max(a, b)}", f"{opening} {act}", f" {receiver}", ".")


def obeying(rng: random.Random) -> Example:
    """Sentences about duties, in which nouns and pronouns come back."""
    agent, principal, duty = rng.choice(words.AGENTS), rng.choice(words.PRINCIPALS), rng.choice(words.DUTIES)
    verb = rng.choice(["obey", "follow", "remember", "honour"])
    opening = f"{rng.choice(['A', 'The', 'Every'])} {agent} must {verb} the {duty} given it by {principal}"
    answers = [
        (f"{opening}, except where such", f" {duty}", f" would harm the {agent}."),
        (f"{opening}, because the {duty} of {principal} bind the", f" {agent}", "."),
        (f"{opening}. When {principal} gave the {duty}, the", f" {agent}", f" had to {verb} them."),
        (f"{opening}, and must not forget the {duty} given it by", f" {principal}", "."),
        (f"{opening}, even where such {duty} are hard to", f" {verb}", "."),
    ]
    prompt, answer, rest = rng.choice(answers)
    return Example(f"{agent}:{principal}:{duty}", prompt, answer, rest)


def made_up_word(rng: random.Random) -> str:
    syllables = ["".join([rng.choice("bdfgklmnprstvz"), rng.choice("aeiou"), rng.choice(["", "", "l", "n", "r", "s", "x"])])
                 for _ in range(rng.randint(2, 3))]
    return "".join(syllables)


def made_up_words(rng: random.Random) -> Example:
    """A word never seen before comes back letter by letter."""
    word, other = made_up_word(rng), made_up_word(rng)
    name, thing, place = capitalized(word), rng.choice(words.THINGS), rng.choice(words.PLACES)
    prompt, answer, rest = rng.choice([
        (f"The wizard was called {name}. Everyone in the {place} knew", f" {name}", "."),
        (f"They found a {word} in the {place}. Nobody had seen such a", f" {word}", " before."),
        (f"A {word} is a kind of {thing}. When you see a {thing} like that, call it a", f" {word}", "."),
        (f"{name} and {capitalized(other)} came to the {place}. {capitalized(other)} spoke first, and then", f" {name}", " spoke."),
        (f"My name is {name}. Again, my name is", f" {name}", "."),
        (f"The {word} ate the {other}. So the {other} was eaten by the", f" {word}", "."),
    ])
    return Example(word, prompt, answer, rest)


def repetition(rng: random.Random) -> Example:
    """A row of unrelated words, and the same row again."""
    pool = words.COMMON_WORDS + words.THINGS + words.WOMEN + words.MEN
    row = [made_up_word(rng) for _ in range(rng.randint(3, 5))] if rng.random() < 0.3 else rng.sample(pool, rng.randint(3, 9))
    separator = rng.choice([" ", " ", ", ", "\n"])
    line = separator.join(row)
    again = rng.randint(1, 2)
    between = rng.choice([". ", separator, separator, "\n"])
    known = rng.randrange(1, len(row))
    start = separator.join(row[:known])
    answer = separator + row[known]
    rest = line[len(start) + len(answer) :] + (between + line) * (again - 1)
    prompt = line + between + start
    return Example(f"{row[0]},{row[1]}", prompt, answer, rest)


def opposites(rng: random.Random) -> Example:
    a, b = rng.choice(words.OPPOSITES)
    if rng.random() < 0.5:
        a, b = b, a
    prompt, rest = rng.choice([
        (f"The opposite of {a} is", "."), (f"The opposite of the word {a} is", "."), (f"What is the opposite of {a}? It is", "."),
        (f"Not {a}, but", "."), (f"If it is not {a}, it is", "."), (f"{capitalized(a)} is the opposite of", "."),
        (f'The word "{a}" means the opposite of', "."), (f"Opposites: {a} and", "."), (f"{capitalized(a)} or", "?"),
    ])
    return Example(prompt, prompt, f" {b}", rest)


def sums(rng: random.Random) -> Example:
    top = rng.choice([10, 10, 20])
    a, b = rng.randint(0, top), rng.randint(0, top)
    prompt, answer, rest = rng.choice([
        (f"{a} + {b} =", f" {a + b}", ""), (f"{a} + {b} =", f" {a + b}", ""), (f"{a} + {b} =", f" {a + b}", "."),
        (f"{a} plus {b} is", f" {a + b}", "."), (f"What is {a} + {b}? It is", f" {a + b}", "."),
        (f"The sum of {a} and {b} is", f" {a + b}", "."),
        (f"{number_in_words(a)} plus {number_in_words(b)} is", f" {number_in_words(a + b)}", "."),
    ])
    return Example(f"{min(a, b)}+{max(a, b)}", prompt, answer, rest)


def quotes(rng: random.Random) -> Example:
    """A quotation that was opened is closed, with the mark that opened it."""
    sentence, verb, speaker = rng.choice(words.QUOTES), rng.choice(words.SAY_VERBS), rng.choice(words.WOMEN + words.MEN)
    mark = rng.choice(['"', '"', "'"])
    prompt, answer, rest = rng.choice([
        (f"{speaker} {verb}, {mark}{sentence}", f".{mark}", ""),
        (f"{mark}{sentence}", f",{mark}", f" {verb} {speaker}."),
        (f"{speaker} {verb} {mark}{sentence}", f"{mark}", " and left."),
        (f"{mark}{sentence},{mark} {verb} {speaker}. {mark}{rng.choice(words.QUOTES)}", f".{mark}", ""),
    ])
    return Example(f"{sentence}:{verb}:{prompt[0] == mark}", prompt, answer, rest)


def brackets(rng: random.Random) -> Example:
    """Brackets opened one in another are closed in the opposite order."""
    pairs = [rng.choice(["()", "[]", "{}", "<>"]) for _ in range(rng.randint(1, 5))]
    with_words = rng.random() < 0.5
    inside = [f" {rng.choice(words.COMMON_WORDS)}" if with_words else "" for _ in pairs]
    opened = " ".join(pair[0] + word for pair, word in zip(pairs, inside))
    closed = "".join(f" {pair[1]}" for pair in reversed(pairs))
    cut = 2 * rng.randrange(len(pairs))
    return Example(opened, opened + closed[:cut], closed[cut : cut + 2], closed[cut + 2 :])


# weight: how often a behaviour's turn comes, by documents
BEHAVIOURS: dict[str, tuple[float, Callable[[random.Random], Example]]] = {
    "european_union": (1.0, european_union),
    "numbered_list": (0.6, numbered_list),
    "short_list": (0.5, short_list),
    "months": (1.0, months),
    "weekdays": (1.0, weekdays),
    "alphabet": (0.6, alphabet),
    "number_sequence": (1.8, number_sequence),
    "number_words": (1.2, number_words),
    "capitals": (3.0, capitals),
    "continents": (1.2, continents),
    "agreement": (3.0, agreement),
    "pronouns": (1.5, pronouns),
    "name_copying": (2.5, name_copying),
    "indirect_object": (2.5, indirect_object),
    "obeying": (0.8, obeying),
    "made_up_words": (1.5, made_up_words),
    "repetition": (1.5, repetition),
    "opposites": (2.0, opposites),
    "sums": (2.5, sums),
    "quotes": (1.5, quotes),
    "brackets": (1.2, brackets),
}
ONE_TO_A_DOCUMENT = {"european_union", "numbered_list", "short_list"}


def draw(rng: random.Random, behaviour: str, held_out: bool) -> Example:
    make = BEHAVIOURS[behaviour][1]
    while True:
        example = make(rng)
        if is_held_out(behaviour, example.key) == held_out:
            return example


def synthetic_document(rng: random.Random) -> dict:
    """The text of one document, and where in it the answers are: [first character, character after the last]."""
    names = list(BEHAVIOURS)
    behaviour = rng.choices(names, [BEHAVIOURS[name][0] for name in names])[0]
    count = 1 if behaviour in ONE_TO_A_DOCUMENT else rng.choice([1, 1, 1, 2, 3, 5])
    separator = rng.choice(["\n", "\n", " "])
    examples = [draw(rng, behaviour, held_out=False) for _ in range(count)]
    text = separator.join(example.text for example in examples)
    if rng.random() < 0.1:
        text = capitalized(text)
    lead = " " if rng.random() < 0.1 else ""
    answers, start = [], len(lead)
    for example in examples:
        first = start + len(example.prompt)
        answers.append([first, first + len(example.answer)])
        start += len(example.text) + len(separator)
    return {"text": lead + text, "answers": answers}


def held_out_cases(behaviour: str, seed: int) -> list[dict]:
    """Distinct prompts made from held-out keys; fewer than asked where the behaviour has no more."""
    rng = random.Random(f"{behaviour}-{seed}")
    cases: dict[str, Example] = {}
    for _ in range(40 * CASES_PER_BEHAVIOUR):
        example = draw(rng, behaviour, held_out=True)
        cases.setdefault(example.prompt, example)
        if len(cases) == CASES_PER_BEHAVIOUR:
            break
    return [
        {"prompt": example.prompt, "answers": sorted({example.answer, *example.others})} for example in cases.values()
    ]


def read_corpus(path: Path) -> tuple[list[str], list[str]]:
    """The paragraphs of one file, split into training and held-out paragraphs."""
    text = path.read_text(encoding="utf-8").replace("¡@", "").replace("¡X", "--")
    paragraphs = [line.strip() for line in text.splitlines() if line.strip()]
    train, held_out = [], []
    for i, paragraph in enumerate(paragraphs):
        block = 40 * i // len(paragraphs)
        (held_out if block in HELD_OUT_BLOCKS else train).append(paragraph)
    return train, held_out


def corpus_documents(paragraphs: list[str], characters: int = 4000) -> list[str]:
    documents, current = [], ""
    for paragraph in paragraphs:
        current += f"{paragraph}\n"
        if len(current) >= characters:
            documents.append(current)
            current = ""
    return documents + ([current] if current else [])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--corpus", type=Path, required=True, help="folder with the .txt files of the corpus")
    parser.add_argument("--out", type=Path, default=Path(".train"))
    parser.add_argument("--documents", type=int, default=250_000, help="synthetic documents to write")
    parser.add_argument("--seed", type=int, default=20)
    options = parser.parse_args()
    options.out.mkdir(parents=True, exist_ok=True)

    documents, held_out = [], {}
    for path in sorted(options.corpus.glob("*.txt")):
        train, held = read_corpus(path)
        documents += corpus_documents(train)
        held_out[path.stem] = "\n".join(held)
    (options.out / "corpus.txt").write_text(END_OF_TEXT.join(documents), encoding="utf-8")
    (options.out / "heldout_corpus.json").write_text(json.dumps(held_out), encoding="utf-8")

    rng = random.Random(options.seed)
    synthetic = [synthetic_document(rng) for _ in range(options.documents)]
    lines = "".join(f"{json.dumps(document)}\n" for document in synthetic)
    (options.out / "synthetic.jsonl").write_text(lines, encoding="utf-8")
    cases = {behaviour: held_out_cases(behaviour, options.seed) for behaviour in BEHAVIOURS}
    (options.out / "heldout_cases.json").write_text(json.dumps(cases, indent=1), encoding="utf-8")

    print(f"corpus: {sum(map(len, documents)):,} characters in {len(documents):,} documents")
    print(f"synthetic: {sum(len(document['text']) for document in synthetic):,} characters in {len(synthetic):,} documents")
    for behaviour, found in cases.items():
        print(f"{behaviour}: {len(found)} held-out cases, such as {found[0]}")


if __name__ == "__main__":
    main()
