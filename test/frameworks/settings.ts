/** Values of parameters with which the tests call what an api claims. */
import type { Axis } from '../../src/core/expression/expression.ts';
import type { Api, Loss, Parameter } from '../../src/core/losses/loss.ts';

export interface Setting {
  /** Ours, all of them. */
  readonly parameters: Readonly<Record<string, number>>;
  /** Options of the loss that take part. */
  readonly keep: readonly string[];
  /** Keywords that are written in the call; the others are left to the framework's defaults. */
  readonly told: readonly { readonly keyword: string; readonly value: number }[];
  /** Present where a weight for each class is given: its axis. */
  readonly classWeight?: Axis;
}

/** Without any keyword, then with each claimed one at some values, then with all of them. */
export function settingsOf(loss: Loss, api: Api): readonly [Setting, ...Setting[]] {
  const claims = Object.entries(api.keywords ?? {}).map(([keyword, claim]) => ({ keyword, ...claim }));
  const standard: Readonly<Record<string, number>> = {
    ...Object.fromEntries(loss.parameters.map((p) => [p.id, p.default])),
    ...api.fixed,
    ...Object.fromEntries(claims.map((claim) => [claim.parameter, claim.default])),
  };
  const tell = (told: Setting['told'], classWeight?: Axis): Setting => {
    const given = told.map(({ keyword, value }) => [api.keywords![keyword]!.parameter, value] as const);
    const parameters: Record<string, number> = { ...standard, ...Object.fromEntries(given) };
    const keep = Object.keys(parameters).filter((id) => loss.options?.some((option) => option.id === id));
    return {
      parameters,
      keep: classWeight === undefined ? keep : [...keep, 'classWeight'],
      told,
      ...(classWeight === undefined ? {} : { classWeight }),
    };
  };
  // Where the framework has no default that means anything here, the keyword is always written.
  const needed = claims.filter(({ parameter, default: value }) => isRequired(loss, parameter, value));
  const always = needed.map(({ keyword, parameter }) => ({ keyword, value: valuesOf(loss, parameter)[0]! }));
  const plain = tell(always);
  if (api.form === 'string') return [plain];
  const each = claims.flatMap(({ keyword, parameter }) =>
    valuesOf(loss, parameter).map((value) =>
      tell([...always.filter((one) => one.keyword !== keyword), { keyword, value }]),
    ),
  );
  const all = claims.map(({ keyword, parameter }) => ({ keyword, value: valuesOf(loss, parameter).at(-1)! }));
  const classWeight = loss.options?.find(({ id }) => id === 'classWeight')?.axes[0];
  const weighted = api.framework === 'torch' && classWeight !== undefined;
  return [
    plain,
    ...each,
    ...(claims.length > 1 ? [tell(all)] : []),
    ...(weighted ? [tell(always, classWeight), ...(all.length > 0 ? [tell(all, classWeight)] : [])] : []),
  ];
}

/** A claimed default of NaN is Python's None: an option is off then, and a parameter has no value at all. */
function isRequired(loss: Loss, id: string, value: number): boolean {
  return Number.isNaN(value) && loss.parameters.some((p) => p.id === id);
}

/** Values beside the default that tell the parameter from others. */
function valuesOf(loss: Loss, id: string): readonly number[] {
  if (id === 'labelSmoothing') return [0.1];
  if (id === 'positiveWeight') return [3, 0.5];
  if (id === 'ignoreIndex') return [0, 1];
  if (id === 'power') return [0, 1, 1.2, 2, 2.5, 3];
  // Below 0 it means no weights, which frameworks write in different ways.
  if (id === 'alpha' && loss.id === 'binary-focal') return [0.4, 0.8];
  const parameter = loss.parameters.find((p) => p.id === id);
  if (parameter === undefined) throw new RangeError(`${loss.id} has no parameter ${id}`);
  return parameter.choices?.map(({ value }) => value) ?? within(parameter);
}

function within({ min, max, default: usual }: Parameter): readonly number[] {
  if (max - min <= 2) return [min + 0.3 * (max - min), min + 0.8 * (max - min)];
  return usual > 0 ? [0.4 * usual, 2.5 * usual] : [0.5, 1.5];
}
