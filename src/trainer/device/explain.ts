import type { DeviceId } from '../../core/compute/device.ts';
import { fastestOf } from './comparison.ts';
import type { CandidateResult } from './deviceCache.ts';

/** Devices as people know them. */
export const deviceNames: Readonly<Record<DeviceId, string>> = {
  webgpu: 'WebGPU',
  webasm: 'WebAssembly',
  cpu: 'JavaScript',
  float64: 'Double-precision JavaScript',
};

/** Why the fastest of a comparison was taken, and why others took no part; sentences for people. */
export function explain(table: readonly CandidateResult[]): string {
  const passed = table.filter((row) => row.msPerStep !== undefined);
  const best = fastestOf(table);
  const left = table
    .filter((row) => row.reason !== undefined)
    .map((row) => `${deviceNames[row.id]}: ${row.reason!}.`);
  return [
    best === undefined ? `${deviceNames.float64}: no other device passed the check.` : fastest(best, passed),
    ...left,
  ].join(' ');
}

function fastest(best: CandidateResult, passed: readonly CandidateResult[]): string {
  const others = passed
    .filter((row) => row !== best)
    .map((row) => `${deviceNames[row.id]} ${milliseconds(row.msPerStep!)}`);
  const figures = [`${milliseconds(best.msPerStep!)} a step`, ...others].join(', ');
  const why =
    passed.length === 1
      ? 'the only one that passed the check'
      : `fastest of ${passed.length} that passed the check`;
  return `${deviceNames[best.id]}: ${why} (${figures}).`;
}

/** `0.021 ms`, `1.4 ms`, `230 ms`: two figures, without an exponent. */
function milliseconds(value: number): string {
  const digits = value >= 10 ? 0 : Math.min(6, 1 - Math.floor(Math.log10(Math.max(value, 1e-6))));
  return `${value.toFixed(digits)} ms`;
}
