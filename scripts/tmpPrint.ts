import { losses } from '../src/core/losses/catalogue.ts';
const all = losses();
import { lossTex } from '../src/core/expression/print/tex.ts';
import { printLoss, mannersOf } from '../src/core/expression/print/snippet.ts';
for (const l of all) {
  console.log('=====', l.id);
  console.log(lossTex(l));
  for (const lang of ['numpy', 'torch', 'typescript'] as const)
    for (const manner of mannersOf(l, lang)) {
      console.log('-----', lang, manner);
      console.log(printLoss(l, lang, { manner }).code);
    }
}
