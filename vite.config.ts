import react from "@vitejs/plugin-react";
import { defineConfig } from "vite";

/** The pages: `vite build` writes them to dist/web, where the server finds them; `vite` serves them beside a server on port 5000. */
export default defineConfig({
  root: "src/web",
  base: "/",
  plugins: [react()],
  build: { outDir: "../../dist/web", emptyOutDir: true, target: "es2024" },
  server: { proxy: { "/api": "http://127.0.0.1:5000" } },
});
