import type { FunctionBody, Local } from './wasm/functionBody.ts';
import type { ModuleBuilder } from './wasm/module.ts';

/** Work in parts that do not depend on each other. */
export interface Task {
  /** Up to {@link mostParts}. */
  readonly parts: number;
  /** Writes what runs the part of that number. */
  write(body: FunctionBody, part: Local): void;
}

export const mostParts = 64;

/**
 * What the threads of a team share, by its place in {@link teamBytes}; each word has a line of the caches of its own.
 * `round` counts the tasks that were given out, `ticket` is the task (from 1 on, 0 before the first) and the next of its
 * parts that nobody has taken, `done` the parts that are finished. `asleep` counts the workers that wait in their sleep, `waiting` says that the thread
 * that leads does. Workers with a number from `size` on take no part, and all leave when the team is `closed`.
 */
export const teamWords = {
  round: 0,
  ticket: 16,
  done: 32,
  asleep: 48,
  waiting: 64,
  size: 80,
  closed: 96,
} as const;
export const teamBytes = 112 * 4;

/** Bits of a ticket that count the parts: those of a task, and one too many for each thread that finds none left. */
const partBits = 12;
/** Looks at a word before a thread goes to sleep, some 0.2 ms: as long as the host of the steps pauses between two calls. */
const looks = 120_000;
/** A part takes milliseconds. Whoever has waited so long waits for a thread that is gone. */
const patienceMs = 60_000;

/**
 * Threads that share out the parts of one task after another: every thread takes the next part until none is left, so
 * that a thread which the system holds back delays nobody by more than the part that it is in.
 */
export class Team {
  readonly #address: Readonly<Record<keyof typeof teamWords, number>>;
  readonly #share: number;
  /** Index of the function in which a worker of the number that it is given spends its life. */
  readonly work: number;

  /** Writes the functions into a module; the words lie at an address. */
  constructor(module: ModuleBuilder, address: number, tasks: readonly Task[]) {
    const at = (word: keyof typeof teamWords) => address + teamWords[word] * 4;
    this.#address = {
      round: at('round'),
      ticket: at('ticket'),
      done: at('done'),
      asleep: at('asleep'),
      waiting: at('waiting'),
      size: at('size'),
      closed: at('closed'),
    };
    const help = module.define([], (body) => this.#writeHelp(body, tasks));
    this.#share = module.define(['i32', 'i32'], (body, task, parts) =>
      this.#writeShare(body, task, parts, help),
    );
    this.work = module.define(['i32'], (body, worker) => this.#writeWork(body, worker, help));
  }

  /** Calls for all parts of a task, which are finished afterwards. */
  callTask(body: FunctionBody, task: number, parts: number): void {
    body
      .constant((task + 1) << partBits)
      .constant(parts)
      .call(this.#share);
  }

  /** Takes parts until there are none. */
  #writeHelp(body: FunctionBody, tasks: readonly Task[]): void {
    const [ticket, part, task, found] = [0, 1, 2, 3].map(() => body.local('i32')) as [
      Local,
      Local,
      Local,
      Local,
    ];
    const { done, waiting } = this.#address;
    body.repeatWhile(() => {
      body.constant(this.#address.ticket).constant(1).addShared().set(ticket);
      body
        .get(ticket)
        .constant((1 << partBits) - 1)
        .and()
        .set(part);
      body.get(ticket).constant(partBits).shiftRight().set(task).constant(0).set(found);
      tasks.forEach((each, index) => {
        body
          .get(task)
          .constant(index + 1)
          .isEqual()
          .when(() => {
            body
              .get(part)
              .constant(each.parts)
              .isLess()
              .when(() => {
                each.write(body, part);
                body.constant(1).set(found);
              });
          });
      });
      body.get(found).when(() => {
        body.constant(done).constant(1).addShared().drop();
        body
          .constant(waiting)
          .loadShared()
          .when(() => body.constant(done).wake());
      });
      body.get(found);
    });
  }

  #writeShare(body: FunctionBody, task: Local, parts: Local, help: number): void {
    const { round, ticket, done, asleep, waiting, size } = this.#address;
    const [seen, left] = [body.local('i32'), body.local('i32')];
    const isMissing = () => body.constant(done).loadShared().set(seen).get(seen).get(parts).isDifferent();
    body.constant(done).constant(0).storeShared();
    body.constant(ticket).get(task).storeShared();
    body
      .constant(1)
      .constant(size)
      .loadShared()
      .isLess()
      .when(() => {
        body.constant(round).constant(1).addShared().drop();
        body
          .constant(asleep)
          .loadShared()
          .when(() => body.constant(round).wake());
      });
    body.call(help);
    body.constant(looks).set(left);
    body.repeatWhile(() => {
      body.advance(left, -1);
      isMissing().get(left).constant(0).isDifferent().and();
    });
    isMissing().when(() => {
      body.constant(waiting).constant(1).storeShared();
      body.repeatWhile(() => {
        isMissing().when(() => {
          body.constant(done).get(seen).sleep(patienceMs).constant(2).isEqual();
          body.when(() => body.fail());
        });
        isMissing();
      });
      body.constant(waiting).constant(0).storeShared();
    });
  }

  #writeWork(body: FunctionBody, worker: Local, help: number): void {
    const { round, asleep, size, closed } = this.#address;
    const [seen, now, left, members] = [0, 1, 2, 3].map(() => body.local('i32')) as [
      Local,
      Local,
      Local,
      Local,
    ];
    const isOpen = () => body.constant(closed).loadShared().constant(0).isEqual();
    const isUnchanged = () => body.get(now).get(seen).isEqual();
    // A task may be under way.
    body.constant(round).loadShared().constant(1).subtract().set(seen);
    isOpen().when(() => {
      body.repeatWhile(() => {
        body.constant(size).loadShared().set(members);
        body
          .get(worker)
          .get(members)
          .isLess()
          .when(() => {
            body.constant(looks).set(left);
            body.repeatWhile(() => {
              body.advance(left, -1).constant(round).loadShared().set(now);
              isUnchanged().get(left).constant(0).isDifferent().and();
            });
            isUnchanged().when(() => {
              body.constant(asleep).constant(1).addShared().drop();
              body.constant(round).get(seen).sleep(undefined).drop();
              body.constant(asleep).constant(-1).addShared().drop();
              body.constant(round).loadShared().set(now);
            });
            body.get(now).set(seen).call(help);
          });
        body
          .get(worker)
          .get(members)
          .isAtLeast()
          .when(() => {
            isOpen().when(() => body.constant(size).get(members).sleep(undefined).drop());
          });
        isOpen();
      });
    });
  }
}
