import { writeFileSync } from 'node:fs';
import { Typesetter } from './typeset.ts';
const t = new Typesetter();
const L: Record<string, [string,string]> = {
 'huber': ['\\ell_\\delta(\\hat y,y)=\\begin{cases} \\tfrac12(\\hat y-y)^2 & |\\hat y-y|\\le\\delta\\\\ \\delta\\left(|\\hat y-y|-\\tfrac12\\delta\\right)&\\text{otherwise}\\end{cases}',
   '\\frac{\\partial L}{\\partial\\hat y_i}=\\frac1n\\begin{cases}\\hat y_i-y_i & |\\hat y_i-y_i|\\le\\delta\\\\ \\delta\\,\\operatorname{sign}(\\hat y_i-y_i)&\\text{otherwise}\\end{cases}'],
 'mse': ['\\ell(\\hat y,y)=(\\hat y-y)^2','\\frac{\\partial L}{\\partial\\hat y_i}=\\frac2n(\\hat y_i-y_i)'],
 'softmax-cross-entropy': ['\\ell(z,y)=\\log\\sum_{c}e^{z_c}-z_{y}', '\\frac{\\partial L}{\\partial z_{ic}}=\\frac1n\\bigl(\\operatorname{softmax}(z_i)_c-[c=y_i]\\bigr)'],
};
const losses: Record<string, unknown> = {};
for (const [k,[a,b]] of Object.entries(L)) losses[k] = { value: await t.typeset(a), gradient: await t.typeset(b), spoken: 'x' };
writeFileSync('src/core/figures/formulas.json', JSON.stringify({ outlines: t.table(), losses }, null, 1));
const { compose } = await import('../src/core/figures/compose.ts');
const { formulasOf } = await import('../src/core/figures/formula.ts');
const { palettes } = await import('../src/core/figures/theme.ts');
let html='';
for (const [bg, p] of [['#202020','dark'],['#f8f8f8','light'],['#000','hc-dark'],['#fff','hc-light']] as const) {
  const pal = palettes[p];
  const c = (label:string, of:(x:number)=>number, gradient=false) => ({label, of, colour: gradient?pal.gradient:pal.loss, dashed: gradient});
  const plots: Record<string, any> = {
    huber: {from:-3,to:3,xLabel:'ŷ − y',curves:[c('loss',x=>Math.abs(x)<=1?x*x/2:Math.abs(x)-.5),c('gradient',x=>Math.max(-1,Math.min(1,x)),true)]},
    mse: {from:-3,to:3,xLabel:'ŷ − y',curves:[c('loss',x=>Math.abs(x)),c('gradient',x=>Math.sign(x),true)]},
    'softmax-cross-entropy': {from:-6,to:6,xLabel:'logit z',curves:[c('loss',x=>Math.log(Math.exp(x)+2)-x),c('gradient',x=>Math.exp(x)/(Math.exp(x)+2)-1,true)]},
  };
  html += `<div style="background:${bg};padding:8px;width:500px;display:inline-block;margin:4px">`;
  for (const k of Object.keys(L)) { const r = compose(formulasOf(k)!, plots[k], pal, 'alt'); html += `<img src="data:image/svg+xml;base64,${Buffer.from(r.svg).toString('base64')}" width=${r.width} height=${r.height}><br>`; console.log(k, r.svg.length);}
  html += '</div>';
}
writeFileSync('/tmp/prev/p.html', '<meta charset=utf8><body style="background:#888">'+html);
