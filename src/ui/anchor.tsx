import { Link } from "@tanstack/react-router";
import { useContext, type ReactNode } from "react";
import { CarriedSearch } from "./current-model.ts";

interface AnchorProps {
  readonly to: string;
  readonly className?: string;
  /** Whether it leads to the page that is shown. */
  readonly current?: boolean;
  readonly children: ReactNode;
}

/** A link to another page by its address: rooms know each other's pages by URL only. */
export function Anchor({ to, className, current = false, children }: AnchorProps) {
  const search = useContext(CarriedSearch);
  return (
    <Link to={to} search={search} {...(className ? { className } : {})} {...(current ? { "aria-current": "page" as const } : {})}>
      {children}
    </Link>
  );
}
