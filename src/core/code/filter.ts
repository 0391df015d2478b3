const framework = /\b(?:torch|torchvision|keras|tensorflow|tf_keras|optax|sklearn|xgboost|lightgbm)\b/;

/** Words of which the name of every loss of a library holds one, and the module of most. */
const loss =
  /loss|error|entropy|huber|regress|objective|regularizers|divergence|deviance|cosine|kl_div|log_?cosh|poisson|hinge|tversky|circle|ntxent|\bdice|\bctc|\bm[as]e\b|\bsvr\b|\bridge\b|\blasso\b|elasticnet/i;

/** A quick look at the text: false where no use of a loss can be in it, so that it need not be parsed. */
export function mayUseLosses(source: string): boolean {
  return framework.test(source) && loss.test(source);
}
