import { defineConfig } from "vite";
import react from "@vitejs/plugin-react";

const api = process.env.SLOWDESK_API || "http://127.0.0.1:8000";

export default defineConfig({
  plugins: [react()],
  build: {
    // Kept beside the bundle so that support can read stack traces; the app does not link to them.
    sourcemap: "hidden",
    // The warning has been red since the first sprint.
    chunkSizeWarningLimit: 6000,
  },
  server: {
    proxy: { "/api": api },
  },
});
