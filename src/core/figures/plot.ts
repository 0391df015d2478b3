import type { Palette } from './theme.ts';

/** Values of a function at many points at once. */
export type Sampled = (xs: readonly number[]) => ArrayLike<number>;

/** One line of a plot. A jump (the derivative of |x|) is found and drawn as a gap. */
export interface Curve {
  readonly label: string;
  readonly of: Sampled;
  readonly colour: string;
  readonly dashed?: boolean;
  /** Another case of a line that the legend has already: drawn without an entry of its own. */
  readonly unlisted?: boolean;
  /** Words beside the line, right of where it comes down or left of where it goes up. */
  readonly note?: { readonly text: string; readonly side: 'right' | 'left' };
}

export interface Plot {
  readonly width: number;
  readonly height: number;
  readonly from: number;
  readonly to: number;
  /** What runs along x, such as `ŷ − y`; `_` before a letter puts it lower. */
  readonly xLabel: string;
  readonly curves: readonly Curve[];
}

type Point = readonly [x: number, y: number];

/** Font size of all labels, px; the figure sets it on its root. */
export const plotFontSize = 11;
const legendHeight = 17;
const footHeight = 14;
const sideWidth = 18;
const samples = 160;

/** A small plot: lines for both zeros, numbers below and on the left, a legend above. An SVG fragment from (0, 0). */
export function drawPlot(plot: Plot, palette: Palette): string {
  const traced = plot.curves.map((curve) => ({ curve, pieces: trace(curve.of, plot.from, plot.to) }));
  const [low, high] = range(traced);
  const lines = traced.map(({ curve, pieces }) => ({
    curve,
    pieces: pieces.flatMap((piece) => within(piece, low, high)),
  }));
  const heights = sideNumbers(low, high);
  const frame = {
    left: Math.max(sideWidth, ...heights.map((y) => label(y).length * charWidth + 9)),
    right: plot.width - 2,
    top: legendHeight + 2,
    bottom: plot.height - footHeight,
  };
  const px = (x: number) =>
    frame.left + ((x - plot.from) / (plot.to - plot.from)) * (frame.right - frame.left);
  const py = (y: number) => frame.bottom - 2 - ((y - low) / (high - low)) * (frame.bottom - 2 - frame.top);

  const zeros = `M${frame.left} ${n(py(0))}H${n(frame.right)}${plot.from < 0 && plot.to > 0 ? `M${n(px(0))} ${frame.top}V${frame.bottom}` : ''}`;
  const axes =
    `<path d="${zeros}" stroke="${palette.axis}" fill="none"/>` +
    foot(plot, px, palette) +
    heights.map((y) => text(frame.left - 5, py(y) + 4, label(y), palette, 'end')).join('');
  const drawn = lines.map(({ curve, pieces }) => {
    const d = pieces
      .map((piece) => `M${piece.map(([x, y]) => `${n(px(x))} ${n(py(y))}`).join('L')}`)
      .join('');
    return `<path d="${d}" fill="none" stroke-linejoin="round"${stroke(curve)}/>`;
  });
  const notes = lines.map(({ curve, pieces }) => {
    if (curve.note === undefined) return '';
    const { text: words, side } = curve.note;
    const high80 = pieces.flat().filter(([, y]) => y >= low + 0.8 * (high - low));
    const point = side === 'right' ? high80.at(-1) : high80[0];
    if (point === undefined) return '';
    // On the other side where it would run out of the frame.
    const width = words.length * charWidth + 8;
    const goesRight =
      side === 'right' ? px(point[0]) + width <= plot.width : px(point[0]) - width < frame.left;
    const x = px(point[0]) + (goesRight ? 8 : -8);
    return text(
      x,
      Math.max(py(point[1]), frame.top + plotFontSize),
      words,
      palette,
      goesRight ? 'start' : 'end',
    );
  });
  const listed = plot.curves.filter((curve) => curve.unlisted !== true);
  return axes + drawn.reverse().join('') + notes.join('') + legend(listed, frame.left, palette);
}

/** Numbers along x, and the name of what runs there at the end of the row. */
function foot(plot: Plot, px: (x: number) => number, palette: Palette): string {
  const y = plot.height - 3;
  const nameWidth = plot.xLabel.length * charWidth + 8;
  const end = niceBelow(Math.min(-plot.from || plot.to, plot.to) * 0.8);
  const fits = (x: number) => px(x) + (label(x).length * charWidth) / 2 < plot.width - nameWidth;
  const numbers = [-end, 0, end].filter((x) => x >= plot.from && x <= plot.to && fits(x));
  return (
    numbers.map((x) => text(px(x), y, label(x), palette, 'middle')).join('') +
    text(plot.width - 2, y, plot.xLabel, palette, 'end')
  );
}

/** Numbers on the left: zero, and one that gives heights their meaning. */
function sideNumbers(low: number, high: number): readonly number[] {
  const size = niceBelow(Math.max(high, -low));
  return [0, high >= -low ? size : -size];
}

/** Heights to show: all of the loss, and of slopes that go far beyond it as much as is no more than twice as high. */
function range(
  lines: readonly { readonly curve: Curve; readonly pieces: readonly Point[][] }[],
): [number, number] {
  const of = (dashed: boolean) =>
    extent(lines.flatMap(({ curve, pieces }) => ((curve.dashed ?? false) === dashed ? pieces.flat() : [])));
  const [low, high] = of(false);
  const [least, most] = of(true);
  const limit = 2 * Math.max(high, -low);
  return [Math.min(low, Math.max(least, -limit)), Math.max(high, Math.min(most, limit))];
}

/** The parts of a line within a range of heights. */
function within(piece: readonly Point[], low: number, high: number): Point[][] {
  const parts: Point[][] = [[]];
  for (const point of piece) {
    if (point[1] >= low && point[1] <= high) parts.at(-1)!.push(point);
    else if (parts.at(-1)!.length > 0) parts.push([]);
  }
  return parts.filter((part) => part.length > 1);
}

const charWidth = 6.1;

function stroke(curve: Curve): string {
  const dash = curve.dashed === true ? ' stroke-dasharray="4.5 2.5"' : '';
  return ` stroke="${curve.colour}" stroke-width="2"${dash}`;
}

function legend(curves: readonly Curve[], left: number, palette: Palette): string {
  let x = left;
  return curves
    .map((curve) => {
      const key = `<path d="M${n(x)} 7h16"${stroke(curve)}/>`;
      const name = text(x + 20, 11, curve.label, palette, 'start');
      x += 20 + curve.label.length * charWidth + 10;
      return key + name;
    })
    .join('');
}

function text(
  x: number,
  y: number,
  words: string,
  palette: Palette,
  anchor: 'start' | 'middle' | 'end',
): string {
  const content = escapeXml(words).replace(/_(\w)/g, '<tspan dy="3" font-size="8">$1</tspan>');
  return `<text x="${n(x)}" y="${n(y)}" text-anchor="${anchor}" fill="${palette.text}">${content}</text>`;
}

/**
 * Points of a function over an interval, in pieces that are continuous: where neighbours differ much, the step is
 * halved until it is either smooth or, at the end, a jump. Points that are not finite are left out.
 */
export function trace(of: Sampled, from: number, to: number): Point[][] {
  const xs = Array.from({ length: samples + 1 }, (_, k) => from + ((to - from) * k) / samples);
  const ys = of(xs);
  const finite = Array.from(ys).filter(Number.isFinite);
  const span = Math.max(...finite) - Math.min(...finite);
  const pieces: Point[][] = [];
  let piece: Point[] = [];
  const close = () => {
    if (piece.length > 1) pieces.push(piece);
    piece = [];
  };
  xs.forEach((x, k) => {
    const point: Point = [x, ys[k]!];
    if (!Number.isFinite(point[1])) {
      close();
      return;
    }
    const last = piece.at(-1);
    const jump = last === undefined ? undefined : jumpBetween(of, last, point, span);
    if (jump !== undefined) {
      piece.push(jump[0]);
      close();
      piece = [jump[1]];
    }
    piece.push(point);
  });
  close();
  return pieces;
}

function jumpBetween(of: Sampled, a: Point, b: Point, span: number): [Point, Point] | undefined {
  let [left, right] = [a, b];
  for (let k = 0; k < 40; k++) {
    if (Math.abs(right[1] - left[1]) < span * 0.05) return undefined;
    const x = (left[0] + right[0]) / 2;
    const middle: Point = [x, of([x])[0]!];
    // The half with the larger step holds the jump.
    if (Math.abs(middle[1] - left[1]) >= Math.abs(right[1] - middle[1])) right = middle;
    else left = middle;
  }
  return [left, right];
}

function extent(points: readonly Point[]): [number, number] {
  const values = points.map(([, y]) => y);
  const low = Math.min(0, ...values);
  const high = Math.max(0, ...values);
  return low === high ? [0, 1] : [low, high];
}

/** The largest of 1, 2, 4, 5 times a power of ten that is not above the value. */
function niceBelow(value: number): number {
  const power = 10 ** Math.floor(Math.log10(value));
  return ([5, 4, 2, 1].find((m) => m * power <= value * (1 + 1e-9)) ?? 1) * power;
}

function label(value: number): string {
  return String(Number(value.toPrecision(6))).replace('-', '−');
}

function n(value: number): string {
  return String(Math.round(value * 100) / 100);
}

/** Text as XML character data in ASCII, so that the document's bytes are its characters. */
export function escapeXml(text: string): string {
  return text.replace(/[&<>"]|[^ -~]/gu, (c) => `&#${c.codePointAt(0) ?? 0};`);
}
