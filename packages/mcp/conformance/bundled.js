// Programs that are started many times, each with all that it needs in one file: to load hundreds of modules takes longer than to run them.
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { basename, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { build } from 'esbuild'

/**
 * Bundles programs into a folder of their own, which is for temporary files too.
 * @param {ReadonlyArray<URL>} programs
 */
export const bundled = async (programs) => {
  const folder = mkdtempSync(join(tmpdir(), 'mcp-'))
  await build({
    entryPoints: programs.map((program) => fileURLToPath(program)),
    outdir: folder,
    outExtension: { '.js': '.mjs' },
    bundle: true,
    platform: 'node',
    format: 'esm',
    logLevel: 'error',
    // CommonJS modules among them ask for those of Node.js.
    banner: {
      js: "import{createRequire as requireFrom}from'node:module';const require=requireFrom(import.meta.url);",
    },
  })
  return {
    folder,
    /** The bundle of a program, by its name. */
    of: (/** @type {string} */ name) => join(folder, `${basename(name, '.js')}.mjs`),
    remove: () => rmSync(folder, { recursive: true }),
  }
}
