/**
 * A user-facing sentence as a template and its arguments, so that a face can localise it: the extension passes
 * both to `vscode.l10n.t`, the CLI calls {@link english}.
 */
export interface Message {
  /** English text with `{name}` placeholders; also the key of its translation. */
  readonly template: string;
  /** Numbers, names and quotations as they are; words that have a translation of their own as messages. */
  readonly args: Readonly<Record<string, string | number | Message>>;
}

/** Builds a message; every `{placeholder}` of the template needs an argument of that name. */
export function message(template: string, args: Message['args'] = {}): Message {
  return { template, args };
}

/** The message in English. An argument that is missing stays visible as `{name}`. */
export function english({ template, args }: Message): string {
  return template.replace(/\{(\w+)\}/g, (whole, name: string) => {
    const value = args[name] ?? whole;
    return typeof value === 'object' ? english(value) : String(value);
  });
}

/** Sentences, at least one, one after the other as one message. */
export function sentences(...all: readonly [Message, ...(readonly Message[])]): Message {
  return joined(all, (first, next) => message('{first} {next}', { first, next }));
}

/** Words, at least one, as a list: `a, b, c`. */
export function list(...all: readonly [Message, ...(readonly Message[])]): Message {
  return joined(all, (first, next) => message('{first}, {next}', { first, next }));
}

/** Halves before it joins, so that even many messages do not nest deeply. */
function joined(all: readonly Message[], join: (first: Message, next: Message) => Message): Message {
  if (all.length === 1) return all[0]!;
  const half = Math.ceil(all.length / 2);
  return join(joined(all.slice(0, half), join), joined(all.slice(half), join));
}

/** What is wrong, and where: in a file (1-based row and column) or at a path of a JSON document. */
export interface Problem {
  readonly message: Message;
  readonly where?: {
    readonly file?: string;
    readonly row?: number;
    readonly column?: string | number;
    readonly path?: string;
  };
}

/** What every parser and every check returns: a value with warnings, or the reasons why there is none. */
export type Result<T> =
  | { readonly ok: true; readonly value: T; readonly warnings: readonly Problem[] }
  | { readonly ok: false; readonly problems: readonly Problem[] };

/** A good result. */
export function ok<T>(value: T, warnings: readonly Problem[] = []): Result<T> {
  return { ok: true, value, warnings };
}

/** A bad result of one problem. */
export function bad(problem: Message, where?: Problem['where']): Result<never> {
  return { ok: false, problems: [where === undefined ? { message: problem } : { message: problem, where }] };
}
