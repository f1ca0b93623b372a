import { Fragment, useEffect, type ReactNode } from "react";
import { Anchor } from "./anchor.tsx";

interface PageProps {
  readonly title: string;
  /** Where this page stands: pages above it, outermost first. */
  readonly crumbs?: readonly { readonly title: string; readonly to: string }[];
  readonly lead?: ReactNode;
  /** Stands at the right of the heading. */
  readonly aside?: ReactNode;
  readonly children: ReactNode;
}

/** The frame of every page: the document's title, the heading, the way back up. */
export function Page({ title, crumbs = [], lead, aside, children }: PageProps) {
  useEffect(() => {
    document.title = `${title} · Millrace`;
  }, [title]);
  return (
    <div className="page">
      <header className="page-head">
        <div>
          {crumbs.length > 0 ? (
            <nav className="crumbs" aria-label="Breadcrumb">
              {crumbs.map((crumb) => (
                <Fragment key={crumb.to}>
                  <Anchor to={crumb.to}>{crumb.title}</Anchor>
                  <span aria-hidden="true">/</span>
                </Fragment>
              ))}
            </nav>
          ) : null}
          <h1>{title}</h1>
          {lead ? <p className="lead">{lead}</p> : null}
        </div>
        {aside}
      </header>
      {children}
    </div>
  );
}
