import data from './formulas.json';

/** Glyph outlines by name: SVG path data in units of 1/1000 em, y upwards. */
export type Outlines = Readonly<Record<string, string>>;

/** A typeset formula; lengths in 1/1000 em. */
export interface TypesetFormula {
  readonly tex: string;
  readonly width: number;
  /** Extent above and below the baseline. */
  readonly ascent: number;
  readonly descent: number;
  /** `outline x y scale` for each glyph or bar; y downwards from the baseline. */
  readonly marks: readonly string[];
}

/** The formulas of one loss as its figure shows them, one a line, and the same in plain words. */
export interface LossFormulas {
  /** The value, what its short names stand for, and the gradients for which there is room. */
  readonly lines: readonly TypesetFormula[];
  readonly spoken: string;
}

/** What `npm run generate` writes to formulas.json. */
export interface FormulaFile {
  readonly outlines: Outlines;
  readonly losses: Readonly<Record<string, LossFormulas>>;
}

const file: FormulaFile = data;

/** The formulas of a loss of the catalogue. Undefined for other ids. */
export function formulasOf(lossId: string): LossFormulas | undefined {
  return Object.hasOwn(file.losses, lossId) ? file.losses[lossId] : undefined;
}

/**
 * Formulas as SVG elements: each outline once in `defs`, each glyph a `use` of it. Ids are the glyphs' own names, so
 * that two figures in one document may share them.
 */
export function drawFormulas(
  formulas: readonly PlacedFormula[],
  colour: string,
  known: Outlines = file.outlines,
): string {
  const used = new Set(
    formulas.flatMap(({ formula }) => formula.marks.map((mark) => mark.split(' ')[0] ?? '')),
  );
  const outlines = [...used].map((name) => `<path id="g${name}" d="${known[name] ?? ''}"/>`);
  const drawn = formulas.map(({ formula, x, baseline, em }) => {
    const glyphs = formula.marks.map((mark) => {
      const [name = '', left = '0', down = '0', scale = '1'] = mark.split(' ');
      return `<use href="#g${name}" transform="translate(${left} ${down})scale(${scale} -${scale})"/>`;
    });
    return `<g transform="translate(${round(x)} ${round(baseline)})scale(${round(em / 1000)})">${glyphs.join('')}</g>`;
  });
  return `<defs>${outlines.join('')}</defs><g fill="${colour}">${drawn.join('')}</g>`;
}

/** A formula and where it stands: left edge, baseline and size of one em, px. */
export interface PlacedFormula {
  readonly formula: TypesetFormula;
  readonly x: number;
  readonly baseline: number;
  readonly em: number;
}

function round(value: number): number {
  return Number(value.toFixed(5));
}
