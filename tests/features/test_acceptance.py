"""What counts as shown and as accepted, and what does not."""

import pytest

from tests.features.suggesting import BLOCK, CALL, editor

# -- what is shown ---------------------------------------------------------------------------------


def test_what_is_shown_is_recorded_in_numbers():
    e = editor()
    assert e.show(CALL) == [1]

    (offer,) = e.offers
    assert (offer.number, offer.language, offer.source, offer.model) == (1, "python", "flash", "m")
    assert (offer.characters, offer.lines, offer.reservation) == (len(CALL), 1, None)
    assert CALL not in repr(e.records)


def test_shown_again_while_it_is_typed_it_is_the_same():
    e = editor()
    numbers = e.show(CALL)
    for at in range(1, 5):
        e.type(CALL[at - 1])
        numbers += e.show(CALL[at:])

    assert numbers == [1] * 5
    assert len(e.offers) == 1


def test_typed_away_from_and_come_back_to_it_is_the_same():
    e = editor()
    e.show(CALL)
    e.type("x")
    e.edit(e.cursor - 1, e.cursor, "")
    e.type("e")

    assert e.show(CALL[1:]) == [1]


def test_another_one_in_its_place_ends_it():
    e = editor()
    assert e.show(CALL) == [1]
    e.type("x")
    assert e.show("_plain()") == [2]

    assert e.news == [(1, "ignored", 0)]


def test_of_several_the_first_is_shown_and_another_one_when_it_is_taken():
    e = editor()
    assert e.show(CALL, "close()") == [1, 2]
    assert [offer.number for offer in e.offers] == [1]
    e.insert("close()")

    assert [offer.number for offer in e.offers] == [1, 2]
    assert e.news == [(2, "accepted", 7)]
    e.show("other")
    assert (1, "ignored", 0) in e.news


def test_what_the_editor_says_it_displayed_is_noted_once():
    e = editor()
    (first, second) = e.show(CALL, "close()")
    e.suggestions.displayed(second)
    e.suggestions.displayed(second)
    e.suggestions.displayed(99)

    assert e.news == [(second, "displayed", 0)]
    assert [offer.number for offer in e.offers] == [first, second]


# -- what is accepted ------------------------------------------------------------------------------


def test_all_of_it_inserted_at_once_is_accepted():
    e = editor()
    e.show(CALL)
    e.insert(CALL)

    assert e.news == [(1, "accepted", len(CALL))]


def test_typing_all_of_it_is_not_acceptance():
    e = editor()
    e.show(CALL)
    e.type(CALL)
    e.show("x")

    assert e.news == [(1, "ignored", len(CALL))]


def test_typed_characters_are_not_accepted_with_the_rest():
    e = editor()
    e.show(CALL)
    e.type("exe")
    e.insert(CALL[3:])

    assert e.news == [(1, "accepted", len(CALL) - 3)]


def test_word_by_word_is_partly_and_in_the_end_accepted():
    e = editor()
    e.show(CALL)
    for word in ("execute", "(query", ").scalar", "()"):
        e.insert(word, 0.1 if word.startswith(")") else 1.0)

    # The last word could as well be a bracket that was typed and closed by the editor.
    assert e.news == [(1, "partly", 7), (1, "partly", 6), (1, "partly", 8)]
    e.suggestions.accepted(1)
    assert e.news[3:] == [(1, "accepted", 2)]


@pytest.mark.parametrize("told_first", [True, False])
def test_told_and_seen_is_once(told_first):
    e = editor()
    e.show(CALL)
    e.type("ex")
    if told_first:
        e.suggestions.accepted(1)
    e.insert(CALL[2:])
    e.suggestions.accepted(1)

    assert e.news == [(1, "accepted", len(CALL) - 2)]
    e.wait(30)
    assert e.news[1:] == [(1, "kept_30s", len(CALL) - 2)]


def test_told_and_not_seen_counts_but_nothing_is_known_of_its_keeping():
    e = editor()
    e.show(CALL)
    e.suggestions.accepted(1)
    e.wait(600)

    assert e.news == [(1, "accepted", len(CALL))]


def test_told_of_what_was_taken_for_typing_is_counted():
    e = editor("x = [", "]\n")
    e.show("a]")
    e.type("a")
    e.insert("]")  # a single character: a key as well as an acceptance
    assert e.news == []
    e.suggestions.accepted(1)
    e.wait(30)

    assert e.news == [(1, "accepted", 1), (1, "kept_30s", 1)]


def test_what_comes_right_behind_a_key_was_typed_with_it():
    e = editor()
    e.show(CALL)
    e.type("e")
    e.insert("xecu", 0.14)
    assert e.news == []
    e.insert(CALL[5:], 0.14)  # no fingers do that

    assert e.news == [(1, "accepted", len(CALL) - 5)]


@pytest.mark.parametrize(
    ("text", "inserted"),
    [("    return x", "    "), ("()", "()"), ("\n    pass", "\n    "), ('""', '""')],
)
def test_a_key_that_does_more_than_one_character_is_a_key(text, inserted):
    e = editor("def f():\n", "\n")
    e.show(text)
    e.insert(inserted)

    assert e.news == []


def test_what_is_inserted_after_it_went_out_of_sight_is_not_accepted():
    e = editor()
    e.show(CALL)
    e.edit(0, 0, "# header\n")
    e.cursor = len(e.text) - 1
    e.insert(CALL)
    assert e.news == []
    e.suggestions.accepted(1)  # but the editor knows better

    assert e.news == [(1, "accepted", len(CALL))]


def test_other_words_than_its_own_are_not_accepted():
    e = editor()
    e.show(CALL)
    e.insert("execute(other)")
    e.show("x")

    assert e.news == [(1, "ignored", 0)]


def test_a_menus_entry_is_taken_whole():
    e = editor()
    e.show(CALL, menu=True)
    e.insert("execute")  # an entry of another server
    assert e.news == []
    e.show(CALL[7:], menu=True)
    e.insert(CALL[7:])

    assert e.news == [(1, "accepted", len(CALL) - 7)]


def test_deleted_and_accepted_again_is_once():
    e = editor()
    e.show(CALL)
    e.insert("execute")
    e.edit(e.cursor - 7, e.cursor, "")
    e.show(CALL)
    e.insert(CALL)

    assert e.news == [(1, "partly", 7), (1, "accepted", len(CALL) - 7)]


def test_a_line_that_is_replaced_by_itself_and_more_is_an_insertion():
    e = editor("x\n    return session.")
    e.show(CALL)
    e.edit(2, e.cursor, "    return session." + CALL)

    assert e.news == [(1, "accepted", len(CALL))]


def test_an_editor_that_compares_texts_may_see_a_block_one_line_later():
    e = editor("def f(items):", "\n\nx = 1\n")
    e.show(BLOCK)
    e.edit(e.cursor + 1, e.cursor + 1, BLOCK[1:] + "\n")
    e.wait(30)

    assert e.news == [(1, "accepted", len(BLOCK)), (1, "kept_30s", len(BLOCK))]


# -- what Copilot's clients tell -------------------------------------------------------------------


def test_a_part_is_told_in_units_of_the_item():
    e = editor('    name = "\U0001f600" + ', "\n")
    text = 'greet("\U0001f600", name)'
    e.show(text)
    lead = len('    name = "\U0001f600" + ') + 1  # the emoji takes two units
    e.suggestions.partly(1, lead + 9)  # greet("😀 and as it is told before the edit
    e.insert(text[:8])

    assert e.news == [(1, "partly", 8)]
    e.suggestions.partly(1, lead + 9)
    assert e.news == [(1, "partly", 8)]
    e.insert(text[8:12])
    e.suggestions.partly(1, lead + 13)
    assert e.news == [(1, "partly", 8), (1, "partly", 4)]


def test_a_part_is_counted_from_the_item_that_came_with_it():
    e = editor()
    e.show(CALL)
    e.suggestions.partly(1, 7, CALL)  # an item without its line's beginning
    e.suggestions.partly(1, 10_000, CALL)
    e.suggestions.partly(2, 5)

    assert e.news == [(1, "partly", 7), (1, "accepted", len(CALL) - 7)]


def test_a_short_word_that_was_told_is_no_typing():
    e = editor()
    e.show("a.b.c")
    e.insert("a.", 0.1)
    assert e.news == []
    e.suggestions.partly(1, 2, "a.b.c")

    assert e.news == [(1, "partly", 2)]
