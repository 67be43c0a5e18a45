"""What the demo chooses and shows, as text."""

from pathlib import Path

from tandem.commands.places import Place, choose
from tandem.commands.screen import Palette, Shown, completion, summary

PLAIN = Palette(color=False)
PLACE = Place(Path("/r/a.py"), "python", 9, "    return self.", "total(x)")


def shown(text: str, cost: str = "") -> Shown:
    return Shown(PLACE, "a.py", text, "local", 8.4, cost)


def test_a_completion_is_shown_in_its_place():
    head, line = completion(shown("total(x)"), PLAIN)

    assert head.startswith("a.py:10")
    assert head.endswith("local  8 ms  free")
    assert line == "    return self.⟦total(x)⟧   ✓ as written"


def test_what_the_author_wrote_is_shown_beside_another_completion():
    head, line, written = completion(shown("sum()", "$0.000012"), PLAIN)

    assert head.endswith("8 ms  $0.000012")
    assert line == "    return self.⟦sum()⟧"
    assert written == "    return self.total(x)   ← as written"


def test_the_summary_counts_the_quiet_places_too():
    (line,) = summary([shown("total(x)"), shown("sum()")], 9, PLAIN)

    assert line == (
        "2 completions at 9 places, 1 exactly as written, median 8 ms; "
        "quiet at 7, where nothing was likely enough"
    )
    assert summary([], 9, PLAIN) == ["asked at 9 places, quiet at all of them"]


def test_colors_are_escapes_around_the_same_text():
    colored = "".join(completion(shown("total(x)"), Palette(color=True)))

    assert "\x1b[3;90mtotal(x)\x1b[0m" in colored


def test_places_are_real_lines_cut_in_two_and_the_same_each_time(tmp_path):
    for name in ("one.py", "two.py"):
        lines = [f"value_{n} = compute(items, {n})  # note" for n in range(60)]
        doc = ['"""A module', "about compute(items, 1) = nothing.", '"""']
        (tmp_path / name).write_text("\n".join([*doc, *lines]) + "\n")
    (tmp_path / "short.py").write_text("x = 1\n")
    held = choose(tmp_path, 5, 3)

    assert len(held) == 1
    for item in held:
        for place in item.places:
            assert item.text.split("\n")[place.line].rstrip() == place.before + place.rest
            assert place.line >= 15
            assert place.before.strip()
            assert len(place.rest) >= 4
    assert choose(tmp_path, 5, 3) == held
    assert len(choose(tmp_path, 1, 3)) == 1
