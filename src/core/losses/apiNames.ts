import type { Framework, Loss } from './loss.ts';

/** What each framework calls a loss, as it is written there: strings in quotes. */
export function namesByFramework(loss: Loss): ReadonlyMap<Framework, readonly string[]> {
  const names = new Map<Framework, string[]>();
  for (const { framework, form, name } of loss.apis) {
    const shown = form === 'string' ? `"${name}"` : name;
    names.set(framework, [...(names.get(framework) ?? []), shown]);
  }
  return names;
}
