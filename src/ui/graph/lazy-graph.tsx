import { lazyPart } from "../lazy-part.tsx";

/** A graph whose drawing code is loaded when the first graph is shown. */
export const LazyGraph = lazyPart("graph", async () => (await import("./graph.tsx")).Graph);
