/** The values of a switch. */
export const noYes = [
  { value: 0, name: 'no' },
  { value: 1, name: 'yes' },
] as const;
