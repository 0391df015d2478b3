import { padded } from '../compute/kernelText.ts';

/**
 * How the values of one row lie between two layers, channels fastest: [units], [time, channels], [height, width,
 * channels]. In memory the last axis may be padded with zeros.
 */
export interface RowShape {
  readonly shape: readonly number[];
  /** Extents in memory. */
  readonly stored: readonly number[];
}

/** A shape whose last axis is padded, so that lanes run along it. */
export function paddedShape(shape: readonly number[]): RowShape {
  return { shape, stored: [...shape.slice(0, -1), padded(shape.at(-1)!)] };
}

/** Number of values of these extents. */
export function sizeOf(extents: readonly number[]): number {
  return extents.reduce((product, extent) => product * extent, 1);
}

/** A row as places with channels: one place for a flat row. */
export function placesOf({ shape, stored }: RowShape): {
  readonly places: number;
  readonly channels: number;
  /** Channels with their padding. */
  readonly width: number;
} {
  return { places: sizeOf(shape.slice(0, -1)), channels: shape.at(-1)!, width: stored.at(-1)! };
}

/** For people: `28 × 28 × 1`. */
export function shapeText(shape: readonly number[]): string {
  return shape.join(' × ');
}
