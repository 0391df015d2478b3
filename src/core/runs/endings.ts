import { message, type Message } from '../messages/message.ts';

/** Says that the window or program that trained a run ended. `step` is the last one; 0 where there was none. */
export function interruption(step: number): Message {
  return message(
    step === 0
      ? 'Interrupted before the first step, because the window or program that trained it ended.'
      : 'Interrupted after step {step}, because the window or program that trained it ended.',
    { step },
  );
}

/** What resuming a run would do. */
export function resumeAdvice(checkpoint: boolean): Message {
  return message(
    checkpoint ? 'Resume continues from the last checkpoint.' : 'Resume starts from the beginning.',
  );
}
