/**
 * TeX to outlines at build time, so that MathJax never runs inside the extension. What comes out is what
 * {@link ../src/core/figures/formula.ts} reads: one table of glyph outlines, and per formula where each stands.
 */
import { liteAdaptor } from '@mathjax/src/js/adaptors/liteAdaptor.js';
import { LiteElement, type LiteNode } from '@mathjax/src/js/adaptors/lite/Element.js';
import { RegisterHTMLHandler } from '@mathjax/src/js/handlers/html.js';
import '@mathjax/src/js/input/tex/ams/AmsConfiguration.js';
import { TeX } from '@mathjax/src/js/input/tex.js';
import { mathjax } from '@mathjax/src/js/mathjax.js';
import { SVG } from '@mathjax/src/js/output/svg.js';
// Glyph ranges (ℓ is in one) are loaded when first met: this installs the loader, `convertPromise` waits for it.
import '@mathjax/src/js/util/asyncLoad/esm.js';
import type { Outlines, TypesetFormula } from '../src/core/figures/formula.ts';

/** Scale and shift from a node's own units to the formula's: 1/1000 em, y downwards, 0 at the baseline. */
interface Place {
  readonly sx: number;
  readonly sy: number;
  readonly x: number;
  readonly y: number;
}

const adaptor = liteAdaptor();
RegisterHTMLHandler(adaptor);
const page = mathjax.document('', {
  InputJax: new TeX({
    packages: ['base', 'ams'],
    formatError: (_: unknown, error: Error) => {
      throw error;
    },
  }),
  OutputJax: new SVG({ fontCache: 'none' }),
});

/** Typesets formulas into one shared table of outlines. Throws on TeX errors and on glyphs that the font lacks. */
export class Typesetter {
  readonly outlines: Record<string, string> = {};

  /** Display style, in units of 1/1000 em. */
  async typeset(tex: string): Promise<TypesetFormula> {
    const container = (await page.convertPromise(tex, {
      display: true,
      em: 16,
      ex: 8,
      containerWidth: 1_000_000,
    })) as LiteElement;
    const svg = adaptor.tags(container, 'svg')[0];
    if (svg === undefined) throw new Error(`MathJax made no picture of ${tex}`);
    const [left = 0, top = 0, width = 0, height = 0] = numbers(svg.attributes['viewBox']);
    if (left !== 0) throw new Error(`The picture of ${tex} does not start at 0`);
    const marks: string[] = [];
    for (const child of svg.children) this.walk(child, { sx: 1, sy: 1, x: 0, y: 0 }, marks, tex);
    return { tex, width: Math.ceil(width), ascent: Math.ceil(-top), descent: Math.ceil(height + top), marks };
  }

  private walk(node: LiteNode, outer: Place, marks: string[], tex: string): void {
    if (!(node instanceof LiteElement)) return;
    const place = within(outer, attribute(node, 'transform'));
    switch (node.kind) {
      case 'g':
        for (const child of node.children) this.walk(child, place, marks, tex);
        return;
      case 'path':
        // Invisible characters, such as function application, have no outline.
        if (attribute(node, 'd') !== '') {
          marks.push(this.mark(attribute(node, 'data-c') || 'path', attribute(node, 'd'), place));
        }
        return;
      case 'rect': {
        const [x, y, w, h] = ['x', 'y', 'width', 'height'].map((name) => Number(attribute(node, name) || 0));
        marks.push(this.mark('bar', `M${x} ${y}h${w}v${h}h${-w!}Z`, place));
        return;
      }
      case 'svg': {
        marks.push(...this.extension(node, outer, tex));
        return;
      }
      default:
        // `text` is a glyph that the font lacks; it would need a font at run time.
        throw new Error(`MathJax drew ${tex} with a <${node.kind}>, which is not an outline`);
    }
  }

  /**
   * The middle of a delimiter taller than any glyph: MathJax stretches straight strokes and cuts them to size with an inner
   * picture. A bar of each stroke's width and the picture's height is the same.
   */
  private extension(node: LiteElement, outer: Place, tex: string): string[] {
    const path = adaptor.tags(node, 'path')[0];
    const strokes =
      path === undefined
        ? []
        : attribute(path, 'd')
            .split('Z')
            .filter((stroke) => stroke !== '');
    const [x, y, height] = ['x', 'y', 'height'].map((name) => Number(attribute(node, name) || 0));
    const place = { ...outer, x: outer.x + outer.sx * x!, y: outer.y + outer.sy * y! };
    return strokes.map((stroke) => {
      const points = [...stroke.matchAll(/[ML](-?[\d.]+)[ ,]?(-?[\d.]+)/g)].map(([, px]) => Number(px));
      if (points.length < 3 || /[A-KN-Za-z]/.test(stroke))
        throw new Error(`MathJax drew ${tex} with a stroke that is not straight`);
      const left = Math.min(...points);
      const width = Math.max(...points) - left;
      return this.mark('bar', `M${left} 0h${width}v${height!}h${-width}Z`, place);
    });
  }

  private mark(name: string, outline: string, { sx, sy, x, y }: Place): string {
    if (Math.abs(sx + sy) > 1e-6) throw new Error(`A glyph is stretched: ${sx}, ${sy}`);
    let key = name;
    for (let n = 2; this.outlines[key] !== undefined && this.outlines[key] !== outline; n++)
      key = `${name}.${n}`;
    this.outlines[key] = outline;
    return [key, Math.round(x), Math.round(y), Number(sx.toFixed(3))].join(' ');
  }

  /** The table in a stable order. */
  table(): Outlines {
    return Object.fromEntries(Object.entries(this.outlines).sort(([a], [b]) => (a < b ? -1 : 1)));
  }
}

function within(outer: Place, transform: string): Place {
  let place = outer;
  for (const [, name, args] of transform.matchAll(/(\w+)\(([^)]*)\)/g)) {
    const [a = 0, b] = numbers(args);
    if (name === 'translate')
      place = { ...place, x: place.x + place.sx * a, y: place.y + place.sy * (b ?? 0) };
    else if (name === 'scale') place = { ...place, sx: place.sx * a, sy: place.sy * (b ?? a) };
    else throw new Error(`MathJax used the transformation ${name ?? transform}`);
  }
  return place;
}

function attribute(node: LiteElement, name: string): string {
  const value: unknown = node.attributes[name];
  return typeof value === 'string' || typeof value === 'number' ? String(value) : '';
}

function numbers(text: unknown): number[] {
  return typeof text === 'string'
    ? text
        .trim()
        .split(/[\s,]+/)
        .map(Number)
    : [];
}
