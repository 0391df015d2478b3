import { readdirSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Refusal } from '../../../src/core/data/readers/bytes.ts';
import { decodePng } from '../../../src/core/data/readers/png.ts';
import { fileOf, fixture, read } from './files.ts';

const names = readdirSync(new URL('../../fixtures/readers/', import.meta.url)).filter(
  (name) => !/\.(py|json|png)$/.test(name),
);
const images = readdirSync(new URL('../../fixtures/readers/', import.meta.url)).filter((name) =>
  name.endsWith('.png'),
);
const labels = fileOf('labels', fixture('train-labels-idx1-ubyte'));

/** What a transmission or an attacker does to a file. */
const damage = fc.oneof(
  fc.record({ kind: fc.constant('cut' as const), at: fc.double({ min: 0, max: 1, noNaN: true }) }),
  fc.record({
    kind: fc.constant('flip' as const),
    places: fc.array(
      fc.record({
        at: fc.double({ min: 0, max: 0.999_999, noNaN: true }),
        by: fc.integer({ min: 1, max: 255 }),
      }),
      { minLength: 1, maxLength: 4 },
    ),
  }),
  fc.record({
    kind: fc.constant('fill' as const),
    at: fc.double({ min: 0, max: 1, noNaN: true }),
    length: fc.integer({ min: 1, max: 16 }),
    by: fc.constantFrom(0, 0x7f, 0xff),
  }),
);
type Damage = typeof damage extends fc.Arbitrary<infer T> ? T : never;

function damaged(content: Uint8Array, how: Damage): Uint8Array {
  const at = (share: number): number => Math.floor(share * content.length);
  if (how.kind === 'cut') return content.slice(0, at(how.at));
  const changed = content.slice();
  if (how.kind === 'fill') changed.fill(how.by, at(how.at), at(how.at) + how.length);
  else for (const place of how.places) changed[at(place.at)]! ^= place.by;
  return changed;
}

describe('damaged files end in a table or in problems with words', () => {
  it.each(names)('%s', async (name) => {
    await fc.assert(
      fc.asyncProperty(damage, async (how) => {
        const options = name.includes('images') ? { labels } : {};
        const result = await read(name, damaged(fixture(name), how), options, { mostBytes: 1e7 });
        if (result.ok) expect(result.value.rowNumbers).toHaveLength(result.value.rows);
        else for (const { message } of result.problems) expect(message.template).not.toBe('');
      }),
      { numRuns: name.endsWith('.parquet') ? 60 : 25 },
    );
  });

  it.each(images)('%s', (name) => {
    fc.assert(
      fc.property(damage, (how) => {
        try {
          const { height, width, channels, values } = decodePng(damaged(fixture(name), how), name);
          expect(values).toHaveLength(height * width * channels);
        } catch (error) {
          if (!(error instanceof Refusal)) throw error;
        }
      }),
      { numRuns: 40 },
    );
  });
});
