// The synced commands as people can call them: sub-commands flattened, found by name, read from a line.

export const OPTION = {
  SUB: 1,
  GROUP: 2,
  STRING: 3,
  INTEGER: 4,
  BOOLEAN: 5,
  USER: 6,
  CHANNEL: 7,
  ROLE: 8,
  MENTIONABLE: 9,
  NUMBER: 10,
  ATTACHMENT: 11,
};

/** Callable slash commands: {key, commandId, path, name, description, options}; options required first; in this language. */
export function callableCommands(commands, locale = "en-US") {
  const out = [];
  const said = (one) => ({
    ...one,
    description: one.description_localizations?.[locale] ?? one.description,
    choices: one.choices?.map((choice) => ({
      ...choice,
      name: choice.name_localizations?.[locale] ?? choice.name,
    })),
    options: one.options?.map(said),
  });
  const visit = (commandId, path, { description, options = [] }) => {
    const inner = options.filter(({ type }) => type === OPTION.SUB || type === OPTION.GROUP);
    if (inner.length) {
      for (const option of inner) visit(commandId, [...path, option.name], option);
      return;
    }
    const sorted = [
      ...options.filter((option) => option.required),
      ...options.filter((option) => !option.required),
    ];
    const name = path.join(" ");
    out.push({ key: `${commandId}:${name}`, commandId, path, name, description, options: sorted });
  };
  for (const command of commands) if ((command.type ?? 1) === 1) visit(command.id, [command.name], said(command));
  return out.sort((a, b) => a.name.localeCompare(b.name));
}

/** Commands that match what is typed after the slash, best first. */
export function findCommands(callables, typed) {
  const words = typed.toLowerCase().trim();
  const rank = ({ name, description }) => {
    if (name.startsWith(words)) return 0;
    if (name.includes(words)) return 1;
    return description.toLowerCase().includes(words) ? 2 : 3;
  };
  return callables
    .map((callable) => [rank(callable), callable])
    .filter(([place]) => place < 3)
    .sort((a, b) => a[0] - b[0])
    .map(([, callable]) => callable);
}

/**
 * Reads "/name option: value other: value" as a command and its typed values. Words before the first
 * option are the first text that is required; what fits none is `unknown`.
 * Null unless the line starts with a whole command name followed by a space or its end.
 */
export function readCommandLine(callables, line) {
  const text = line.trimStart();
  if (!text.startsWith("/")) return null;
  const called = [...callables]
    .sort((a, b) => b.name.length - a.name.length)
    .find(({ name }) => text === `/${name}` || text.startsWith(`/${name} `));
  if (!called) return null;
  const rest = text.slice(called.name.length + 1);
  const marks = called.options
    .map(({ name }) => ({
      name,
      match: new RegExp(`(?:^|\\s)${name.replace(/[.*+?^${}()|[\]\\]/gu, "\\$&")}:[ ]?`, "u").exec(rest),
    }))
    .filter(({ match }) => match)
    .sort((a, b) => a.match.index - b.match.index);
  const values = new Map(
    marks.map(({ name, match }, index) => [
      name,
      rest.slice(match.index + match[0].length, marks[index + 1]?.match.index).trim(),
    ]),
  );
  const leading = rest.slice(0, marks[0]?.match.index).trim();
  const first = called.options.find(({ required, type }) => required && type === OPTION.STRING);
  const fits = leading && first && !values.has(first.name) && !/^[a-z_]+:/u.test(leading);
  if (fits) values.set(first.name, leading);
  return { called, values, unknown: fits ? "" : leading };
}

/** Nests a sub-command's options the way Discord sends them. */
export function nestOptions(path, options) {
  return path.slice(1).reduceRight((inner, name, index) => {
    const deepest = index === path.length - 2;
    return [{ name, type: deepest ? OPTION.SUB : OPTION.GROUP, options: inner }];
  }, options);
}

/** What a value must be, in a few words: shown beside the option's description. */
export function limitsText(option) {
  const { type, min_value: min, max_value: max, min_length: least, max_length: most } = option;
  const range = (low, high, unit) => {
    if (low !== undefined && high !== undefined) return `${low}–${high}${unit}`;
    if (low !== undefined) return `at least ${low}${unit}`;
    return high === undefined ? "" : `at most ${high}${unit}`;
  };
  if (option.choices?.length) return `${option.choices.length} choices`;
  if (type === OPTION.INTEGER) return ["whole number", range(min, max, "")].filter(Boolean).join(", ");
  if (type === OPTION.NUMBER) return ["number", range(min, max, "")].filter(Boolean).join(", ");
  if (type === OPTION.STRING) return range(least || undefined, most, " characters");
  return (
    {
      [OPTION.BOOLEAN]: "true or false",
      [OPTION.ATTACHMENT]: "a file",
      [OPTION.USER]: "a person",
      [OPTION.CHANNEL]: "a channel",
    }[type] ?? ""
  );
}
