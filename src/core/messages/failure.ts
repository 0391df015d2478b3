import { english, message, type Message } from './message.ts';

/** An error that people may have to read: its reason is the end of a sentence in every language. */
export class Failure extends Error {
  readonly reason: Message;

  constructor(reason: Message, options?: ErrorOptions) {
    super(english(reason), options);
    this.reason = reason;
  }
}

/** Why something was thrown, as the end of a sentence; what is no {@link Failure} says it in its own words. */
export function reasonOf(error: unknown): Message {
  if (error instanceof Failure) return error.reason;
  return message('{error}', { error: error instanceof Error ? error.message : String(error) });
}
