import { lazy, Suspense, type ComponentProps } from "react";
import type { Graph } from "./graph.tsx";

const Loaded = lazy(async () => ({ default: (await import("./graph.tsx")).Graph }));

/** A graph whose drawing code is loaded when the first graph is shown. */
export function LazyGraph(props: ComponentProps<typeof Graph>) {
  return (
    <Suspense fallback={<output className="loading">Drawing…</output>}>
      <Loaded {...props} />
    </Suspense>
  );
}
