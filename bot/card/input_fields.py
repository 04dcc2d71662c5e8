"""Fields of forms that stand for inputs of a model, and what was typed there."""

from __future__ import annotations

from typing import Final

from bot.card import strings
from bot.card.forms import CardForm, FormOption, SubmittedForm
from bot.domain.inputs import Inputs, InputSpec, InputTable, InputValue, plain

ON: Final = plain(value=True)
OFF: Final = plain(value=False)


def on_off() -> list[FormOption]:
    """What a switch can be."""
    return [FormOption(ON, strings.commands.ON()), FormOption(OFF, strings.commands.OFF())]


def add_input(form: CardForm, name: str, table: InputTable, inputs: Inputs) -> None:
    """A field for an input, with what it is set to."""
    label, spec, value = strings.forms.LABELS[name](), table[name], table.effective(inputs, name)
    about = strings.commands.option(spec)
    if name == "prompt":
        form.add_prompt(label, about, default=inputs.prompt)
    elif spec.choices or spec.kind == "boolean":
        options = [FormOption(choice, choice) for choice in spec.choices] or on_off()
        form.add_select(name, label, options, None if value is None else plain(value))
    else:
        given = inputs.value(name)
        form.add_line(name, label, about, None if given is None else plain(given))


def typed_input(form: SubmittedForm, spec: InputSpec, before: Inputs) -> InputValue | None:
    """The value of such a field; None where the input was not set, and stays so.

    Raises:
        NotANumber: it holds no number where one is wanted.
    """
    name, label = spec.name, strings.forms.LABELS[spec.name]()
    value: InputValue | None
    match spec.kind:
        case "integer":
            return form.number(name, label)
        case "number":
            return form.decimal(name, label)
        case "boolean":
            value = form.text(name) == ON
        case _:
            value = form.text(name)
    # What a select shows where nothing was chosen is the model's own default.
    return None if before.value(name) is None and value == spec.default else value
