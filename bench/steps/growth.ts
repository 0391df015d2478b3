import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import * as v from 'valibot';
import { Conversation } from './contender.ts';
import { buildOurs, node } from './field.ts';
import { setting, writeResults } from './main.ts';
import { drawProblem, writeProblem } from './problem.ts';
import type { Curve, GrowthFile } from './results.ts';
import { growthTables } from './table.ts';
import type { Task, TaskLayer } from './tasks.ts';

const devices = ['cpu', 'webasm', 'webgpu'] as const;
const windows = 3;
const milliseconds = 200;
/** A device whose step took longer, ms, is not asked for larger sizes. */
const tooLong = 3000;

interface Axis {
  readonly axis: string;
  readonly title: string;
  readonly sizes: readonly number[];
  task(size: number): Task;
}

/** A regression with `depth` hidden layers of `width` units. */
function network(inputs: number, width: number, depth: number, batch: number, batches: number): Task {
  const hidden = Array.from({ length: depth }, (): TaskLayer => ({
    type: 'dense',
    units: width,
    activation: 'relu',
  }));
  return {
    id: 'growth',
    title: `${inputs} inputs, ${depth} × ${width}, batch ${batch}`,
    inputs: [inputs],
    layers: [...hidden, { type: 'dense', units: 1 }],
    outputs: 1,
    loss: 'squared',
    batch,
    batches,
    rate: 0.001,
  };
}

const axes: readonly Axis[] = [
  {
    axis: 'width',
    title: 'width of two hidden layers, 32 inputs, batch 64',
    sizes: [64, 128, 256, 512, 1024, 2048],
    task: (size) => network(32, size, 2, 64, 4),
  },
  {
    axis: 'batch',
    title: 'batch, 32 inputs, two hidden layers of 64',
    sizes: [1, 4, 16, 64, 256, 1024, 4096],
    task: (size) => network(32, 64, 2, size, Math.max(4, Math.ceil(256 / size))),
  },
  {
    axis: 'depth',
    title: 'hidden layers of 64, 32 inputs, batch 64',
    sizes: [1, 2, 4, 8],
    task: (size) => network(32, 64, size, 64, 4),
  },
  {
    axis: 'rows',
    title: 'rows of the data set, 8 inputs, two hidden layers of 16, batch 64',
    sizes: [1024, 10_240, 102_400, 1_024_000],
    task: (size) => network(8, 16, 2, 64, size / 64),
  },
];

const helloSchema = v.object({});
const windowSchema = v.object({ steps: v.number(), milliseconds: v.number() });

/** Step time of our devices against width, batch, depth and data size; writes bench/results/NAME.json. */
export async function measureGrowth(name: string): Promise<void> {
  const before = os.loadavg()[0]!;
  const ours = buildOurs();
  const field = new Map<string, Conversation>();
  const states: Record<string, { label?: string; absent?: string }> = {};
  for (const device of devices) {
    try {
      const conversation = await Conversation.start([node, ours, device]);
      field.set(device, conversation);
      states[device] = { label: conversation.versions['device'] ?? device };
    } catch (error) {
      states[device] = { absent: error instanceof Error ? error.message : String(error) };
    }
  }
  const scratch = fs.mkdtempSync(path.join(os.tmpdir(), 'losslab-growth-'));
  const curves: Curve[] = [];
  try {
    for (const axis of axes) curves.push(await measureCurve(axis, field, path.join(scratch, 'problem.json')));
  } finally {
    for (const conversation of field.values()) conversation.end();
    fs.rmSync(scratch, { recursive: true, force: true });
  }
  const file: GrowthFile = { kind: 'growth', setting: setting(before), devices: states, curves };
  await writeResults(name, file);
  console.log(`\n${growthTables(file)}`);
}

async function measureCurve(
  axis: Axis,
  field: ReadonlyMap<string, Conversation>,
  file: string,
): Promise<Curve> {
  const times: Record<string, (number | null)[]> = {};
  for (const size of axis.sizes) {
    console.log(`${axis.axis} ${size} …`);
    writeProblem(file, drawProblem(axis.task(size)));
    const asked = [...field].filter(([device]) => {
      const last = times[device]?.at(-1);
      return last !== null && (last ?? 0) < tooLong;
    });
    const best = new Map<string, number>();
    for (const [device, conversation] of asked) {
      try {
        await conversation.ask({ do: 'prepare', file }, helloSchema);
        best.set(device, Infinity);
      } catch (error) {
        console.log(`  ${device}: ${error instanceof Error ? error.message : String(error)}`);
      }
    }
    for (let turn = 0; turn < windows; turn++) {
      for (const [device, conversation] of asked) {
        if (!best.has(device)) continue;
        const window = await conversation.ask({ do: 'window', milliseconds }, windowSchema);
        best.set(device, Math.min(best.get(device)!, window.milliseconds / window.steps));
      }
    }
    for (const device of field.keys()) (times[device] ??= []).push(best.get(device) ?? null);
  }
  return { axis: axis.axis, title: axis.title, sizes: [...axis.sizes], devices: times };
}
