import { configureGlobal, readConfigureGlobal } from "fast-check";

// The same examples in every run: a red test is red for everybody. `MILLRACE_SEED=… npm test` looks elsewhere.
configureGlobal({ ...readConfigureGlobal(), seed: Number(process.env["MILLRACE_SEED"] ?? 20_261_120) });
