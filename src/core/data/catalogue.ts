/** Data sets that ship with Loss Lab; details in builtin.ts. */
export const builtinIds = ['line', 'iris', 'wine', 'breast-cancer', 'diabetes', 'digits'] as const;
export type BuiltinId = (typeof builtinIds)[number];

/** Data sets that are generated from a seed; see generators.ts. */
export const generatedIds = [
  'noisy-line',
  'two-moons',
  'circles',
  'spiral',
  'blobs',
  'seasonal',
  'preferences',
] as const;
export type GeneratedId = (typeof generatedIds)[number];
