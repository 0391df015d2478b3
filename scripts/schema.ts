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
  const { $schema, ...rest } = schema;
  return {
    $schema,
    title: 'Loss Lab experiment',
    description: 'What to train: data, model, loss, optimizer. Everything with a default may be left out.',
    allowTrailingCommas: false,
    ...rest,
  };
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
