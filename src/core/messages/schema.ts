import * as v from 'valibot';
import type { Message } from './message.ts';

/** How deep messages may nest in what is read from a disk or another process; ours nest less. */
const deepest = 12;

/** The shape of a {@link Message} that comes from outside: from a file or another process. */
export const messageSchema: v.GenericSchema<Message> = nested(deepest);

function nested(depth: number): v.GenericSchema<Message> {
  const plain = [v.string(), v.number()] as const;
  return v.object({
    template: v.string(),
    args: v.record(v.string(), depth === 0 ? v.union(plain) : v.union([...plain, nested(depth - 1)])),
  });
}
