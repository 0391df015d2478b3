import * as v from 'valibot';

// Kinds of fields that the parts of an experiment share.

export const positive = v.pipe(v.number(), v.finite(), v.gtValue(0));
export const nonNegative = v.pipe(v.number(), v.finite(), v.minValue(0));
export const share = v.pipe(v.number(), v.minValue(0), v.ltValue(1));
export const count = v.pipe(v.number(), v.safeInteger(), v.minValue(1));
export const seed = v.pipe(v.number(), v.safeInteger(), v.minValue(0));
/** What a field means: shown by editors that read the JSON schema. */
export const title = <T>(text: string) => v.description<T, string>(text);
