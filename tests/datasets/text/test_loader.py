"""Character corpora: vocabulary, cutting and the three sets."""

import gzip
import hashlib
import json
import math
import random
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from datasets.errors import BadArgumentError, DataError
from datasets.svhn.python2_set import set_order
from datasets.text import loader as text_module
from datasets.text.loader import RELEASED_ORDER, WAR_AND_PEACE_SHA256, CharacterCorpus, encode, unofficial

PAPER_SHARES = [(0.8, 0.1), (0.9, 0.05)]


def corpus_of(content, **arguments):
    return CharacterCorpus(content, unofficial("some text", content), **arguments)


def some_text(characters, kinds=7, seed=0):
    return bytes(random.Random(seed).choices(range(97, 97 + kinds), k=characters))


def python2_set_of_bytes(content):
    """The different bytes of a text as 64-bit Python 2 lists the set of its one-character strings."""
    by_hash = {(1000003 * (byte << 7)) ^ byte ^ 1: byte for byte in dict.fromkeys(content)}
    return bytes(by_hash[value] for value in set_order(list(by_hash)))


def test_the_vocabulary_is_the_sorted_bytes_and_indices_point_into_it():
    content = b"to be or not to be\n\xff\x00"
    corpus = corpus_of(content)
    assert corpus.vocabulary == b"\x00\n benort\xff"
    assert corpus.indices.dtype == np.int32
    assert bytes(corpus.vocabulary[index] for index in corpus.indices) == content


@given(st.binary(min_size=2, max_size=300).filter(lambda content: len(set(content)) > 1))
def test_indices_are_a_one_to_one_picture_of_any_bytes(content):
    corpus = corpus_of(content)
    assert sorted(set(content)) == list(corpus.vocabulary)
    assert corpus.indices.tolist() == [corpus.vocabulary.index(byte) for byte in content]


def test_encoding_by_a_given_vocabulary_refuses_what_it_lacks():
    assert encode(b"cab", b"bca").tolist() == [1, 2, 0]
    assert encode(b"", b"bca").tolist() == []
    with pytest.raises(DataError, match=r"the vocabulary lacks b'\\n!x'; leave these"):
        encode(b"cax!\n!", b"bca")


def brute_force(content, steps, batch_size, train_share, valid_share):
    """Each set as a list of (sequence, target sequence), by floating point and slices as in a script."""
    minibatches = math.floor((len(content) - 1) / batch_size / steps)
    train, valid = math.floor(train_share * minibatches), math.floor(valid_share * minibatches)
    first = 0
    for count in (train, valid, minibatches - train - valid):
        last = first + count * batch_size * steps
        yield [
            (content[start : start + steps], content[start + 1 : start + steps + 1])
            for start in range(first, last, steps)
        ]
        first = last


@pytest.mark.parametrize("shares", PAPER_SHARES)
@given(
    characters=st.integers(500, 3000),
    steps=st.integers(1, 12),
    batch_size=st.integers(1, 5),
    seed=st.integers(0, 9),
)
def test_sequences_against_brute_force(shares, characters, steps, batch_size, seed):
    content = some_text(characters, seed=seed)
    expected = list(brute_force(content, steps, batch_size, *shares))
    if not all(expected):
        with pytest.raises(BadArgumentError):
            corpus_of(content).split(steps, batch_size, *shares)
        return
    corpus = corpus_of(content)
    for found, pairs in zip(corpus.split(steps, batch_size, *shares), expected, strict=True):
        assert len(found.inputs) % batch_size == 0
        assert found.length == len(pairs) * steps + 1
        for rows, texts in zip(found, zip(*pairs, strict=True), strict=True):
            assert rows.shape == (len(pairs), steps)
            assert [bytes(corpus.vocabulary[index] for index in row) for row in rows] == list(texts)


@pytest.mark.parametrize("shares", PAPER_SHARES)
def test_the_papers_shares_have_the_same_floor_in_floating_point(shares):
    content = some_text(5001)
    for minibatches in range(20, 5001, 5):
        sets = corpus_of(content[: minibatches + 1]).split(1, 1, *shares)
        assert [len(part.inputs) for part in sets[:2]] == [math.floor(s * minibatches) for s in shares]
    # Why it holds for any number: s * N rounds to a double at or above an exact integer, never below it.
    assert all(Fraction(share) > Fraction(str(share)) for share in shares)


def test_shares_are_the_decimal_numbers_they_print_as():
    sets = corpus_of(some_text(101)).split(1, 1, 0.57, 0.29)
    assert math.floor(0.57 * 100) == 56 and math.floor(0.29 * 100) == 28
    assert [len(part.inputs) for part in sets] == [57, 29, 14]


def test_a_text_without_the_last_target_loses_a_minibatch():
    with_target, without = corpus_of(some_text(1001)), corpus_of(some_text(1000))
    assert [part.length for part in with_target.split(10, 10, 0.8, 0.1)] == [801, 101, 101]
    with pytest.raises(BadArgumentError, match="leave nothing to validate on; steps can be at most 9"):
        without.split(10, 10, 0.8, 0.1)
    shorter = corpus_of(some_text(2000)).split(10, 10, 0.8, 0.1)
    assert [len(part.inputs) for part in shorter] == [150, 10, 30]


def test_sequences_share_one_read_only_text():
    corpus = corpus_of(some_text(1001))
    for part in corpus.split(5, 10, 0.8, 0.1):
        for array in part:
            assert np.shares_memory(array, corpus.indices)
            with pytest.raises(ValueError, match="read-only"):
                array[0, 0] = 0


@pytest.mark.parametrize(
    ("characters", "arguments", "message"),
    [
        (1000, (10, 100, 0.8, 0.1), "do not make one minibatch; take smaller minibatches or a longer text"),
        (901, (1, 100, 0.8, 0.1), "leave nothing to validate on; take smaller minibatches or a longer text"),
        (1001, (10, 100, 0.8, 0.1), "leave nothing to train and validate on; steps can be at most 1"),
        (5001, (1000, 1, 0.8, 0.1), "5,001 characters of some text, .* on; steps can be at most 500"),
        (1001, (1000, 10, 0.9, 0.05), "do not make one minibatch; steps can be at most 5"),
        (1001, (0, 10, 0.8, 0.1), "steps 0 and batch_size 10 must be at least 1"),
        (1001, (10, 0, 0.8, 0.1), "must be at least 1"),
        (1001, (1, 1, 0.9, 0.1), "shares 0.9 to train and 0.1 to validate on must be above 0, .* below 1"),
        (1001, (1, 1, 0.8, 0.0), "must be above 0"),
    ],
)
def test_what_leaves_a_set_empty_is_refused_with_the_steps_that_would_do(characters, arguments, message):
    with pytest.raises(BadArgumentError, match=message) as raised:
        corpus_of(some_text(characters)).split(*arguments)
    assert "\n" not in str(raised.value)


@given(
    characters=st.integers(10, 400),
    batch_size=st.integers(1, 4),
    train=st.integers(1, 98),
    valid=st.integers(1, 98),
)
def test_the_most_steps_named_are_the_most_there_are(characters, batch_size, train, valid):
    if train + valid >= 100:
        return
    corpus = corpus_of(some_text(characters))

    def works(steps):
        try:
            sets = corpus.split(steps, batch_size, train / 100, valid / 100)
        except BadArgumentError:
            return False
        return all(len(part.inputs) for part in sets)

    with pytest.raises(BadArgumentError) as raised:
        corpus.split(characters, batch_size, train / 100, valid / 100)
    words = str(raised.value).split()
    most = int(words[words.index("most") + 1]) if "most" in words else 0
    assert [steps for steps in range(1, characters) if works(steps)] == list(range(1, most + 1))


def test_any_file_is_an_unofficial_corpus(tmp_path):
    content = some_text(400)
    for name, stored in (("notes.txt", content), ("notes.txt.gz", gzip.compress(content))):
        path = tmp_path / name
        path.write_bytes(stored)
        corpus = CharacterCorpus.from_file(path)
        digest = hashlib.sha256(content).hexdigest()
        assert corpus.provenance == {"name": name, "official": False, "sha256": {name: digest}}
        assert corpus.name == name
        assert bytes(corpus.vocabulary[index] for index in corpus.indices) == content


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", r"x\.txt is empty"),
        (gzip.compress(b"", mtime=0), r"x\.txt is empty"),
        (b"\n\n\n", r"x\.txt repeats a single character, b'\\n'; give a text with at least two"),
        (gzip.compress(b"abc" * 100, mtime=0)[:-9], "truncated or damaged gzip file"),
        (None, r"cannot read .*x\.txt: No such file"),
    ],
)
def test_an_unusable_file_is_refused_in_one_line(tmp_path, content, message):
    path = tmp_path / "x.txt"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(DataError, match=message) as raised:
        CharacterCorpus.from_file(path)
    assert "\n" not in str(raised.value)


@pytest.mark.parametrize(
    ("order", "message"),
    [
        ("released", "known for the official War and Peace only, not for some text; use the sorted one"),
        ("random", "unknown vocabulary order 'random'; one of: sorted, released"),
    ],
)
def test_an_order_that_does_not_exist_for_the_text_is_refused(order, message):
    # All 87 bytes of War and Peace do not make a text War and Peace.
    with pytest.raises(BadArgumentError, match=message):
        corpus_of(RELEASED_ORDER, vocabulary_order=order)


def test_the_released_order_has_each_byte_once_and_indexes_the_text(monkeypatch):
    assert len(RELEASED_ORDER) == len(set(RELEASED_ORDER)) == 87
    content = bytes(sorted(RELEASED_ORDER)) * 2
    monkeypatch.setattr(text_module, "WAR_AND_PEACE_SHA256", hashlib.sha256(content).hexdigest())
    corpus = corpus_of(content, vocabulary_order="released")
    assert corpus.vocabulary == RELEASED_ORDER
    assert bytes(RELEASED_ORDER[index] for index in corpus.indices) == content


@pytest.mark.parametrize("name", ["full_precision_len50", "lab_w_len100"])
def test_war_and_peace_is_numbered_and_cut_as_by_the_released_script(golden_folder, war_and_peace, name):
    expected = json.loads((golden_folder / "trajectories" / f"warpeace_{name}.json").read_text())
    corpus = corpus_of(war_and_peace, vocabulary_order="released")
    assert len(corpus.vocabulary) == expected["vocabulary"]
    assert list(corpus.vocabulary) == expected["vocabulary_order_bytes"]
    sets = corpus.split(expected["sequence_length"], expected["batch_size"], 0.8, 0.1)
    lengths = [expected[f"{part}_length"] for part in ("train", "valid", "test")]
    assert [part.length for part in sets] == lengths
    # The first shuffle that the golden run recorded is one of as many sequences.
    order = np.random.RandomState(expected["shuffle_seed"]).permutation(len(sets.train.inputs))
    assert order[:10].tolist() == expected["first_shuffle_first10"]


def test_the_released_order_is_that_of_a_python2_set(war_and_peace):
    assert hashlib.sha256(war_and_peace).hexdigest() == WAR_AND_PEACE_SHA256
    assert python2_set_of_bytes(war_and_peace) == RELEASED_ORDER


@pytest.mark.parametrize("steps", [10, 50, 100, 150])
def test_no_length_in_the_paper_meets_the_end_of_war_and_peace(war_and_peace, steps):
    sets = corpus_of(war_and_peace).split(steps, 100, 0.8, 0.1)
    minibatches = 3_258_246 // 100 // steps
    assert sum(part.length - 1 for part in sets) == minibatches * 100 * steps
    train = corpus_of(war_and_peace).indices[: sets.train.length]
    np.testing.assert_array_equal(sets.train.inputs.ravel(), train[:-1])
    np.testing.assert_array_equal(sets.train.targets.ravel(), train[1:])
