import { Outlet, useLocation, useParams, useSearch } from "@tanstack/react-router";
import { useEffect, useMemo, useRef } from "react";
import { CarriedSearch, CurrentModel } from "../ui/current-model.ts";
import { PollInterval } from "../ui/live-query.ts";
import { HealthStrip } from "./health-strip.tsx";
import { Navigation } from "./navigation.tsx";
import "./shell.css";
import { useActivity } from "./use-activity.ts";

/** What stands around every page: navigation, the model all pages are about, and how often they ask for news. */
export function Shell() {
  const { models, busy, modelOf } = useActivity();
  const search = useSearch({ strict: false }) as Record<string, string | undefined>;
  const { model: fromPath } = useParams({ strict: false }) as { model?: string };
  const model = fromPath ?? modelOf(search["model"]);
  const carried = useMemo((): Record<string, string> => (models.length > 1 && model !== null ? { model } : {}), [models.length, model]);
  const main = useRef<HTMLElement>(null);
  useFocusOnNewPage(main);
  return (
    <PollInterval value={busy ? 2000 : 10_000}>
      <CurrentModel value={model}>
        <CarriedSearch value={carried}>
          <a className="skip-link" href="#main">
            Skip to the content
          </a>
          <div className="shell">
            <Navigation models={models} model={model} busy={busy} />
            <main id="main" ref={main} tabIndex={-1}>
              <HealthStrip />
              <Outlet />
            </main>
          </div>
        </CarriedSearch>
      </CurrentModel>
    </PollInterval>
  );
}

/** A new page is read from its top: the focus moves to it, as it would with a page that was loaded whole. */
function useFocusOnNewPage(main: React.RefObject<HTMLElement | null>): void {
  const { pathname } = useLocation();
  const before = useRef(pathname);
  useEffect(() => {
    if (before.current === pathname) return;
    before.current = pathname;
    main.current?.focus({ preventScroll: true });
  }, [pathname, main]);
}
