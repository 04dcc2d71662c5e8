from __future__ import annotations

import json
import logging
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import JsonValue

from bot.domain.errors import (
    AccessForbidden,
    CreditMissing,
    InputRefused,
    ReplicateError,
    ReplyBroken,
    ServiceFault,
    ThingUnknown,
    Throttled,
    TokenRefused,
)
from bot.domain.inputs import Inputs
from bot.domain.prediction import Prediction, same_version
from bot.replicate import models
from bot.replicate.models import (
    Account,
    ModelVersion,
    PredictionPage,
    read_file,
    read_prediction,
)
from bot.replicate.protocol import (
    api_root,
    create_body,
    create_headers,
    decipher,
    request_headers,
)

NOW = datetime(2026, 4, 9, 12, 0, tzinfo=UTC)
JSON_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=12,
)

REFUSED_INPUT = {
    "title": "Input validation failed",
    "detail": "- input.duration: Must be less than or equal to 30\n"
    '- input.model_version: model_version must be one of the following: "large", "melody-large"\n',
    "status": 422,
    "invalid_fields": [{"type": "number_lte", "field": "input.duration", "description": "no"}],
}
UNKNOWN_VERSION = {
    "title": "Invalid version or not permitted",
    "detail": "The specified version does not exist (or perhaps you don't have permission to use "
    "it?)",
    "status": 422,
}


def error_of(
    status: int, body: JsonValue | bytes = b"", headers: dict[str, str] | None = None
) -> ReplicateError:
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    with pytest.raises(ReplicateError) as caught:
        decipher(status, headers or {}, raw, NOW)
    return caught.value


@pytest.mark.parametrize(
    ("status", "body", "kind", "data"),
    [
        (401, {"title": "Unauthenticated", "detail": "no"}, TokenRefused, {}),
        (403, b"<html>", AccessForbidden, {}),
        (402, {"title": "Insufficient credit", "detail": "no"}, CreditMissing, {}),
        (404, {"detail": "Not found."}, ThingUnknown, {"detail": "Not found."}),
        (404, b"<html>nothing here</html>", ThingUnknown, {"detail": ""}),
        (422, UNKNOWN_VERSION, ThingUnknown, {"detail": UNKNOWN_VERSION["detail"]}),
        (
            422,
            REFUSED_INPUT,
            InputRefused,
            {
                "detail": "duration: Must be less than or equal to 30\nmodel_version: "
                'model_version must be one of the following: "large", "melody-large"'
            },
        ),
        (400, {"title": "Bad request"}, InputRefused, {"detail": "Bad request"}),
        (
            413,
            {"detail": "Files must be less than 100MB in size"},
            InputRefused,
            {"detail": "Files must be less than 100MB in size"},
        ),
        (422, b"\xff\xfe", InputRefused, {"detail": ""}),
        (422, ["no object"], InputRefused, {"detail": ""}),
        (429, {}, Throttled, {"retry_after_s": None, "low_credit": False}),
        (500, b"", ServiceFault, {"status": 500}),
        (503, b"<html>cloudflare</html>", ServiceFault, {"status": 503}),
        (409, {"detail": "busy"}, ServiceFault, {"status": 409}),
        (302, b"", ServiceFault, {"status": 302}),
        (200, b"", ReplyBroken, {"detail": "status 200, 0 bytes that are no JSON"}),
        (201, b'{"id": ', ReplyBroken, {"detail": "status 201, 7 bytes that are no JSON"}),
        (200, b'{"a": NaN}', ReplyBroken, {"detail": "status 200, 10 bytes that are no JSON"}),
        (200, b"[" * 5000, ReplyBroken, {"detail": "status 200, 5000 bytes that are no JSON"}),
    ],
)
def test_each_refusal_is_its_type_with_its_data(
    status: int, body: JsonValue | bytes, kind: type[ReplicateError], data: dict[str, JsonValue]
) -> None:
    error = error_of(status, body)
    assert type(error) is kind
    assert vars(error) == data


@pytest.mark.parametrize("status", [200, 201, 202])
def test_every_good_status_gives_the_json(status: int) -> None:
    assert decipher(status, {}, b'{"id": "x"}') == {"id": "x"}


PROBLEMS: list[tuple[JsonValue, str]] = [
    ({"detail": "  "}, ""),
    ({"detail": "", "title": "Only a title"}, "Only a title"),
    (
        {"detail": None, "invalid_fields": [{"field": "input.seed", "description": "too big"}]},
        "seed: too big",
    ),
    ({"detail": [{"loc": ["body", "input", "seed"], "msg": "not an int"}]}, "seed: not an int"),
    ({"detail": [{"loc": [], "msg": "odd"}, 3, {"loc": ["x"]}]}, "odd"),
    ({"detail": "bell\x07 and\ttab"}, "bell and tab"),
    (
        {"detail": "cannot read https://host/a.wav?sig=secret&e=1 at all"},
        "cannot read https://host/a.wav at all",
    ),
    ({"detail": "x" * 9000}, "x" * 500),
]


@pytest.mark.parametrize(("problem", "detail"), PROBLEMS)
def test_the_detail_is_the_apis_words_without_its_noise(problem: JsonValue, detail: str) -> None:
    error = error_of(422, problem)
    assert isinstance(error, InputRefused)
    assert error.detail == detail


LOW_CREDIT: JsonValue = {
    "detail": "Request was throttled. Your rate limit for creating predictions is reduced to 6 "
    "requests per minute with a burst of 1 requests while you have less than $5.0 in credit. "
    "Your rate limit resets in ~10s.",
    "retry_after": 5,
}


@pytest.mark.parametrize(
    ("headers", "body", "retry_after_s"),
    [
        ({"Retry-After": "7"}, LOW_CREDIT, 7.0),
        ({"retry-after": "1.5"}, {}, 1.5),
        ({"RETRY-AFTER": "0"}, {}, 0.0),
        ({"Retry-After": "-3"}, {}, 0.0),
        ({"Retry-After": format_datetime(NOW + timedelta(seconds=90), usegmt=True)}, {}, 90.0),
        ({"Retry-After": format_datetime(NOW - timedelta(seconds=90), usegmt=True)}, {}, 0.0),
        (
            {
                # A server whose clock is a day ahead means its own tomorrow.
                "Date": format_datetime(NOW + timedelta(days=1), usegmt=True),
                "Retry-After": format_datetime(NOW + timedelta(days=1, seconds=20), usegmt=True),
            },
            {},
            20.0,
        ),
        ({"Retry-After": "soon"}, LOW_CREDIT, 5.0),
        ({"Retry-After": "nan"}, {}, None),
        ({}, LOW_CREDIT, 5.0),
        ({}, {"retry_after": "8"}, 8.0),
        ({}, {"retry_after": True}, None),
        ({}, {"detail": "Request was throttled. Your rate limit resets in ~30s."}, 30.0),
        ({}, b"slow down, ~2s", 2.0),
        ({}, {"detail": "Request was throttled."}, None),
    ],
)
def test_when_to_try_again_is_read_from_header_body_or_text(
    headers: dict[str, str], body: JsonValue | bytes, retry_after_s: float | None
) -> None:
    error = error_of(429, body, headers)
    assert isinstance(error, Throttled)
    assert error.retry_after_s == retry_after_s


@given(
    st.integers(200, 599),
    st.dictionaries(st.sampled_from(["Retry-After", "date", "X"]), st.text()),
    st.binary() | JSON_VALUES.map(lambda value: json.dumps(value).encode()),
)
def test_any_answer_is_json_or_a_typed_error(
    status: int, headers: dict[str, str], body: bytes
) -> None:
    if status >= 300:
        with pytest.raises(ReplicateError):
            decipher(status, headers, body, NOW)
    else:
        with suppress(ReplyBroken):
            decipher(status, headers, body, NOW)


# ------------------------------------------------------------------ requests


@pytest.mark.parametrize(
    ("base_url", "root"),
    [
        ("https://api.replicate.com", "https://api.replicate.com/v1"),
        ("https://api.replicate.com/v1/", "https://api.replicate.com/v1"),
        ("http://localhost:5000/proxy", "http://localhost:5000/proxy/v1"),
    ],
)
def test_the_base_may_be_written_with_its_version_or_without(base_url: str, root: str) -> None:
    assert str(api_root(base_url)) == root


def test_the_body_holds_what_is_set_and_zero_is_set() -> None:
    inputs = Inputs("lo-fi", top_p=0.0, top_k=0, seed=7, continuation=False)
    assert json.loads(create_body("abc", inputs)) == {
        "version": "abc",
        "input": {"prompt": "lo-fi", "continuation": False, "top_k": 0, "top_p": 0.0, "seed": 7},
    }


def test_the_headers_say_who_asks_and_when_to_stop() -> None:
    headers = request_headers("r8_x") | create_headers(1800)
    assert headers["Authorization"] == "Token r8_x"
    assert headers["Cancel-After"] == "1800s"
    assert headers["User-Agent"]
    assert create_headers(1)["Cancel-After"] == "5s"


@pytest.mark.parametrize(
    ("version", "other", "same"),
    [
        ("abc", "abc", True),
        ("meta/musicgen:abc", "abc", True),
        ("abc", "meta/musicgen:abc", True),
        ("abc", "abd", False),
        ("abc", None, False),
    ],
)
def test_a_version_is_known_with_and_without_its_model(
    version: str, other: str | None, same: bool
) -> None:
    assert same_version(version, other) is same


# ------------------------------------------------------------------ what answers hold

RECORDED_CREATE: JsonValue = {
    "id": "ufawqhfynnddngldkgtslldrkq",
    "model": "meta/musicgen",
    "version": "671ac645",
    "input": {"prompt": "lo-fi", "seed": 7, "duration": 8},
    "logs": "",
    "error": None,
    "status": "starting",
    "created_at": "2024-01-01T12:00:00.123456789Z",
    "urls": {"cancel": "https://x/cancel", "get": "https://x"},
}


def test_a_recorded_create_is_read_though_it_lacks_documented_fields() -> None:
    prediction = read_prediction(RECORDED_CREATE)
    assert prediction == Prediction(
        id="ufawqhfynnddngldkgtslldrkq",
        status="starting",
        version="671ac645",
        inputs={"prompt": "lo-fi", "seed": 7, "duration": 8},
        created_at=datetime(2024, 1, 1, 12, 0, 0, 123456, tzinfo=UTC),
    )
    assert not prediction.ended


def test_a_finished_prediction_is_read_whole() -> None:
    prediction = read_prediction(
        {
            "id": "p",
            "status": "succeeded",
            "output": "https://replicate.delivery/x/out.wav",
            "error": None,
            "logs": "Using seed 7\n  1 /  400\n",
            "metrics": {"predict_time": 12.5, "total_time": 60},
            "created_at": "2024-01-01T12:00:00Z",
            "started_at": "2024-01-01T12:01:00",
            "completed_at": "2024-01-01T14:02:00+01:00",
            "data_removed": False,
        }
    )
    assert prediction.ended
    assert prediction.output_url == "https://replicate.delivery/x/out.wav"
    assert prediction.predict_time_s == 12.5
    assert prediction.started_at == datetime(2024, 1, 1, 12, 1, tzinfo=UTC)
    assert prediction.completed_at == datetime(2024, 1, 1, 13, 2, tzinfo=UTC)
    for secret in ("replicate.delivery", "Using seed"):
        assert secret not in repr(prediction)


@pytest.mark.parametrize(
    ("field", "value", "name", "read"),
    [
        ("logs", None, "logs", ""),
        ("logs", 3, "logs", ""),
        ("error", "", "error", ""),
        ("error", {"code": "E1"}, "error", '{"code": "E1"}'),
        ("input", None, "inputs", {}),
        ("input", "none", "inputs", {}),
        ("input", {"seed": 0, "prompt": ["no"]}, "inputs", {"seed": 0, "prompt": ["no"]}),
        ("metrics", None, "predict_time_s", None),
        ("metrics", {"predict_time": "fast"}, "predict_time_s", None),
        ("metrics", {"predict_time": -1}, "predict_time_s", None),
        ("created_at", "yesterday", "created_at", None),
        ("created_at", {}, "created_at", None),
        ("version", 7, "version", None),
        ("data_removed", True, "data_removed", True),
        ("data_removed", None, "data_removed", False),
        ("data_removed", "perhaps", "data_removed", False),
    ],
)
def test_an_odd_field_spoils_only_itself(
    field: str, value: JsonValue, name: str, read: JsonValue
) -> None:
    prediction = read_prediction({"id": "p", "status": "starting", field: value})
    assert getattr(prediction, name) == read


@pytest.mark.parametrize(
    ("output", "url"),
    [
        (None, None),
        ("", None),
        ([], None),
        ("https://h/a.wav", "https://h/a.wav"),
        ("data:audio/wav;base64,AAAA", "data:audio/wav;base64,AAAA"),
        (["https://h/a.wav", "https://h/b.mp4"], "https://h/a.wav"),
        ("just words", None),
        ([{"audio": "https://h/a.wav"}], None),
        ({"variation_01": "https://h/a.wav"}, None),
        (7, None),
    ],
)
def test_the_output_is_the_first_address_or_none(output: JsonValue, url: str | None) -> None:
    prediction = read_prediction({"id": "p", "status": "succeeded", "output": output})
    assert prediction.output_url == url


@pytest.mark.parametrize(
    ("status", "ended"),
    [
        ("starting", False),
        ("processing", False),
        ("succeeded", True),
        ("failed", True),
        ("canceled", True),
        ("aborted", True),
    ],
)
def test_the_statuses_that_end_are_known(status: str, ended: bool) -> None:
    assert read_prediction({"id": "p", "status": status}).ended is ended


def test_an_unknown_status_goes_on_and_is_reported_once(caplog: pytest.LogCaptureFixture) -> None:
    models._report_unknown.cache_clear()  # pyright: ignore[reportPrivateUsage] - counts from zero
    with caplog.at_level(logging.WARNING):
        read = [read_prediction({"id": "p", "status": "pondering"}) for _ in range(3)]
    assert not any(prediction.ended for prediction in read)
    assert [record.levelname for record in caplog.records] == ["WARNING"]
    assert "pondering" in caplog.text


@pytest.mark.parametrize(
    "value",
    [None, [], "p", {}, {"id": "p"}, {"status": "starting"}, {"id": "../account", "status": "x"}],
)
def test_a_prediction_without_id_or_status_is_broken(value: JsonValue) -> None:
    with pytest.raises(ReplyBroken):
        read_prediction(value)


def test_the_smaller_answers_are_read() -> None:
    file: JsonValue = {"id": "f", "urls": {"get": "https://api/v1/files/f"}}
    assert read_file(file).url == "https://api/v1/files/f"
    version: JsonValue = {"id": "v", "openapi_schema": {"a": 1}}
    assert ModelVersion.from_json(version).openapi_schema == {"a": 1}
    assert Account.from_json({"type": "user", "username": "bob"}) == Account(username="bob")
    page: JsonValue = {"next": "https://api/v1/next", "previous": None, "results": []}
    assert PredictionPage.from_json(page) == PredictionPage(results=(), next="https://api/v1/next")
    unreadable: JsonValue = {"next": None, "results": [{"id": "p"}]}
    with pytest.raises(ReplyBroken):
        PredictionPage.from_json(unreadable)


FIELDS = st.sampled_from(
    [
        "id",
        "status",
        "version",
        "input",
        "output",
        "error",
        "logs",
        "metrics",
        "created_at",
        "urls",
        "results",
        "next",
    ]
)


@given(JSON_VALUES | st.dictionaries(FIELDS, JSON_VALUES))
def test_any_json_is_an_answer_or_broken(value: JsonValue) -> None:
    kinds = (PredictionPage, ModelVersion, Account)
    for read in (read_prediction, read_file, *(kind.from_json for kind in kinds)):
        with suppress(ReplyBroken):
            read(value)


@given(st.dictionaries(FIELDS, JSON_VALUES))
def test_with_an_id_and_a_status_any_rest_is_tolerated(rest: dict[str, JsonValue]) -> None:
    assert read_prediction({**rest, "id": "p", "status": "starting"}).id == "p"
