const framework = /\b(?:torch|keras|tensorflow|tf_keras|optax|sklearn|xgboost|lightgbm)\b/;
const loss = /loss|error|entropy|huber|regress|objective|\bm[as]e\b/i;

/** A quick look at the text: false where no use of a loss can be in it, so that it need not be parsed. */
export function mayUseLosses(source: string): boolean {
  return framework.test(source) && loss.test(source);
}
