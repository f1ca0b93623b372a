import { useLocation, useNavigate } from "@tanstack/react-router";
import { useState } from "react";
import { Anchor } from "../ui/anchor.tsx";
import { Choice } from "../ui/choice.tsx";
import { Icon } from "../ui/icon.tsx";
import { navigation } from "./pages.ts";
import { Wheel } from "./wheel.tsx";

interface NavigationProps {
  readonly models: readonly string[];
  readonly model: string | null;
  readonly busy: boolean;
}

/** The product's name, the model switcher and the list of pages. */
export function Navigation({ models, model, busy }: NavigationProps) {
  const { pathname } = useLocation();
  // Opened on one page it is closed on the next.
  const [openAt, setOpenAt] = useState<string | null>(null);
  const open = openAt === pathname;
  return (
    <header className="side">
      <div className="side-top">
        <Anchor to="/" className="brand">
          <Wheel turning={busy} size={26} />
          Millrace
        </Anchor>
        <button type="button" className="button menu-button" aria-expanded={open} aria-controls="pages" onClick={() => setOpenAt(open ? null : pathname)}>
          <Icon name="menu" size={16} />
          Pages
        </button>
      </div>
      <ModelSwitcher models={models} model={model} />
      <nav id="pages" className={open ? "pages open" : "pages"} aria-label="Pages">
        <ul>
          {navigation.map((entry) => (
            <li key={entry.path}>
              <Anchor to={entry.path} current={[entry.path, ...(entry.also ?? [])].some((path) => isCurrent(pathname, path))}>
                {entry.name}
              </Anchor>
            </li>
          ))}
        </ul>
      </nav>
    </header>
  );
}

function ModelSwitcher({ models, model }: { models: readonly string[]; model: string | null }) {
  const navigate = useNavigate();
  if (model === null) return null;
  if (models.length < 2) {
    return (
      <p className="model">
        <span>Model</span>
        <b>{model}</b>
      </p>
    );
  }
  return (
    <div className="model">
      <Choice label="Model" chosen={model} options={models.map((name) => ({ id: name, name }))} onPick={(name) => void navigate({ to: "/", search: { model: name } })} />
    </div>
  );
}

const isCurrent = (pathname: string, path: string): boolean => pathname === path || (path !== "/" && pathname.startsWith(`${path}/`));
