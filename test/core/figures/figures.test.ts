import { describe, expect, it } from 'vitest';
import { asciiToBase64 } from '../../../src/core/figures/base64.ts';
import { formulasOf } from '../../../src/core/figures/formula.ts';
import { lossFigure } from '../../../src/core/figures/lossFigure.ts';
import { lossPlot } from '../../../src/core/figures/lossPlot.ts';
import { drawPlot, escapeXml, trace, type Sampled } from '../../../src/core/figures/plot.ts';
import { palettes, type ThemeKind } from '../../../src/core/figures/theme.ts';
import { loadLoss, lossIds } from '../../../src/core/losses/catalogue.ts';
import { contrast } from './contrast.ts';

const themes = Object.keys(palettes) as ThemeKind[];

/** Hover backgrounds of the default themes: Dark and Light 2026, Modern, Visual Studio, and the high-contrast ones. */
const backgrounds: Readonly<Record<ThemeKind, readonly string[]>> = {
  dark: ['#191a1b', '#202020', '#252526'],
  light: ['#ffffff', '#f8f8f8', '#f3f3f3'],
  'hc-dark': ['#000000'],
  'hc-light': ['#ffffff'],
};

describe.each(themes)('in a %s theme', (theme) => {
  it('can be read', () => {
    expect(contrast('#000000', '#ffffff')).toBeCloseTo(21, 6);
    const { text, axis, loss, gradient } = palettes[theme];
    for (const background of backgrounds[theme]) {
      expect(contrast(text, background)).toBeGreaterThanOrEqual(4.5);
      for (const line of [axis, loss, gradient]) expect(contrast(line, background)).toBeGreaterThanOrEqual(3);
    }
  });

  it.each(lossIds)('shows %s', (id) => {
    const figure = lossFigure(id, { theme });
    expect(figure.width).toBeLessThanOrEqual(480);
    // A hover shows 250 px before it scrolls; its text needs some of them.
    expect(figure.height).toBeLessThanOrEqual(245);
    // VS Code cuts Markdown at 100,000 characters; the text of a hover needs some of them.
    expect(figure.dataUri.length).toBeLessThan(80_000);
    const [head, body] = figure.dataUri.split(',');
    expect(head).toBe('data:image/svg+xml;base64');
    expect(Buffer.from(body!, 'base64').toString('utf8')).toBe(figure.svg);
    expectDrawing(figure.svg);
    // All colours are the theme's own.
    const colours = new Set(figure.svg.match(/#[0-9a-f]{6}(?=")/g));
    expect([...colours].sort()).toEqual(Object.values(palettes[theme]).sort());
  });
});

/** Well formed, of elements that an image may hold, without anything that the page would have to give. */
function expectDrawing(svg: string): void {
  const open: string[] = [];
  for (const [, closing, name, , selfClosing] of svg.matchAll(
    /<(\/?)([a-z]+)((?: [a-z-]+="[^"<>]*")*)(\/?)>/gi,
  )) {
    expect(['svg', 'title', 'defs', 'path', 'g', 'use', 'text', 'tspan']).toContain(name);
    if (closing === '/') expect(open.pop()).toBe(name);
    else if (selfClosing !== '/') open.push(name!);
  }
  expect(open).toEqual([]);
  expect(svg.replace(/<[^<>]*>/g, '')).not.toMatch(/[<>]/);
  expect(svg).not.toMatch(/NaN|undefined|currentColor|var\(|url\(|http(?!:\/\/www\.w3\.org\/2000\/svg)/);
  const defined = new Set([...svg.matchAll(/ id="([^"]+)" d="[^"]/g)].map(([, id]) => id));
  const used = [...svg.matchAll(/<use href="#([^"]+)"/g)].map(([, id]) => id);
  expect(used.length).toBeGreaterThan(10);
  for (const id of used) expect(defined.has(id)).toBe(true);
}

describe('the formula', () => {
  it('has a glyph that MathJax loads lazily', () => {
    expect(formulasOf('huber')!.lines[0]!.marks[0]).toMatch(/^2113 /);
  });

  it('can be read, and leaves room for the plot beside or below it', () => {
    for (const id of lossIds) {
      const { svg, width } = lossFigure(id, { theme: 'dark' });
      const [, left, top] = /<g transform="translate\((\d+) (\d+)\)">/.exec(svg)!;
      expect(width - Number(left), id).toBeGreaterThanOrEqual(165);
      const ems = [...svg.matchAll(/translate\([^)]*\)scale\((0\.0\d+)\)/g)].map(
        ([, scale]) => Number(scale) * 1000,
      );
      expect(ems.length, id).toBe(formulasOf(id)!.lines.length);
      for (const em of ems) expect(em, id).toBeGreaterThanOrEqual(top === '0' ? 12 : 8);
    }
  });

  it('is said in words', () => {
    const { alt } = lossFigure('huber', { theme: 'dark' });
    expect(alt).toContain('Huber loss of y hat and y: one half times');
    expect(alt).toContain('if the absolute value of the quantity y hat minus y is at most delta, otherwise');
    expect(alt).toContain('from minus 3 to 3');
  });

  it('is not known for what is not a loss', () => {
    expect(formulasOf('toString')).toBeUndefined();
    expect(() => lossFigure('no-such-loss', { theme: 'dark' })).toThrow(RangeError);
  });
});

/** Value of each curve of a loss's plot at one point. */
function at(id: string, x: number, parameters: Readonly<Record<string, number>> = {}): number[] {
  return lossPlot(loadLoss(id)!, parameters, palettes.dark).curves.map((curve) => curve.of([x])[0]!);
}

describe('the plot', () => {
  it('draws what mathematics says', () => {
    expect(at('mean-squared-error', -1.5)).toEqual([2.25, -3]);
    expect(at('mean-absolute-error', -1.5)).toEqual([1.5, -1]);
    expect(at('huber', 2)).toEqual([1.5, 1]);
    expect(at('huber', 2, { delta: 0.5 })).toEqual([0.875, 0.5]);
    expect(at('huber', 0.25)).toEqual([0.03125, 0.25]);
    const sigmoid = 1 / (1 + Math.exp(-2));
    const binary = [-Math.log(sigmoid), -Math.log(1 - sigmoid), sigmoid - 1, sigmoid];
    at('binary-cross-entropy-logits', 2).forEach((y, k) => expect(y).toBeCloseTo(binary[k]!, 12));
    const share = Math.exp(2) / (Math.exp(2) + 2);
    at('softmax-cross-entropy', 2).forEach((y, k) =>
      expect(y).toBeCloseTo([-Math.log(share), share - 1][k]!, 12),
    );
  });

  it('changes with the parameters', () => {
    const [narrow, wide] = [0.25, 2].map(
      (delta) => lossFigure('huber', { theme: 'light', parameters: { delta } }).svg,
    );
    expect(narrow).not.toBe(wide);
  });

  const of =
    (f: (x: number) => number): Sampled =>
    (xs) =>
      xs.map(f);

  it('draws a jump as a gap, at its place', () => {
    const pieces = trace(
      of((x) => (x < 0.3 ? -1 : 1)),
      -2,
      2,
    );
    expect(pieces.length).toBe(2);
    expect(pieces[0]!.at(-1)![0]).toBeCloseTo(0.3, 9);
    expect(pieces[1]![0]![0]).toBeCloseTo(0.3, 9);
    for (const [piece, y] of [
      [pieces[0]!, -1],
      [pieces[1]!, 1],
    ] as const)
      expect(piece.every((p) => p[1] === y)).toBe(true);
  });

  it('draws a steep function whole', () => {
    expect(
      trace(
        of((x) => Math.tanh(200 * x)),
        -3,
        3,
      ).length,
    ).toBe(1);
    expect(trace(of(Math.abs), -3, 3).length).toBe(1);
  });

  it('leaves out what is not finite', () => {
    const pieces = trace(
      of((x) => (x < 0 ? NaN : Math.log(x))),
      -1,
      1,
    );
    expect(pieces.length).toBe(1);
    expect(pieces.flat().every(([x, y]) => x > 0 && Number.isFinite(y))).toBe(true);
  });

  it('survives a function that is constant', () => {
    for (const constant of [0, 4, -2]) {
      const curves = [{ label: 'loss', of: of(() => constant), colour: '#000000' }];
      expect(
        drawPlot({ width: 200, height: 100, from: -1, to: 1, xLabel: 'x', curves }, palettes.light),
      ).not.toMatch(/NaN|Infinity/);
    }
  });
});

it('encodes base64 as others do', () => {
  for (const text of ['', 'a', 'ab', 'abc', 'abcd', '<svg/>~ \n']) {
    expect(asciiToBase64(text)).toBe(Buffer.from(text, 'utf8').toString('base64'));
  }
  for (const text of ['ŷ', 'aŷ', 'abŷ']) expect(() => asciiToBase64(text)).toThrow(RangeError);
});

it('escapes what XML would read', () => {
  expect(escapeXml('a < "b" & ŷ − 𝔼')).toBe('a &#60; &#34;b&#34; &#38; &#375; &#8722; &#120124;');
});
