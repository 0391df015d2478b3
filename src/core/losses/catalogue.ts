/** The losses by id. Importing this file builds no expression: each is built when it is first asked for. */
import { all } from './all.ts';
import type { Loss } from './loss.ts';

const byId: ReadonlyMap<string, Loss> = new Map(all.map((loss) => [loss.id, loss]));

/** Ids of all losses, in the order in which they are offered. */
export const lossIds: readonly string[] = all.map((loss) => loss.id);

/** The loss of an id, or undefined. */
export function loadLoss(id: string): Loss | undefined {
  return byId.get(id);
}

/** All losses, in the order in which they are offered. */
export function losses(): readonly Loss[] {
  return all;
}
