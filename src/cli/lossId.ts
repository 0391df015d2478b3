import { lossIds } from '../core/losses/catalogue.ts';
import { exitCodes, type Terminal } from './output.ts';

/** Says that there is no such loss, and which ones come close. */
export function unknownLoss(id: string, to: Terminal): number {
  const parts = id
    .toLowerCase()
    .split(/[^a-z0-9]+/)
    .filter((part) => part.length > 2);
  const near = lossIds.filter((known) => parts.some((part) => known.includes(part)));
  const advice = near.length === 0 ? '' : ` Did you mean ${near.slice(0, 5).join(', ')}?`;
  to.err(`loss-lab: There is no loss "${id}".${advice} See loss-lab losses.\n`);
  return exitCodes.badInput;
}
