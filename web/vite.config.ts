import process from 'node:process'
import { fileURLToPath } from 'node:url'
import { defineConfig } from 'vitest/config'
import vue from '@vitejs/plugin-vue'

// `npm run dev` serves the page itself and takes the rest from a running `make local`.
const backend = process.env.LOCAL_RUN_URL ?? 'http://localhost:8000'

export default defineConfig({
  plugins: [vue()],
  resolve: { alias: { '@': fileURLToPath(new URL('./src', import.meta.url)) } },
  server: {
    proxy: { '/auth': backend, '/messages': backend, '/config.json': backend },
  },
  build: {
    target: 'es2022',
    assetsInlineLimit: 0, // a content security policy then needs no `data:`
    modulePreload: { polyfill: false },
  },
  test: {
    environment: 'happy-dom',
    setupFiles: ['./vitest.setup.ts'],
    include: ['src/**/__tests__/*.spec.ts'],
  },
})
