import * as v from 'valibot';
import { labelsSchema } from './tasks/labels.ts';
import { outputsSchema } from './tasks/outputs.ts';
import { embeddingSchema } from './tasks/embedding.ts';
import { forecastSchema } from './tasks/forecast.ts';
import { ganSchema } from './tasks/gan.ts';
import { recommendationSchema } from './tasks/recommendation.ts';

/** What the model is to do. */
export const taskSchema = v.variant('type', [
  /** Predict one column of a table from the others. */
  v.strictObject({ type: v.literal('column') }),
  embeddingSchema,
  recommendationSchema,
  labelsSchema,
  outputsSchema,
  forecastSchema,
  ganSchema,
]);
