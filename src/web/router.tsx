import { createRootRoute, createRoute, createRouter, useParams } from "@tanstack/react-router";
import { lazyPart } from "../ui/lazy-part.tsx";
import { EmptyNotice, ErrorNotice } from "../ui/notice.tsx";
import { Page } from "../ui/page.tsx";
import type { PageEntry } from "../ui/page-entry.ts";
import { pages } from "./pages.ts";
import { Shell } from "./shell.tsx";

/** The router over all pages; each page's code is loaded when somebody goes there. */
export function openRouter() {
  const root = createRootRoute({
    validateSearch: (search: Record<string, unknown>) => Object.fromEntries(Object.entries(search).map(([key, value]) => [key, String(value)])),
    component: Shell,
    notFoundComponent: NoPage,
    errorComponent: ({ error }) => <ErrorNotice error={error instanceof Error ? error : new Error(String(error))} />,
  });
  const routes = pages.map((page) => createRoute({ getParentRoute: () => root, path: page.path, component: componentOf(page) }));
  return createRouter({ routeTree: root.addChildren(routes), defaultPreload: false, scrollRestoration: true });
}

function componentOf(page: PageEntry) {
  const Loaded = lazyPart(page.path, page.load);
  return function PageOfRoute() {
    const params = useParams({ strict: false }) as Record<string, string>;
    // Another thing on the same page begins anew: nothing chosen or typed stays from the one before.
    return <Loaded key={JSON.stringify(params)} params={params} />;
  };
}

function NoPage() {
  return (
    <Page title="Not found">
      <EmptyNotice title="There is no page at this address">
        <p>The navigation lists all pages.</p>
      </EmptyNotice>
    </Page>
  );
}
