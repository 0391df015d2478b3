/**
 * TeX to SVG at build time: MathJax never runs inside the extension. Paths only (no fonts, no `use`), measured in
 * px, coloured by `currentColor`, which the composition replaces per theme.
 */
import { mathjax } from '@mathjax/src/js/mathjax.js';
import { TeX } from '@mathjax/src/js/input/tex.js';
import { SVG } from '@mathjax/src/js/output/svg.js';
import { liteAdaptor } from '@mathjax/src/js/adaptors/liteAdaptor.js';
import { RegisterHTMLHandler } from '@mathjax/src/js/handlers/html.js';
import '@mathjax/src/js/input/tex/ams/AmsConfiguration.js';
// Glyph ranges such as ℓ are loaded when first met; this installs the loader.
import '@mathjax/src/js/util/asyncLoad/esm.js';
import { MathJaxNewcmFont } from '@mathjax/mathjax-newcm-font/js/svg.js';

const tex = '';
const adaptor = liteAdaptor();
RegisterHTMLHandler(adaptor);
const document = mathjax.document('', {
  InputJax: new TeX({ packages: ['base', 'ams'] }),
  OutputJax: new SVG({ fontCache: 'none', fontData: MathJaxNewcmFont }),
});
console.log(adaptor.outerHTML(await document.convertPromise(process.argv[2] ?? '\\ell', { display: true, em: 16, ex: 8, containerWidth: 10000 })));
