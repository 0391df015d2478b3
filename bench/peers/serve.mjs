// The conversation with the bench: a request per line of standard input, an answer per line of standard output that
// begins with "@". What libraries print between is ignored.
import fs from 'node:fs';
import readline from 'node:readline';

/** @param {string} text base64 of little-endian float32 */
function decode(text) {
  const bytes = Buffer.from(text, 'base64');
  return new Float32Array(bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.byteLength));
}

/** Reads a problem that bench/steps/problem.ts wrote, with its batches apart. */
export function readProblem(file) {
  const { task, parameters, features, targets } = JSON.parse(fs.readFileSync(file, 'utf8'));
  const width = task.inputs.reduce((a, b) => a * b, 1);
  const x = decode(features);
  const y = decode(targets);
  return {
    task,
    parameters: parameters.map(({ shape, values }) => ({ shape, values: decode(values) })),
    batches: Array.from({ length: task.batches }, (_, i) => ({
      features: x.subarray(i * task.batch * width, (i + 1) * task.batch * width),
      targets: y.subarray(i * task.batch, (i + 1) * task.batch),
    })),
  };
}

/**
 * Serves a contender until standard input ends.
 * @param {object} contender `versions`, `prepare(problem, options)` and, on what that answers, `reset()`, `step(i)` (the
 * loss of batch i before its update, or what gives it when called) and `dispose()`
 */
export async function serve(contender) {
  const answer = (value) => process.stdout.write(`@${JSON.stringify(value)}\n`);
  let subject;
  const work = {
    async prepare({ file, ...options }) {
      await subject?.dispose?.();
      subject = await contender.prepare(readProblem(file), options);
      return {};
    },
    async losses({ steps }) {
      await subject.reset();
      const losses = [];
      for (let i = 0; i < steps; i++) losses.push(await (await subject.step(i))());
      return { losses };
    },
    outputs: async () => ({ outputs: await subject.outputs() }),
    async window({ milliseconds }) {
      await subject.reset();
      const start = performance.now();
      let steps = 0;
      let now;
      do {
        await subject.step(steps++);
        now = performance.now();
      } while (now - start < milliseconds);
      return { steps, milliseconds: now - start };
    },
  };
  answer({ versions: contender.versions });
  for await (const line of readline.createInterface({ input: process.stdin })) {
    const { do: what, ...request } = JSON.parse(line);
    try {
      answer(await work[what](request));
    } catch (error) {
      answer({ error: error instanceof Error ? error.message : String(error) });
    }
  }
}
