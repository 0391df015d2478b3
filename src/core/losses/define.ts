import type { Expr } from '../expression/expression.ts';
import { specialise } from '../expression/rewrite.ts';
import type { Option } from './loss.ts';

/**
 * A loss's `expression` from its fullest form: built at the first call, the options that are not kept at their neutral
 * values, each variant built once.
 */
export function withOptions(
  build: () => Expr,
  options: readonly Option[] = [],
): (keep?: readonly string[]) => Expr {
  const variants = new Map<string, Expr>();
  let full: Expr | undefined;
  return (keep = []) => {
    const absent = options.filter((option) => !keep.includes(option.id));
    const key = absent.map((option) => option.id).join();
    let variant = variants.get(key);
    if (variant === undefined) {
      full ??= build();
      variant = specialise(full, Object.fromEntries(absent.map((option) => [option.id, option.neutral])));
      variants.set(key, variant);
    }
    return variant;
  };
}
