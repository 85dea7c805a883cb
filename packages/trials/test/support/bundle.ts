/** Programs of the tests' own, bundled by one esbuild, which is started at the first and is to be stopped after the last. */
import { build } from 'esbuild'

export { stop } from 'esbuild'

/** Writes a program with all that it needs into a folder; tells what is wrong with it, or nothing. */
export const bundle = ({
  entry,
  folder,
  alias,
}: {
  readonly entry: string
  readonly folder: string
  /** Sources, by what they are imported as. */
  readonly alias: Record<string, string>
}): Promise<string> =>
  build({
    entryPoints: [entry],
    outdir: folder,
    outExtension: { '.js': '.mjs' },
    bundle: true,
    // One copy of each source, and no directory where a dependency would have to be found.
    splitting: true,
    format: 'esm',
    platform: 'node',
    logLevel: 'silent',
    alias,
    banner: { js: "import { createRequire } from 'node:module'; const require = createRequire(import.meta.url)" },
  }).then(
    () => '',
    (error: unknown) => String(error),
  )
