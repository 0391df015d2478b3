/**
 * What devices have in place of −∞, which they may take for undefined: −2¹²⁵. A float32 holds it exactly (a device that
 * computes in double and stores in single precision must find it again), and seven of them can be added.
 */
export const lowest = -(2 ** 125);
