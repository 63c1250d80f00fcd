// One page, no server: react comes in by esbuild's own JSX.
import { defineConfig } from "vite";

export default defineConfig({
  esbuild: { jsx: "automatic" },
  define: { "process.env.NODE_ENV": '"production"', "process.env": "{}" },
  build: { chunkSizeWarningLimit: 20000, sourcemap: false, minify: false },
});
