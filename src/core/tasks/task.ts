import type { Dataset, Table } from '../data/dataset.ts';
import type { Prepared } from '../data/prepare.ts';
import type { Result } from '../messages/message.ts';
import type { Sliced } from '../slices.ts';
import type { RunPlans } from '../training/plans.ts';

/** What an experiment asks of its data and its loss, checked as far as that goes without the data. */
export interface CheckedTask {
  /** Makes a table ready for training. */
  prepare(table: Table): Sliced<Result<Prepared>>;
  /** Plans the run on such data, or on some rows of it. Bad when loss, parameters or model do not fit, or sizes are too large. */
  plan(dataset: Dataset): Result<RunPlans>;
}
