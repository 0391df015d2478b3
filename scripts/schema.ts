import { toJsonSchema } from '@valibot/to-json-schema';
import { inConvention } from '../src/core/losses/conventions.ts';
import type { Loss, Parameter } from '../src/core/losses/loss.ts';
import { experimentSchema } from '../src/core/training/experiment.ts';

/** A JSON object that is edited in place while the schema is put together. */
interface Draft {
  [key: string]: unknown;
}

/**
 * The JSON schema of `*.losslab.json`, draft-07 (what VS Code reads), from the same valibot schema that parses the
 * file. The catalogue adds what valibot cannot know: the ids of the losses, and the parameters of each.
 */
export function experimentJsonSchema(losses: readonly Loss[]): Draft {
  const schema = toJsonSchema(experimentSchema, {
    target: 'draft-07',
    typeMode: 'input',
    overrideAction: ({ valibotAction, jsonSchema }) => {
      // JSON has no other numbers than finite ones.
      if (valibotAction.type === 'finite') return jsonSchema;
      if (valibotAction.type === 'safe_integer') return { ...jsonSchema, type: 'integer' };
      return undefined;
    },
  }) as Draft;
  const loss = object(schema, 'properties', 'loss');
  const id = object(loss, 'properties', 'id');
  delete id['pattern'];
  id['enum'] = losses.map((l) => l.id);
  id['enumDescriptions'] = losses.map((l) => `${l.name}. ${l.meaning}`);
  loss['allOf'] = losses.map((l) => ({
    if: { properties: { id: { const: l.id } }, required: ['id'] },
    then: definitionsSchema(l),
  }));
  const { $schema, ...rest } = withDefinitions(schema);
  return {
    $schema,
    title: 'Loss Lab experiment',
    description: 'What to train: data, model, loss, optimizer. Everything with a default may be left out.',
    allowTrailingCommas: false,
    ...rest,
  };
}

/** Shortest text of a part that is worth a definition of its own. */
const worthDefining = 500;

/** The schema with what it says several times said once, under `definitions`. */
function withDefinitions(schema: Draft): Draft {
  const counts = new Map<string, number>();
  const count = (node: unknown): void => {
    if (typeof node !== 'object' || node === null) return;
    const text = JSON.stringify(node);
    if (text.length < worthDefining) return;
    const seen = (counts.get(text) ?? 0) + 1;
    counts.set(text, seen);
    if (seen === 1) Object.values(node).forEach(count);
  };
  count(schema);

  const definitions: Draft = {};
  const names = new Map<string, string>();
  const define = (key: string, text: string, node: object): Draft => {
    let name = names.get(text);
    if (name === undefined) {
      name = key;
      for (let n = 2; name in definitions; n++) name = `${key}${n}`;
      names.set(text, name);
      definitions[name] = undefined; // the name is taken while its parts are defined
      definitions[name] = inside(node);
    }
    return { $ref: `#/definitions/${name}` };
  };
  const inside = (node: object): unknown =>
    Array.isArray(node)
      ? node.map((each: unknown) => shared('part', each))
      : Object.fromEntries(Object.entries(node).map(([key, value]) => [key, shared(key, value)]));
  const shared = (key: string, node: unknown): unknown => {
    if (typeof node !== 'object' || node === null) return node;
    const text = JSON.stringify(node);
    return (counts.get(text) ?? 0) > 1 && !Array.isArray(node) && 'description' in node
      ? define(key, text, node)
      : inside(node);
  };
  return { ...(inside(schema) as Draft), definitions };
}

/** The definitions of a loss, and the parameters of the one that is chosen. */
function definitionsSchema(loss: Loss): Draft {
  const conventions = loss.conventions ?? [];
  const own = parametersSchema(loss);
  const convention =
    conventions.length === 0
      ? { not: {} }
      : {
          enum: conventions.map(({ id }) => id),
          enumDescriptions: conventions.map(({ users, differs }) => `${users}. ${differs}`),
        };
  const others = conventions.filter(({ parameters }) => parameters !== undefined);
  if (others.length === 0) return { properties: { convention, parameters: own } };
  const chosen = (id: string): Draft => ({
    properties: { convention: { const: id } },
    required: ['convention'],
  });
  return {
    properties: { convention },
    if: { anyOf: others.map(({ id }) => chosen(id)) },
    then: {
      allOf: others.map(({ id }) => ({
        if: chosen(id),
        then: { properties: { parameters: parametersSchema(inConvention(loss, id)) } },
      })),
    },
    else: { properties: { parameters: own } },
  };
}

/** What an experiment may set of a loss: its parameters, and the options that have a range. */
function parametersSchema(loss: Loss): Draft {
  const options = (loss.options ?? []).flatMap(({ id, meaning, neutral, range }) =>
    range === undefined ? [] : [{ id, meaning, default: neutral, ...range }],
  );
  const properties = [...loss.parameters, ...options].map(
    (p: Omit<Parameter, 'symbol'> & { readonly maxExclusive?: boolean }): [string, Draft] => [
      p.id,
      {
        type: 'number',
        description: p.meaning,
        default: p.default,
        ...(Number.isFinite(p.min)
          ? { [p.minExclusive === true ? 'exclusiveMinimum' : 'minimum']: p.min }
          : {}),
        ...(Number.isFinite(p.max)
          ? { [p.maxExclusive === true ? 'exclusiveMaximum' : 'maximum']: p.max }
          : {}),
      },
    ],
  );
  return { properties: Object.fromEntries(properties), additionalProperties: false };
}

function object(root: Draft, ...path: string[]): Draft {
  return path.reduce<Draft>((node, key) => {
    const next = node[key];
    if (typeof next !== 'object' || next === null)
      throw new Error(`The experiment schema has no ${path.join('.')}`);
    return next as Draft;
  }, root);
}
