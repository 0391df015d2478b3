import { precedence, type Fragment } from '../fragment.ts';

/** A number as TypeScript source, as Prettier writes it. */
export function scriptNumber(value: number): Fragment {
  const text = Object.is(value, -0) ? '-0' : String(value).replace('e+', 'e');
  return { text, precedence: text.startsWith('-') ? precedence.unary : precedence.atom };
}
