import { testAutologging } from "./autolog.ts";

testAutologging("boosting", ["scikit-learn", "xgboost", "lightgbm", "statsmodels", "matplotlib"], ["sklearn", "xgboost", "lightgbm", "statsmodels"]);
