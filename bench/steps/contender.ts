import { spawn, type ChildProcess } from 'node:child_process';
import readline from 'node:readline';
import * as v from 'valibot';

/** Someone to measure: a program that answers requests, or the reason why there is none. */
export type Contender = {
  readonly id: string;
  /** For people. */
  readonly name: string;
  /** How many threads it computes with. */
  readonly threads: number;
  /** What it does otherwise than the task says, for the table. */
  readonly differs?: string;
  readonly check: Check;
} & ({ readonly command: readonly [string, ...string[]] } | { readonly absent: string });

/**
 * How it is checked that a contender computes the task: its losses over ten steps, the same with plain SGD (it has no
 * Adam), or the outputs of the untrained network (it has no batches).
 */
export type Check = 'losses' | 'losses of SGD' | 'outputs';

const answerSchema = v.record(v.string(), v.unknown());
const failureSchema = v.object({ error: v.string() });
const helloSchema = v.object({ versions: v.record(v.string(), v.string()) });

/** The process of a contender, kept alive and asked in turns. */
export class Conversation {
  readonly #child: ChildProcess;
  readonly #answers: AsyncIterator<string>;
  #complaints = '';
  /** Versions of what it runs on. */
  versions: Readonly<Record<string, string>> = {};

  private constructor(command: string, args: readonly string[]) {
    this.#child = spawn(command, args, { stdio: ['pipe', 'pipe', 'pipe'] });
    this.#child.stderr!.on(
      'data',
      (text) => (this.#complaints = (this.#complaints + String(text)).slice(-2000)),
    );
    this.#child.on('error', (error) => (this.#complaints += error.message));
    this.#answers = readline.createInterface({ input: this.#child.stdout! })[Symbol.asyncIterator]();
  }

  /** Starts a contender and waits until it is there. */
  static async start([command, ...args]: readonly [string, ...string[]]): Promise<Conversation> {
    const started = new Conversation(command, args);
    const { versions } = await started.#answer(helloSchema);
    started.versions = versions;
    return started;
  }

  /** Asks and waits for the answer. */
  ask<Schema extends v.GenericSchema>(request: object, schema: Schema): Promise<v.InferOutput<Schema>> {
    this.#child.stdin!.write(`${JSON.stringify(request)}\n`);
    return this.#answer(schema);
  }

  async #answer<Schema extends v.GenericSchema>(schema: Schema): Promise<v.InferOutput<Schema>> {
    for (;;) {
      const line = await this.#answers.next();
      if (line.done === true)
        throw new Error(`it ended: ${this.#complaints.trim().split('\n').at(-1) ?? ''}`);
      if (!line.value.startsWith('@')) continue;
      const answer = v.parse(answerSchema, JSON.parse(line.value.slice(1)));
      if (v.is(failureSchema, answer)) throw new Error(answer.error);
      return v.parse(schema, answer);
    }
  }

  end(): void {
    this.#child.stdin!.end();
    this.#child.kill();
  }
}
