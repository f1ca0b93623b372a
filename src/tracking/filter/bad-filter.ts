import { invalid, type MillraceError } from "../../errors.ts";

/** What is no filter or no order of the search language; MLflow's protocol hands the sentence on as it is. */
export const badFilter = (message: string): MillraceError => invalid("tracking.bad_filter", message);
