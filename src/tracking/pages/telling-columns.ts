const companion = /^(naive|linear|champion|training)_|_(low|high)$/;

/** The metrics runs are compared by: not the ends of intervals nor what others scored on the same rows. Losses first. */
export const mainMetrics = (keys: readonly string[]): string[] => keys.filter((key) => !companion.test(key) && !key.startsWith("system/")).toSorted((a, b) => order(a) - order(b));

const order = (key: string): number => {
  const place = ["rmse", "mae", "r2", "log_loss", "accuracy", "f1", "roc_auc"].indexOf(key);
  return place < 0 ? 99 : place;
};
