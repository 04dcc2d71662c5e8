"""Request bodies as typed forms, and pydantic's complaints as Discord's 50035 body."""

from __future__ import annotations

from collections.abc import Sequence, Sized
from typing import Annotated, LiteralString, TypeVar, cast

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    JsonValue,
    TypeAdapter,
    model_validator,
)
from pydantic import ValidationError as PydanticError
from pydantic_core import ErrorDetails, PydanticCustomError

from .wire import ApiError, Code, JsonObject

_T = TypeVar("_T")
_Form = TypeVar("_Form", bound=BaseModel)

TAG = "~"
"""First letter of union tags, which pydantic puts in error paths and Discord does not."""


class Form(BaseModel):
    """A part of a request body: null is as good as absent, unknown keys are ignored."""

    model_config = ConfigDict(extra="ignore", frozen=True)

    @model_validator(mode="before")
    @classmethod
    def _without_nulls(cls, value: object) -> object:
        if not isinstance(value, dict):
            return value
        given = cast("JsonObject", value)
        return {k: v for k, v in given.items() if v is not None or k in cls.null_fields()}

    @classmethod
    def null_fields(cls) -> frozenset[str]:
        """The fields where null means something."""
        return frozenset()


def _number(value: object) -> object:
    return int(value) if isinstance(value, str) and value.isdecimal() else value


Snowflake = Annotated[int, BeforeValidator(_number)]


def length(low: int, high: int) -> AfterValidator:
    """A string or list with `low` to `high` characters or entries."""

    def check(value: _T) -> _T:
        size = len(value) if isinstance(value, Sized) else 0
        if low <= size <= high:
            return value
        if low == 0:
            raise fault("BASE_TYPE_MAX_LENGTH", f"Must be {high} or fewer in length.")
        raise fault("BASE_TYPE_BAD_LENGTH", f"Must be between {low} and {high} in length.")

    return AfterValidator(check)


def fault(code: LiteralString, message: str, field: str | None = None) -> PydanticCustomError:
    """A broken rule for a validator to raise; `field` is where in the form it is reported."""
    return PydanticCustomError(code, "{text}", {"text": message, "field": field})


def required(field: str) -> PydanticCustomError:
    """Discord's word for a field that must be there."""
    return fault("BASE_TYPE_REQUIRED", "This field is required", field)


def parse(form: type[_Form], value: JsonValue, *path: str) -> _Form:
    """The value as a form.

    Raises:
        ApiError: 50035 with every problem under its path, as Discord nests them.
    """
    try:
        return form.model_validate({} if value is None else value)
    except PydanticError as error:
        raise _refusal(error, path) from error


def parse_list(forms: TypeAdapter[list[_Form]], value: JsonValue) -> list[_Form]:
    """The value as a list of forms.

    Raises:
        ApiError: 50035 as for `parse`.
    """
    try:
        return forms.validate_python(value)
    except PydanticError as error:
        raise _refusal(error, ()) from error


def refuse(code: str, message: str, *path: str | int) -> ApiError:
    """A single problem as Discord's 50035 body."""
    tree: JsonObject = {}
    _put(tree, path, code, message)
    return ApiError(Code.INVALID_FORM, tree)


def _refusal(error: PydanticError, path: Sequence[str]) -> ApiError:
    tree: JsonObject = {}
    for detail in error.errors(include_url=False):
        location = [step for step in detail["loc"] if not str(step).startswith(TAG)]
        context = detail.get("ctx", {})
        if (field := context.get("field")) is not None:
            location.append(str(field))
        _put(tree, [*path, *location], *_complaint(detail))
    return ApiError(Code.INVALID_FORM, tree)


def _put(tree: JsonObject, path: Sequence[str | int], code: str, message: str) -> None:
    for step in path:
        branch = tree.setdefault(str(step), {})
        if not isinstance(branch, dict):
            raise TypeError(f"a field may not be called _errors: {path}")
        tree = branch
    complaints = tree.setdefault("_errors", [])
    if isinstance(complaints, list):
        complaints.append({"code": code, "message": message})


def _complaint(detail: ErrorDetails) -> tuple[str, str]:
    kind = detail["type"]
    context = detail.get("ctx", {})
    if kind in _BY_TYPE:
        code, message = _BY_TYPE[kind]
        return code, message.format(value=detail["input"], **context)
    return (kind, detail["msg"]) if kind.isupper() else ("BASE_TYPE_INVALID", detail["msg"])


_BY_TYPE = {
    "missing": ("BASE_TYPE_REQUIRED", "This field is required"),
    "literal_error": ("BASE_TYPE_CHOICES", "Value must be one of ({expected})."),
    "union_tag_invalid": ("UNION_TYPE_CHOICES", "Value of field type must be one of its kinds."),
    "union_tag_not_found": ("UNION_TYPE_CHOICES", "Value of field type must be one of its kinds."),
    "greater_than_equal": (
        "NUMBER_TYPE_MIN",
        "int value should be greater than or equal to {ge}.",
    ),
    "less_than_equal": ("NUMBER_TYPE_MAX", "int value should be less than or equal to {le}."),
    "int_type": ("NUMBER_TYPE_COERCE", 'Value "{value}" is not int.'),
    "int_parsing": ("NUMBER_TYPE_COERCE", 'Value "{value}" is not int.'),
    "bool_type": ("BOOLEAN_TYPE_CONVERT", "Must be either true or false."),
    "bool_parsing": ("BOOLEAN_TYPE_CONVERT", "Must be either true or false."),
    "string_type": ("STRING_TYPE_CONVERT", "Could not interpret the value as string."),
    "list_type": ("LIST_TYPE_CONVERT", "Only iterables may be used in a ListType"),
    "model_type": ("MODEL_TYPE_CONVERT", "Only dictionaries may be used in a ModelType"),
    "dict_type": ("DICT_TYPE_CONVERT", "Only dictionaries may be used in a DictType"),
}
