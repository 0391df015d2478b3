import { english, type Message } from '../src/core/messages/message.ts';

/** What people read, all of it in one line; empty where there is nothing. */
export function words(...messages: readonly (Message | undefined)[]): string {
  return messages.map((message) => (message === undefined ? '' : english(message))).join(' ');
}
