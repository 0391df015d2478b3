// `npm run bench`: what a user waits for against its budget, a training step against other frameworks, and how its cost
// grows. Only budgets can fail, beyond three times one.
//   npm run bench -- --short              budgets in one window, and that the comparison of steps works; for CI
//   npm run bench -- --steps [--only line,small] [--windows 12] [--ms 250] [--name steps]
//   npm run bench -- --growth [--name growth]
//   npm run bench -- --budgets
import { parseArgs } from 'node:util';
import { measureBudgets } from './budgets.ts';
import { measureGrowth } from './steps/growth.ts';
import { fullSteps, shortSteps } from './steps/main.ts';
import { writeReport } from './steps/report.ts';

const { values } = parseArgs({
  options: {
    short: { type: 'boolean', default: false },
    budgets: { type: 'boolean', default: false },
    steps: { type: 'boolean', default: false },
    growth: { type: 'boolean', default: false },
    only: { type: 'string' },
    windows: { type: 'string', default: '12' },
    ms: { type: 'string', default: '250' },
    name: { type: 'string' },
  },
});
const everything = !values.short && !values.budgets && !values.steps && !values.growth;
const pace = { windows: Number(values.windows), milliseconds: Number(values.ms) };
let well = true;
if (everything || values.short || values.budgets) well = await measureBudgets(values.short);
if (values.short) well = (await shortSteps()) && well;
if (everything || values.steps)
  await fullSteps({
    name: values.name ?? 'steps',
    pace,
    ...(values.only === undefined ? {} : { only: values.only }),
  });
if (everything || values.growth) await measureGrowth(values.name ?? 'growth');
if (everything) await writeReport();
process.exitCode = well ? 0 : 1;
