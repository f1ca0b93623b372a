import { Link } from "@tanstack/react-router";
import type { ReactNode } from "react";

/** A link to another page by its address: rooms know each other's pages by URL only. */
export function Anchor({ to, className, children }: { to: string; className?: string; children: ReactNode }) {
  const [path, query = ""] = to.split("?");
  return (
    <Link to={path} search={(kept: Record<string, unknown>) => ({ ...("model" in kept ? { model: kept["model"] } : {}), ...Object.fromEntries(new URLSearchParams(query)) }) as never} {...(className ? { className } : {})}>
      {children}
    </Link>
  );
}
