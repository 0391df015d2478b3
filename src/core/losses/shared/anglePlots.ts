/** Small plots of losses that compare directions: against an angle in degrees. */
import type { Plot } from '../loss.ts';

type Inputs = ReturnType<Plot['curves'][number]['at']>;
type Vector = readonly [x: number, y: number];

/** The vector of length 1 at an angle in degrees to (1, 0). */
function vectorAt(degrees: number): Vector {
  const radians = (degrees * Math.PI) / 180;
  return [Math.cos(radians), Math.sin(radians)];
}

const common = { label: 'angle in degrees', from: 0, to: 180 } as const;

/** For a pair that belongs together and for one that does not: the inputs from the vector at the angle to (1, 0). */
export function alongAngle(together: (vector: Vector) => Inputs, apart: (vector: Vector) => Inputs): Plot {
  return {
    ...common,
    inWords:
      'the angle between the two vectors in degrees, for a pair that belongs together and for one that does not',
    sizes: { sample: 1, feature: 2 },
    curves: [
      { note: { text: 'together', side: 'left' }, at: (x) => together(vectorAt(x)) },
      { note: { text: 'apart', side: 'right' }, at: (x) => apart(vectorAt(x)) },
    ],
  };
}

/** Between the two vectors of the first of two pairs; the second pair lies opposite. */
export function alongPairAngle(at: (vector: Vector) => Inputs): Plot {
  return {
    ...common,
    inWords: 'the angle between the two vectors of a pair in degrees, with one other pair opposite',
    sizes: { sample: 2, feature: 2 },
    curves: [{ at: (x) => at(vectorAt(x)) }],
  };
}

/** Between two vectors of one class, a third of another class lying at a right angle to the first. */
export const alongLabelledAngle: Plot = {
  ...common,
  inWords:
    'the angle between two vectors of one class in degrees, with one vector of another class at a right angle',
  sizes: { sample: 3, feature: 2 },
  curves: [{ at: (x) => ({ pred: [1, 0, ...vectorAt(x), 0, -1], target: [0, 0, 1] }) }],
};

/** Between a vector and the centre of its class, the centre of another class lying at a right angle to that. */
export const alongCentreAngle: Plot = {
  ...common,
  inWords:
    'the angle between a vector and the centre of its class in degrees, with the centre of another class at a right angle',
  sizes: { sample: 1, class: 2, feature: 2 },
  curves: [{ at: (x) => ({ pred: vectorAt(x), centres: [1, 0, 0, -1], target: [0] }) }],
};
