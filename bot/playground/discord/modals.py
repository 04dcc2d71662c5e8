"""Modals: the forms a bot opens, with the limits Discord sets on them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, Literal, Self

from pydantic import Discriminator, Field, Tag, model_validator

from .components import (
    Component,
    CustomId,
    EntitySelect,
    SelectOption,
    Selects,
    StringSelect,
    check_unique,
    free_ids,
    numbered,
    tag,
)
from .forms import Form, length, required


class TextInput(Component):
    """A text field of a modal."""

    type: Literal[4]
    custom_id: CustomId
    style: Literal[1, 2]
    label: Annotated[str, length(1, 45)] | None = None
    min_length: Annotated[int, Field(ge=0, le=4000)] | None = None
    max_length: Annotated[int, Field(ge=1, le=4000)] | None = None
    required: bool = True
    value: Annotated[str, length(0, 4000)] | None = None
    placeholder: Annotated[str, length(0, 100)] | None = None


class FileUpload(Component):
    """A file field of a modal."""

    type: Literal[19]
    custom_id: CustomId
    min_values: Annotated[int, Field(ge=0, le=10)] = 1
    max_values: Annotated[int, Field(ge=1, le=10)] = 1
    required: bool = True


class ChoiceGroup(Component):
    """Radio buttons (21) or checkboxes (22) of a modal."""

    type: Literal[21, 22]
    custom_id: CustomId
    options: Annotated[tuple[SelectOption, ...], length(1, 10)]
    min_values: Annotated[int, Field(ge=0, le=10)] = 1
    max_values: Annotated[int, Field(ge=1, le=10)] = 1
    required: bool = True


class Checkbox(Component):
    """A single checkbox of a modal."""

    type: Literal[23]
    custom_id: CustomId
    default: bool = False


class TextDisplay(Component):
    """Words in a modal."""

    type: Literal[10]
    content: Annotated[str, length(1, 4000)]


Field_ = Annotated[
    Annotated[TextInput, Tag("~4")]
    | Selects
    | Annotated[FileUpload, Tag("~19")]
    | Annotated[ChoiceGroup, Tag("~21")]
    | Annotated[ChoiceGroup, Tag("~22")]
    | Annotated[Checkbox, Tag("~23")],
    Discriminator(tag),
]
ModalField = TextInput | StringSelect | EntitySelect | FileUpload | ChoiceGroup | Checkbox


class InputRow(Component):
    """A row of a modal: one text input, which then must have its own label."""

    type: Literal[1]
    components: Annotated[tuple[TextInput, ...], length(1, 1)]

    @model_validator(mode="after")
    def _check(self) -> Self:
        if self.components[0].label is None:
            raise required("label")
        return self


class Label(Component):
    """A labelled field of a modal."""

    type: Literal[18]
    label: Annotated[str, length(1, 45)]
    description: Annotated[str, length(0, 100)] | None = None
    component: Field_


ModalPart = InputRow | Label | TextDisplay


class Modal(Form):
    """What a bot opens with callback type 9."""

    custom_id: CustomId
    title: Annotated[str, length(1, 45)]
    components: Annotated[
        tuple[
            Annotated[
                Annotated[InputRow, Tag("~1")]
                | Annotated[Label, Tag("~18")]
                | Annotated[TextDisplay, Tag("~10")],
                Discriminator(tag),
            ],
            ...,
        ],
        length(1, 5),
    ]

    @model_validator(mode="after")
    def _check(self) -> Self:
        check_unique(field.custom_id for field in self.fields())
        return self

    def fields(self) -> Iterator[ModalField]:
        """Its fields, top to bottom."""
        for part in self.components:
            if isinstance(part, InputRow):
                yield part.components[0]
            elif isinstance(part, Label):
                yield part.component


def numbered_modal(modal: Modal) -> Modal:
    """The modal with an `id` on every component, counted where the bot gave none."""
    ids = free_ids([part.id for part in modal.components] + [f.id for f in modal.fields()])
    parts: list[ModalPart] = []
    for part in modal.components:
        if isinstance(part, InputRow):
            inputs = (numbered(part.components[0], ids),)
            parts.append(numbered(part, ids, components=inputs))
        elif isinstance(part, Label):
            parts.append(numbered(part, ids, component=numbered(part.component, ids)))
        else:
            parts.append(numbered(part, ids))
    return modal.model_copy(update={"components": tuple(parts)})
