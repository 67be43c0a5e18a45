"""The dialects, pure: a request to what is sent, what is answered to events."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tandem.core.errors import Failure, ModelError
from tandem.core.model import (
    Billed,
    Dialect,
    ExtraFile,
    FimRequest,
    ReasoningDelta,
    Stop,
    Stopped,
    TextDelta,
    Usage,
)
from tandem.providers import llama_cpp, ollama
from tandem.providers.dialects import exchange

EXTRA = (ExtraFile("a.py", "# a.py\nA = 1\n"),)
REQUEST = FimRequest("m", "before", "after", 10, ("\n",), 0.2, "python")
WITH_EXTRA = FimRequest("m", "before", "after", 10, ("\n",), 0.2, "python", EXTRA)
OPENAI_BODY = {
    "model": "m", "prompt": "before", "suffix": "after", "max_tokens": 10, "temperature": 0.2,
    "stream": True, "stream_options": {"include_usage": True}, "stop": ["\n"],
}  # fmt: skip
COMPLETIONS = [d for d in Dialect if d not in {Dialect.LLAMA_CPP, Dialect.OLLAMA}]
TEMPLATED = [d for d in Dialect if d.value.startswith("template:")]


@pytest.mark.parametrize("dialect", [Dialect.DEEPSEEK, Dialect.OPENAI])
def test_a_suffix_goes_as_openai_has_it(dialect):
    found = exchange(dialect, REQUEST)

    assert (found.path, found.body, found.unlisted) == ("/completions", OPENAI_BODY, {})


def test_mistral_is_sent_no_field_that_it_does_not_know():
    found = exchange(Dialect.MISTRAL, REQUEST)

    assert found.path == "/fim/completions"
    assert found.body == {k: v for k, v in OPENAI_BODY.items() if k != "stream_options"}


def test_a_template_is_one_prompt_whose_stops_are_seen():
    found = exchange(Dialect.TEMPLATE_GRANITE, REQUEST)

    assert found.path == "/completions"
    assert found.body == {
        **{k: v for k, v in OPENAI_BODY.items() if k != "suffix"},
        "prompt": "<|fim_prefix|>before<|fim_suffix|>after<|fim_middle|>",
        "stop": ["\n", "<|end_of_text|>", "<|fim_pad|>"],
    }
    assert found.unlisted == {"skip_special_tokens": False}


def test_llama_cpp_is_sent_its_own_names_and_no_prompt():
    found = exchange(Dialect.LLAMA_CPP, WITH_EXTRA)

    assert found.path == "/infill"
    assert found.body == {
        "model": "m",
        "input_prefix": "before",
        "input_suffix": "after",
        "input_extra": [{"filename": "a.py", "text": "# a.py\nA = 1\n"}],
        "prompt": "",
        "n_predict": 10,
        "temperature": 0.2,
        "stop": ["\n"],
        "cache_prompt": True,
        "stream": True,
        "response_fields": [
            "content", "stop", "stop_type", "tokens_evaluated", "tokens_predicted", "timings",
        ],
    }  # fmt: skip


def test_ollama_is_sent_options_and_no_thinking():
    found = exchange(Dialect.OLLAMA, REQUEST)

    assert found.path == "/api/generate"
    assert (found.media, found.line_mark) == ("application/x-ndjson", b"")
    assert found.body == {
        "model": "m",
        "prompt": "before",
        "suffix": "after",
        "stream": True,
        "think": False,
        "options": {"num_predict": 10, "temperature": 0.2, "stop": ["\n"]},
    }


def test_the_end_of_a_file_is_a_suffix_for_ollama():
    found = exchange(Dialect.OLLAMA, FimRequest("m", "before", "", 10))

    assert found.body["suffix"] == "\n"


@pytest.mark.parametrize("dialect", set(Dialect) - {Dialect.LLAMA_CPP})
def test_pieces_of_other_files_come_before_the_prompt_where_there_is_no_place_for_them(dialect):
    plain, told = exchange(dialect, REQUEST), exchange(dialect, WITH_EXTRA)

    assert told.body["prompt"] == plain.body["prompt"].replace("before", "# a.py\nA = 1\nbefore")
    assert {**told.body, "prompt": ""} == {**plain.body, "prompt": ""}


@pytest.mark.parametrize("dialect", Dialect)
def test_what_is_sent_is_json(dialect):
    body = exchange(dialect, WITH_EXTRA).body

    assert json.loads(json.dumps(body)) == body


CHUNKS = [
    {"model": "/models/x", "choices": [{"text": "a", "index": 0}]},
    {"model": "/models/x", "choices": [{"text": "b", "finish_reason": "stop"}]},
    {"model": "/models/x", "choices": [], "usage": {"prompt_tokens": 5, "completion_tokens": 2}},
]


@pytest.mark.parametrize("dialect", COMPLETIONS)
def test_only_deepseek_is_believed_about_the_model(dialect):
    read = exchange(dialect, REQUEST).events
    model = "/models/x" if dialect is Dialect.DEEPSEEK else ""

    assert [event for chunk in CHUNKS for event in read(chunk)] == [
        TextDelta("a"), TextDelta("b"), Stopped(Stop.END, model), Billed(Usage(0, 5, 2), model),
    ]  # fmt: skip


@pytest.mark.parametrize("dialect", TEMPLATED)
def test_the_mark_of_a_broken_token_is_taken_out_of_the_answer(dialect):
    token = {"template:codestral": "[PREFIX]", "template:codellama": "<PRE>"}
    spelled = token.get(dialect.value, "<|EOT|>" if "deep" in dialect.value else "<|endoftext|>")
    found = exchange(dialect, FimRequest("m", f"T = '{spelled}'", "", 10))
    mark = found.body["prompt"].partition(f"T = '{spelled[0]}")[2][0]

    assert list(found.events({"choices": [{"text": f"x{mark}y"}]})) == [TextDelta("xy")]
    assert list(found.events({"choices": [{"text": mark}]})) == []


# -- llama.cpp -------------------------------------------------------------------------------

# As llama.cpp (xllamacpp 2026.10.11549) sent them, with `response_fields`.
LAST = {
    "content": "", "stop": True, "stop_type": "word", "tokens_evaluated": 38, "tokens_predicted": 6,
    "timings": {"cache_n": 37, "prompt_n": 1, "prompt_ms": 77.6, "predicted_n": 6},
}  # fmt: skip


@pytest.mark.parametrize(
    ("chunk", "expected"),
    [
        ({"index": 0, "content": "_total", "tokens": [10784], "stop": False, "id_slot": -1,
          "tokens_predicted": 5, "tokens_evaluated": 38}, [TextDelta("_total")]),
        ({"index": 0, "content": "", "stop": False, "timings": {"cache_n": 37}}, []),
        (LAST, [Stopped(Stop.END, ""), Billed(Usage(37, 1, 6), "")]),
        ({**LAST, "stop_type": "eos"}, [Stopped(Stop.END, ""), Billed(Usage(37, 1, 6), "")]),
        ({**LAST, "stop_type": "limit"}, [Stopped(Stop.LENGTH, ""), Billed(Usage(37, 1, 6), "")]),
        ({**LAST, "content": "x", "timings": None},
         [TextDelta("x"), Stopped(Stop.END, ""), Billed(Usage(0, 38, 6), "")]),
        ({**LAST, "timings": {"prompt_n": 99}},
         [Stopped(Stop.END, ""), Billed(Usage(0, 38, 6), "")]),
        ({"content": "", "stop": True}, [Stopped(Stop.END, ""), Billed(Usage(), "")]),
    ],
)  # fmt: skip
def test_llama_cpps_chunks(chunk, expected):
    assert list(llama_cpp.events(chunk)) == expected


# -- Ollama ----------------------------------------------------------------------------------

DONE = {
    "model": "m", "created_at": "", "response": "", "done": True, "done_reason": "stop",
    "prompt_eval_count": 17, "eval_count": 3, "eval_duration": 1,
}  # fmt: skip


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ({"model": "m", "response": "a", "done": False}, [TextDelta("a")]),
        ({"model": "m", "response": "", "done": False}, []),
        ({"thinking": "t", "response": "a", "done": False}, [ReasoningDelta("t"), TextDelta("a")]),
        (DONE, [Stopped(Stop.END, ""), Billed(Usage(0, 17, 3), "")]),
        ({**DONE, "done_reason": "length"},
         [Stopped(Stop.LENGTH, ""), Billed(Usage(0, 17, 3), "")]),
        ({**DONE, "prompt_eval_cached_count": 12},
         [Stopped(Stop.END, ""), Billed(Usage(12, 5, 3), "")]),
        ({**DONE, "prompt_eval_cached_count": 99},
         [Stopped(Stop.END, ""), Billed(Usage(17, 0, 3), "")]),
        ({"done": True}, [Stopped(Stop.END, ""), Billed(Usage(), "")]),
    ],
)  # fmt: skip
def test_ollamas_lines(line, expected):
    assert list(ollama.events(line)) == expected


# -- both ------------------------------------------------------------------------------------


@pytest.mark.parametrize("read", [llama_cpp.events, ollama.events])
def test_an_error_in_the_stream_is_the_servers_and_its_words_are_not_kept(read):
    with pytest.raises(ModelError) as caught:
        list(read({"error": {"message": "canary"}}))
    assert caught.value.failure is Failure.SERVER
    assert "canary" not in repr(caught.value)


@pytest.mark.parametrize("read", [llama_cpp.events, ollama.events])
@pytest.mark.parametrize("chunk", [None, 3, "x", [], {}, {"choices": []}, {"object": "page"}])
def test_what_is_no_chunk_is_malformed(read, chunk):
    with pytest.raises(ModelError) as caught:
        list(read(chunk))
    assert caught.value.failure is Failure.MALFORMED


values = st.one_of(
    st.none(), st.booleans(), st.integers(), st.floats(), st.text(max_size=3), st.lists(st.none()),
    st.dictionaries(st.sampled_from(["cache_n", "prompt_n", "predicted_n"]), st.integers()),
)  # fmt: skip
nearly_chunks = st.dictionaries(
    st.sampled_from([
        "content", "stop", "stop_type", "timings", "tokens_evaluated", "tokens_predicted", "error",
        "response", "thinking", "done", "done_reason", "prompt_eval_count", "eval_count",
        "prompt_eval_cached_count",
    ]),
    values,
)  # fmt: skip


@given(st.one_of(values, nearly_chunks), st.sampled_from([llama_cpp.events, ollama.events]))
def test_garbage_is_events_or_a_model_error_and_nothing_else(chunk, read):
    found, failures = [], set()
    try:
        found += read(chunk)
    except ModelError as error:
        failures.add(error.failure)
    assert failures <= {Failure.MALFORMED, Failure.SERVER}
    for event in found:
        if isinstance(event, TextDelta | ReasoningDelta):
            assert event.text
        if isinstance(event, Billed):
            assert min(event.usage.hit, event.usage.miss, event.usage.output) >= 0
    kinds = [type(event) for event in found if isinstance(event, Stopped | Billed)]
    assert kinds in ([], [Stopped, Billed])
