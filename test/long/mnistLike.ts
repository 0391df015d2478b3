// Images like MNIST's in MNIST's own files: digits of strokes, bent and moved at random, in 28 × 28 bytes.
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { randomStream, type RandomStream } from '../../src/core/data/random.ts';

export const side = 28;

/** Strokes of each digit: corners in a square from 0 to 1, y downwards. */
// prettier-ignore
const strokes: readonly (readonly (readonly [number, number])[])[] = [
  [[0.5, 0], [0.85, 0.2], [0.85, 0.8], [0.5, 1], [0.15, 0.8], [0.15, 0.2], [0.5, 0]],
  [[0.3, 0.2], [0.5, 0], [0.5, 1]],
  [[0.15, 0.2], [0.5, 0], [0.85, 0.25], [0.15, 1], [0.85, 1]],
  [[0.15, 0.05], [0.8, 0.05], [0.45, 0.45], [0.85, 0.75], [0.5, 1], [0.15, 0.9]],
  [[0.6, 1], [0.6, 0], [0.1, 0.65], [0.9, 0.65]],
  [[0.85, 0], [0.2, 0], [0.2, 0.45], [0.8, 0.55], [0.75, 0.95], [0.15, 1]],
  [[0.7, 0], [0.25, 0.5], [0.2, 0.85], [0.5, 1], [0.8, 0.8], [0.5, 0.55], [0.22, 0.75]],
  [[0.1, 0], [0.9, 0], [0.4, 1]],
  [[0.5, 0.48], [0.2, 0.25], [0.5, 0], [0.8, 0.25], [0.5, 0.48], [0.15, 0.78], [0.5, 1], [0.85, 0.78], [0.5, 0.48]],
  [[0.78, 0.25], [0.5, 0.45], [0.2, 0.2], [0.5, 0], [0.78, 0.25], [0.65, 1]],
];

/** One image: ink where a pixel lies within half the pen's width of a stroke, and faint noise everywhere. */
function drawDigit(digit: number, random: RandomStream, into: Uint8Array): void {
  const angle = 0.2 * random.normal();
  const [wide, high] = [13 + 5 * random.next(), 17 + 4 * random.next()];
  const [x0, y0] = [side / 2 + 4 * (random.next() - 0.5), side / 2 + 4 * (random.next() - 0.5)];
  const pen = 0.7 + random.next();
  const corners = strokes[digit]!.map(([u, v]) => {
    const x = (u - 0.5) * wide + 0.8 * random.normal();
    const y = (v - 0.5) * high + 0.8 * random.normal();
    return [x0 + x * Math.cos(angle) - y * Math.sin(angle), y0 + x * Math.sin(angle) + y * Math.cos(angle)];
  });
  const nearest = new Float32Array(side * side).fill(Infinity);
  for (let i = 1; i < corners.length; i++) {
    const [[ax, ay], [bx, by]] = [corners[i - 1]!, corners[i]!] as [number[], number[]];
    const [dx, dy] = [bx! - ax!, by! - ay!];
    const length = dx * dx + dy * dy + 1e-9;
    for (let y = 0, at = 0; y < side; y++) {
      for (let x = 0; x < side; x++, at++) {
        const along = Math.min(1, Math.max(0, ((x - ax!) * dx + (y - ay!) * dy) / length));
        const [px, py] = [x - ax! - along * dx, y - ay! - along * dy];
        const distance = px * px + py * py;
        if (distance < nearest[at]!) nearest[at] = distance;
      }
    }
  }
  for (let at = 0; at < nearest.length; at++) {
    const ink = Math.min(1, Math.max(0, pen + 0.5 - Math.sqrt(nearest[at]!)));
    into[at] = Math.min(255, Math.floor(235 * ink + 20 * random.next()));
  }
}

/** Images and their labels, each digit as often as chance has it. */
export function drawDigits(count: number, seed: number): { images: Uint8Array; labels: Uint8Array } {
  const random = randomStream(seed, 'digits');
  const images = new Uint8Array(count * side * side);
  const labels = Uint8Array.from({ length: count }, () => Math.floor(10 * random.next()));
  labels.forEach((label, i) => {
    drawDigit(label, random, images.subarray(i * side * side, (i + 1) * side * side));
  });
  return { images, labels };
}

/** An IDX file of bytes, compressed as MNIST's are. */
export function idxOfBytes(shape: readonly number[], bytes: Uint8Array): Buffer {
  const header = Buffer.alloc(4 + 4 * shape.length);
  header.writeUInt8(0x08, 2);
  header.writeUInt8(shape.length, 3);
  shape.forEach((extent, axis) => header.writeUInt32BE(extent, 4 + 4 * axis));
  return gzipSync(Buffer.concat([header, bytes]), { level: 1 });
}

/** Writes the four files of MNIST, under their names, into a folder. */
export function writeMnistLike(folder: string, training = 60_000, test = 10_000): void {
  mkdirSync(folder, { recursive: true });
  for (const [part, count, seed] of [
    ['train', training, 1],
    ['t10k', test, 2],
  ] as const) {
    const { images, labels } = drawDigits(count, seed);
    writeFileSync(join(folder, `${part}-images-idx3-ubyte.gz`), idxOfBytes([count, side, side], images));
    writeFileSync(join(folder, `${part}-labels-idx1-ubyte.gz`), idxOfBytes([count], labels));
  }
}
