import type { Kernel } from '../../../src/core/compute/plan.ts';
import type { RandomStream } from '../../../src/core/data/random.ts';

/** A kernel that nobody wrote, numbers to run it on, and how far float32 may take it from float64. */
export interface RandomKernel {
  readonly output: Kernel['output'];
  readonly body: string;
  /** By parameter; a list of rows is read as `a[row][column]`. */
  readonly inputs: ReadonlyMap<string, Float32Array | readonly Float32Array[]>;
  /** Largest difference between arithmetic in float32 and in float64 rounded at the end; 0: none, to the bit. */
  readonly error: number;
}

/** A kernel in the subset that plans use: nested loops, whole-number indices, branches, functions, several buffers. */
export function randomKernel(random: RandomStream): RandomKernel {
  return new Writer(random).kernel();
}

/** Half a unit in the last place of float32, relative. */
const roundOff = 2 ** -24;

/** An expression of whole numbers, and what it can be. */
interface Whole {
  readonly text: string;
  readonly low: number;
  readonly high: number;
}

/** An expression of fractions: its largest size, and its distance from the same in float64. */
interface Fraction {
  readonly text: string;
  readonly size: number;
  /** Every value is a multiple of 2^−grid, which float32 holds as long as size · 2^grid ≤ 2²⁴. */
  readonly grid: number;
  readonly error: number;
  /** The last operation rounds, and nothing before it: float32 rounds as float64 does. */
  readonly roundedOnce?: boolean;
}

const mostWhole = 3000;

class Writer {
  readonly #random: RandomStream;
  readonly #output: readonly [number] | readonly [number, number];
  readonly #lines: string[] = [];
  readonly #flat = new Map<string, { size: number; isOrder: boolean }>();
  readonly #tables = new Map<string, { rows: number; columns: number }>();
  #wholes: Whole[] = [];
  #fractions: Fraction[] = [];
  #names = 0;
  /** How often the statement being written runs, at most. */
  #repeats = 1;

  constructor(random: RandomStream) {
    this.#random = random;
    const width = 1 + random.below(random.below(3) === 0 ? 3 : 21);
    this.#output = random.below(2) === 0 ? [width] : [width, 1 + random.below(5)];
  }

  kernel(): RandomKernel {
    const statements = 2 + this.#random.below(5);
    for (let i = 0; i < statements; i++) this.#statement(0);
    const result = this.#result();
    this.#lines.push(`return ${result.text};`);
    const inputs = new Map<string, Float32Array | Float32Array[]>();
    for (const [name, { size, isOrder }] of this.#flat)
      inputs.set(name, isOrder ? this.#orders(size) : this.#numbers(size));
    for (const [name, { rows, columns }] of this.#tables)
      inputs.set(
        name,
        Array.from({ length: rows }, () => this.#numbers(columns)),
      );
    const error = result.roundedOnce === true ? 0 : result.error;
    return { output: this.#output, body: this.#lines.join('\n'), inputs, error };
  }

  /** Multiples of 1/8 between −2 and 2. */
  #numbers(count: number): Float32Array {
    return Float32Array.from({ length: count }, () => (this.#random.below(33) - 16) / 8);
  }

  #orders(count: number): Float32Array {
    return Float32Array.from({ length: count }, () => this.#random.below(mostOrder + 1));
  }

  #chance(percent: number): boolean {
    return this.#random.below(100) < percent;
  }

  #pick<Value>(values: readonly Value[]): Value {
    return values[this.#random.below(values.length)]!;
  }

  #name(prefix: string): string {
    return `${prefix}${this.#names++}`;
  }

  #statement(depth: number): void {
    const choice = this.#random.below(100);
    if (choice < 25) this.#declareWhole();
    else if (choice < 40) this.#declareFraction();
    else if (choice < 50) this.#guardedRead();
    else if (choice < 60) this.#adjustedWhole();
    else if (choice < 92 && depth < 2 && this.#repeats < 50) this.#loop(depth);
    else if (depth < 2) this.#branch(depth);
    else this.#declareFraction();
  }

  #declareWhole(): void {
    const value = this.#chance(50) ? this.#neighbours() : this.#whole(2);
    const name = this.#name('i');
    this.#lines.push(`const ${name} = ${value.text};`);
    this.#wholes.push({ ...value, text: name });
  }

  /** A whole number that is changed where a condition holds. */
  #adjustedWhole(): void {
    const value = this.#whole(1);
    const name = this.#name('r');
    this.#lines.push(`let ${name} = ${value.text};`);
    const by = this.#random.below(5);
    if (this.#chance(50)) {
      this.#lines.push(`if (${this.#condition()}) { ${name} = ${name} + ${by}; }`);
      this.#wholes.push({ text: name, low: value.low, high: value.high + by });
    } else {
      this.#lines.push(`if (${this.#condition()}) { ${name} -= ${by}; }`);
      this.#wholes.push({ text: name, low: value.low - by, high: value.high });
    }
  }

  #declareFraction(): void {
    const value = this.#fraction(2);
    const name = this.#name('v');
    this.#lines.push(`const ${name} = ${value.text};`);
    this.#fractions.push({ ...value, text: name });
  }

  /** Reads under a condition without which the element does not exist. */
  #guardedRead(): void {
    const size = 1 + this.#random.below(12);
    const buffer = this.#name('g');
    const at = this.#chance(60) ? `this.thread.x + ${this.#random.below(4)}` : this.#whole(1).text;
    const shift = this.#random.below(6);
    const index = `${at} - ${shift}`;
    this.#flat.set(buffer, { size, isOrder: false });
    const name = this.#name('v');
    const test = `${index} >= 0 && ${index} < ${size}`;
    if (this.#chance(50))
      this.#lines.push(`let ${name} = 0.0;`, `if (${test}) { ${name} = ${buffer}[${index}] * 0.5; }`);
    else this.#lines.push(`const ${name} = ${test} ? ${buffer}[${index}] * 0.5 : 0.125;`);
    this.#fractions.push({ text: name, size: 1, grid: 4, error: 0 });
  }

  #loop(depth: number): void {
    const counter = this.#name('k');
    const [first, step, times] = [
      this.#random.below(4),
      1 + this.#random.below(3),
      1 + this.#random.below(7),
    ];
    const last = first + step * (times - 1);
    const sum = this.#name('s');
    const header = this.#chance(75)
      ? `let ${counter} = ${first}; ${counter} < ${last + 1}; ${step === 1 ? `${counter}++` : `${counter} += ${step}`}`
      : `let ${counter} = ${last}; ${counter} >= ${first}; ${counter} -= ${step}`;
    this.#lines.push(`let ${sum} = ${this.#chance(50) ? '0.0' : '0.125'};`, `for (${header}) {`);
    const [wholes, fractions, repeats] = [this.#wholes, this.#fractions, this.#repeats];
    this.#repeats *= times;
    this.#wholes = [...wholes, { text: counter, low: Math.min(first, last), high: Math.max(first, last) }];
    // What earlier loops summed up is not read here: its bounds hold at the end of its loop.
    this.#fractions = [];
    if (this.#chance(15))
      this.#lines.push(`if (${this.#condition()}) { ${this.#pick(['continue', 'break'])}; }`);
    const statements = this.#random.below(3);
    for (let i = 0; i < statements; i++) this.#statement(depth + 1);
    let total: Fraction = { text: sum, size: 0.125, grid: 3, error: 0 };
    const terms = 1 + this.#random.below(4);
    for (let i = 0; i < terms; i++) {
      const term = this.#fraction(2);
      this.#lines.push(`${sum} += ${term.text};`);
      total = many(total, term, this.#repeats);
    }
    this.#lines.push('}');
    [this.#wholes, this.#fractions, this.#repeats] = [wholes, [...fractions, total], repeats];
  }

  #branch(depth: number): void {
    const name = this.#name('b');
    const before = this.#fraction(1);
    this.#lines.push(`let ${name} = ${before.text};`, `if (${this.#condition()}) {`);
    const [wholes, fractions] = [this.#wholes, this.#fractions];
    [this.#wholes, this.#fractions] = [[...wholes], [...fractions]];
    if (this.#chance(50)) this.#statement(depth + 1);
    const then = this.#fraction(2);
    this.#lines.push(`${name} = ${then.text};`);
    [this.#wholes, this.#fractions] = [wholes, fractions];
    let result = either(before, then, name);
    if (this.#chance(50)) {
      this.#lines.push('} else {');
      const other = this.#fraction(1);
      this.#lines.push(`${name} = ${other.text};`);
      result = either(result, other, name);
    }
    this.#lines.push('}');
    this.#fractions = [...fractions, result];
  }

  /** Neighbouring lanes at neighbouring numbers, from anywhere. */
  #neighbours(): Whole {
    const start = this.#chance(40) ? { text: '0', low: 0, high: 0 } : this.#whole(1);
    const constant = this.#random.below(9);
    const [width] = this.#output;
    return {
      text: `${start.text} + this.thread.x + ${constant}`,
      low: start.low + constant,
      high: start.high + width - 1 + constant,
    };
  }

  #whole(depth: number): Whole {
    const made = this.#anyWhole(depth);
    return Math.max(Math.abs(made.low), Math.abs(made.high)) <= mostWhole ? made : this.#anyWhole(0);
  }

  #anyWhole(depth: number): Whole {
    const [width, height = 1] = this.#output;
    const literal = this.#random.below(10);
    const leaves: Whole[] = [
      { text: String(literal), low: literal, high: literal },
      { text: 'this.thread.x', low: 0, high: width - 1 },
      { text: 'this.thread.y', low: 0, high: height - 1 },
      ...this.#wholes,
    ];
    if (depth === 0) return this.#pick(leaves);
    const [a, b] = [this.#whole(depth - 1), this.#whole(depth - 1)];
    const positive = a.low < 0 ? { ...a, text: `(${a.text} + ${-a.low})`, low: 0, high: a.high - a.low } : a;
    const factor = 1 + this.#random.below(7);
    const products = [a.low * factor, a.high * factor];
    switch (this.#random.below(9)) {
      case 0:
      case 1:
        return { text: `(${a.text} + ${b.text})`, low: a.low + b.low, high: a.high + b.high };
      case 2:
        return { text: `(${a.text} - ${b.text})`, low: a.low - b.high, high: a.high - b.low };
      case 3:
      case 4:
        return { text: `(${a.text}) * ${factor}`, low: Math.min(...products), high: Math.max(...products) };
      case 5:
        return { text: `((${positive.text}) % ${factor})`, low: 0, high: factor - 1 };
      case 6:
        return {
          text: `(((${positive.text}) / ${factor}) | 0)`,
          low: Math.floor(positive.low / factor),
          high: Math.floor(positive.high / factor),
        };
      case 7: {
        // At a fixed place it is the same in every cell.
        const at = this.#chance(30) ? { text: String(literal), high: literal } : positive;
        const name = this.#buffer('order', at.high, true);
        return { text: `(${name}[${at.text}] | 0)`, low: 0, high: mostOrder };
      }
      default:
        return this.#chance(50)
          ? { text: `((${positive.text}) & 3)`, low: 0, high: 3 }
          : { text: `((${positive.text}) >> 1)`, low: positive.low >> 1, high: positive.high >> 1 };
    }
  }

  /** An element of a buffer that has it. */
  #element(): Fraction {
    const index = this.#chance(50) ? this.#neighbours() : this.#whole(2);
    const shift = Math.max(0, -index.low) + (this.#chance(30) ? this.#random.below(20) : 0);
    const at = shift === 0 ? index.text : `${index.text} + ${shift}`;
    if (this.#chance(12)) return this.#tableElement(at, index.high + shift);
    const name = this.#buffer('a', index.high + shift, false);
    return { text: `${name}[${at}]`, size: 2, grid: 3, error: 0 };
  }

  #tableElement(column: string, last: number): Fraction {
    const row = this.#whole(1);
    const shift = Math.max(0, -row.low);
    const table = this.#tables.get('t') ?? { rows: 0, columns: 0 };
    this.#tables.set('t', {
      rows: Math.max(table.rows, row.high + shift + 1),
      columns: Math.max(table.columns, last + 1),
    });
    return { text: `t[${row.text} + ${shift}][${column}]`, size: 2, grid: 3, error: 0 };
  }

  /** One of a few buffers, large enough for an index. */
  #buffer(prefix: string, last: number, isOrder: boolean): string {
    const name = `${prefix}${isOrder ? '' : this.#random.below(3)}`;
    const size = Math.max(this.#flat.get(name)?.size ?? 0, last + 1);
    this.#flat.set(name, { size, isOrder });
    return name;
  }

  #fraction(depth: number): Fraction {
    if (depth === 0 || this.#chance(20)) {
      const own = this.#fractions.length > 0 && this.#chance(50) ? this.#pick(this.#fractions) : undefined;
      return own ?? (this.#chance(75) ? this.#element() : this.#constant());
    }
    const [a, b] = [this.#fraction(depth - 1), this.#fraction(depth - 1)];
    switch (this.#random.below(9)) {
      case 0:
      case 1:
        return sum(a, b, '+');
      case 2:
        return sum(a, b, '-');
      case 3:
      case 4:
        return product(a, b);
      case 5:
        return { ...either(a, b, ''), text: `Math.${this.#pick(['max', 'min'])}(${a.text}, ${b.text})` };
      case 6:
        return { ...a, text: `Math.abs(${a.text})` };
      case 7:
        return either(a, b, `(${this.#condition()} ? ${a.text} : ${b.text})`);
      default: {
        // A whole number as a value.
        const whole = this.#whole(1);
        const size = Math.max(Math.abs(whole.low), Math.abs(whole.high)) / 2;
        return sum(a, { text: `(${whole.text}) * 0.5`, size, grid: 1, error: 0 }, '+');
      }
    }
  }

  #constant(): Fraction {
    const value = (2 * this.#random.below(8) + 1) / 8;
    return { text: String(value), size: value, grid: 3, error: 0 };
  }

  /** Conditions come out the same in float32 and float64: whole numbers, or sums that are exact. */
  #condition(): string {
    if (this.#chance(60)) {
      const [a, b] = [this.#whole(1), this.#whole(1)];
      return `${a.text} ${this.#pick(['<', '>', '<=', '>=', '===', '!=='])} ${b.text}`;
    }
    const [a, b] = [this.#element(), this.#element()];
    return `${a.text} ${this.#pick(['<', '>', '<=', '>='])} ${b.text}`;
  }

  #result(): Fraction {
    // All that was computed counts.
    let value = this.#fractions.reduce((total, part) => sum(total, part, '+'), this.#fraction(2));
    if (this.#chance(30)) {
      const whole = this.#whole(1);
      const size = Math.max(Math.abs(whole.low), Math.abs(whole.high)) / 2;
      value = sum(value, { text: `(${whole.text}) * 0.5`, size, grid: 1, error: 0 }, '+');
    }
    const exact = value.error === 0;
    const once = (text: string, size: number, slope: number): Fraction => ({
      text,
      size,
      grid: Infinity,
      error: value.error * slope + size * roundOff,
      roundedOnce: exact,
    });
    const text = `(${value.text})`;
    switch (this.#random.below(9)) {
      case 0:
        return once(`Math.exp(Math.min(${text}, 1.0))`, Math.E, Math.E);
      case 1:
        return once(`Math.tanh(${text})`, 1, 1);
      case 2:
        return exact ? once(`Math.sqrt(Math.abs(${text}))`, Math.sqrt(value.size), 1) : value;
      case 3:
        return exact ? once(`Math.log(Math.abs(${text}) + 1.0)`, Math.log(value.size + 1), 1) : value;
      case 4:
        return exact ? once(`Math.pow(Math.min(Math.abs(${text}), 4.0), 1.5)`, 8, 3) : value;
      case 5:
        return exact ? once(`${text} / 3.0`, value.size, 1) : value;
      default:
        return value;
    }
  }
}

const mostOrder = 15;

function rounded(text: string, size: number, grid: number, error: number): Fraction {
  if (error === 0 && size * 2 ** grid <= 2 ** 24) return { text, size, grid, error };
  return { text, size, grid: Infinity, error: error + (size + error) * roundOff };
}

function sum(a: Fraction, b: Fraction, operator: '+' | '-'): Fraction {
  return rounded(
    `(${a.text} ${operator} ${b.text})`,
    a.size + b.size,
    Math.max(a.grid, b.grid),
    a.error + b.error,
  );
}

function product(a: Fraction, b: Fraction): Fraction {
  const error = a.size * b.error + b.size * a.error + a.error * b.error;
  return rounded(`(${a.text} * ${b.text})`, a.size * b.size, a.grid + b.grid, error);
}

function either(a: Fraction, b: Fraction, text: string): Fraction {
  return {
    text,
    size: Math.max(a.size, b.size),
    grid: Math.max(a.grid, b.grid),
    error: Math.max(a.error, b.error),
  };
}

/** A sum to which a term is added up to a number of times. */
function many(total: Fraction, term: Fraction, times: number): Fraction {
  const size = total.size + times * term.size;
  const grid = Math.max(total.grid, term.grid);
  const error = total.error + times * term.error;
  if (error === 0 && size * 2 ** grid <= 2 ** 24) return { ...total, size, grid };
  return { ...total, size, grid: Infinity, error: error + times * (size + error) * roundOff };
}
