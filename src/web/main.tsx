import { QueryClient, QueryClientProvider } from "@tanstack/react-query";
import { RouterProvider } from "@tanstack/react-router";
import { StrictMode } from "react";
import { createRoot } from "react-dom/client";
import { ApiError } from "../http/client.ts";
import "../ui/theme.css";
import "../ui/layout.css";
import { pageOfMlflowLink } from "./mlflow-links.ts";
import { openRouter } from "./router.tsx";

// Before the router reads the address: the clients print such links after every run.
const linked = pageOfMlflowLink(location.hash);
if (linked !== undefined) history.replaceState(null, "", linked);

const queries = new QueryClient({
  defaultOptions: {
    queries: {
      // What the server refuses it refuses again; a server that is away comes back.
      retry: (failures, error) => !(error instanceof ApiError) && failures < 1,
      staleTime: 1000,
      // The server may be this very machine: a browser that has no network asks all the same.
      networkMode: "always",
    },
    mutations: { networkMode: "always" },
  },
});

createRoot(document.getElementById("root")!).render(
  <StrictMode>
    <QueryClientProvider client={queries}>
      <RouterProvider router={openRouter()} />
    </QueryClientProvider>
  </StrictMode>,
);
