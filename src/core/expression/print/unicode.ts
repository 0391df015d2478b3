/** The TeX of `tex.ts` as plain Unicode text, for terminals. */

/** Stands where a space before it is to go. */
const glue = '\uE000';

const words: Readonly<Record<string, string>> = {
  alpha: 'α',
  beta: 'β',
  gamma: 'γ',
  delta: 'δ',
  epsilon: 'ε',
  varepsilon: 'ε',
  eta: 'η',
  theta: 'θ',
  kappa: 'κ',
  lambda: 'λ',
  mu: 'μ',
  nu: 'ν',
  pi: 'π',
  rho: 'ρ',
  sigma: 'σ',
  tau: 'τ',
  phi: 'φ',
  varphi: 'φ',
  psi: 'ψ',
  omega: 'ω',
  Delta: 'Δ',
  Phi: 'Φ',
  ell: 'ℓ',
  partial: '∂',
  infty: '∞',
  sum: 'Σ',
  cdot: '·',
  le: '≤',
  ge: '≥',
  ne: '≠',
  land: 'and',
  lor: 'or',
  lnot: 'not ',
  lVert: '‖',
  rVert: `${glue}‖`,
  lvert: '|',
  rvert: `${glue}|`,
  log: 'log',
  exp: 'exp',
  tanh: 'tanh',
  max: 'max',
  min: 'min',
  prime: '′',
  odot: '⊙',
  top: 'ᵀ',
  in: '∈',
  mid: '|',
};
/** Words after which a letter would run on. */
const spaced = new Set([
  'log',
  'exp',
  'tanh',
  'max',
  'min',
  'le',
  'ge',
  'ne',
  'land',
  'lor',
  'in',
  'cdot',
  'odot',
]);

const superscripts = new Map(
  Array.from('0123456789+-=()nijkp').map((c, k) => [c, Array.from('⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻⁼⁽⁾ⁿⁱʲᵏᵖ')[k]!]),
);
const subscripts = new Map(
  Array.from('0123456789+-=()aehijklmnoprstuvx').map((c, k) => [
    c,
    Array.from('₀₁₂₃₄₅₆₇₈₉₊₋₌₍₎ₐₑₕᵢⱼₖₗₘₙₒₚᵣₛₜᵤᵥₓ')[k]!,
  ]),
);
const accents: Readonly<Record<string, string>> = { hat: '\u0302', bar: '\u0304', tilde: '\u0303' };

/** Reads the TeX that our printer writes; a command that it does not know is written as its name. */
export function unicodeOf(tex: string): string {
  return new Reader(tex)
    .sequence()
    .replace(/ {2,}/g, ' ')
    .replace(/([([]) /g, '$1')
    .replace(/ ([)\],;])/g, '$1')
    .replace(/ ?\uE000/g, '')
    .replace(/(\b(?:log|exp|tanh|max|min)) (?=[([{])/g, '$1')
    .trim()
    .normalize('NFC');
}

class Reader {
  readonly #tex: string;
  #at = 0;

  constructor(tex: string) {
    this.#tex = tex;
  }

  /** Up to a closing brace, or to one of some commands, which stay unread. */
  sequence(until: readonly string[] = []): string {
    let text = '';
    while (this.#at < this.#tex.length) {
      const rest = this.#tex.slice(this.#at);
      if (rest.startsWith('}') || until.some((command) => rest.startsWith(command))) break;
      text += this.#item();
    }
    return text;
  }

  #item(): string {
    const c = this.#tex[this.#at]!;
    switch (c) {
      case '\\':
        return this.#command();
      case '{':
        return this.#group();
      case '^':
      case '_':
        this.#at++;
        return script(this.#group(), c);
      default:
        this.#at++;
        return c === '-' ? '−' : c === '&' ? ' ' : c;
    }
  }

  /** A braced group, or one item. */
  #group(): string {
    if (this.#tex[this.#at] !== '{') return this.#item();
    this.#at++;
    const inside = this.sequence();
    this.#at++;
    return inside;
  }

  #command(): string {
    const [whole, name = ''] = /^\\([A-Za-z]+|.) ?/.exec(this.#tex.slice(this.#at)) ?? ['\\'];
    this.#at += whole.length;
    switch (name) {
      case 'frac':
      case 'tfrac': {
        const [top, bottom] = [this.#group(), this.#group()];
        const half: Readonly<Record<string, string>> = { '1/2': '½', '1/4': '¼' };
        return half[`${top}/${bottom}`] ?? `${bracketed(top)}/${bracketed(bottom)} `;
      }
      case 'sqrt':
        return `√(${this.#group()})`;
      case 'operatorname':
      case 'text':
      case 'mathrm':
      case 'mathbf':
        return ` ${this.#group().trim()}`.replace(/^ (?=\w+$)/, ' ');
      case 'left':
      case 'right':
        return '';
      case 'begin':
        this.#group();
        return this.#cases();
      case ',':
      case ';':
      case ' ':
        return ' ';
      case '\\':
        return '; ';
      case 'quad':
        return '  ';
      default:
        break;
    }
    const accent = accents[name];
    if (accent !== undefined) {
      const [first = '', ...others] = Array.from(this.#group());
      return first + accent + others.join('');
    }
    const word = words[name] ?? name;
    // TeX drops the blank after a command; before an operator the eye wants it.
    const next = this.#tex.slice(this.#at);
    if (
      whole.endsWith(' ') &&
      (word.startsWith(glue) || /^(?:[-+=<>]|\\\\(?:l?e|g?e|ne|cdot|land|lor)\b)/.test(next))
    )
      return `${word} `;
    return spaced.has(name) ? ` ${word} ` : word;
  }

  #cases(): string {
    const rows = this.sequence(['\\end']);
    this.#at += '\\end'.length;
    this.#group();
    return `{ ${rows} }`;
  }
}

/** What binds tighter than a fraction: a letter or a number with its marks, a bracket or a call, perhaps to a power. */
const single = [
  /^∂?[\p{L}\p{N}\p{M}₀-ₜ_′'⁺⁻⁰-⁹]+$/u,
  /^\|[^|]+\|[⁰-⁹]*$/u,
  /^‖[^‖]+‖[⁰-⁹]*$/u,
  /^(?:[a-zA-Z]{3,}|√)?\((?:[^()]|\((?:[^()]|\([^()]*\))*\))*\)[²³⁰-⁹]*$/u,
];

function bracketed(text: string): string {
  const tight = text
    .trim()
    .replace(/^∂ (?=\S+$)/, '∂')
    .replace(/^([a-zA-Z]{3,}) (?=\()/, '$1');
  const seen = tight.replace(/ ?\uE000/g, '').normalize('NFC');
  return single.some((pattern) => pattern.test(seen)) ? tight : `(${text})`;
}

function script(text: string, mark: '^' | '_'): string {
  const table = mark === '^' ? superscripts : subscripts;
  const letters = Array.from(text.replaceAll(' ', '').replaceAll('−', '-'));
  if (letters.every((c) => table.has(c))) return letters.map((c) => table.get(c)!).join('');
  return letters.length === 1 ? `${mark}${text}` : mark === '_' ? `_${letters.join('')}` : `^(${text})`;
}
