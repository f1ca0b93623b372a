import { useQuery } from "@tanstack/react-query";
import type { ComponentType } from "react";

const again = 2000;
/** Between two reloads of the page for code that a running server does not have. */
const reloadPause = 60_000;
const lastReload = "millrace.reloaded-for-code";

/**
 * A part of the pages whose code is loaded when it is first shown. When the server is gone it says so in its place and loads once the server is
 * back; when the server is there and does not have the code, it is another Millrace than the page's, and the page is loaded anew.
 *
 * @param name Of all such parts, this one.
 */
export function lazyPart<P extends object>(name: string, load: () => Promise<ComponentType<P>>): ComponentType<P> {
  return function LazyPart(props: P) {
    const { data: Part, isError } = useQuery({
      queryKey: ["code", name],
      queryFn: () => load().catch(async (error: unknown) => {
        await reloadIfServed();
        throw error;
      }),
      staleTime: Infinity,
      gcTime: Infinity,
      retry: false,
      structuralSharing: false,
      refetchInterval: ({ state }) => (state.status === "error" ? again : false),
    });
    if (Part) return <Part {...props} />;
    return <output className="loading">{isError ? "This part of the page comes when the server answers." : "Loading…"}</output>;
  };
}

/** Loads the page anew if a server answers; not twice within a minute, so that what is broken for good does not blink. */
async function reloadIfServed(): Promise<void> {
  const served = await fetch("/health", { cache: "no-store" }).then(() => true, () => false);
  if (!served || Date.now() - Number(sessionStorage.getItem(lastReload) ?? 0) < reloadPause) return;
  sessionStorage.setItem(lastReload, String(Date.now()));
  location.reload();
}
