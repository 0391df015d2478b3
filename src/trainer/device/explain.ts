import type { DeviceId } from '../../core/compute/device.ts';
import { list, message, sentences, type Message } from '../../core/messages/message.ts';
import { fastestOf } from './comparison.ts';
import type { CandidateResult } from './deviceCache.ts';

/** Devices as people know them. */
export const deviceNames: Readonly<Record<DeviceId, string>> = {
  webgpu: 'WebGPU',
  webasm: 'WebAssembly',
  cpu: 'JavaScript',
  float64: 'Double-precision JavaScript',
};

/** Why the fastest of a comparison was taken, and why others took no part. */
export function explain(table: readonly CandidateResult[]): Message {
  const passed = table.filter((row) => row.msPerStep !== undefined);
  const best = fastestOf(table);
  const left = table.flatMap(({ id, reason }) =>
    reason === undefined ? [] : [message('{device}: {reason}.', { device: deviceNames[id], reason })],
  );
  return sentences(
    best === undefined
      ? message('{device}: no other device passed the check.', { device: deviceNames.float64 })
      : fastest(best, passed),
    ...left,
  );
}

function fastest(best: CandidateResult, passed: readonly CandidateResult[]): Message {
  const others = passed
    .filter((row) => row !== best)
    .map((row) =>
      message('{device} {time}', { device: deviceNames[row.id], time: milliseconds(row.msPerStep!) }),
    );
  const time = message('{time} a step', { time: milliseconds(best.msPerStep!) });
  const args = { device: deviceNames[best.id], times: list(time, ...others), count: passed.length };
  return message(
    passed.length === 1
      ? '{device}: the only one that passed the check ({times}).'
      : '{device}: fastest of {count} that passed the check ({times}).',
    args,
  );
}

/** `0.021 ms`, `1.4 ms`, `230 ms`: two figures, without an exponent. */
function milliseconds(value: number): string {
  const digits = value >= 10 ? 0 : Math.min(6, 1 - Math.floor(Math.log10(Math.max(value, 1e-6))));
  return `${value.toFixed(digits)} ms`;
}
