import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

/** The project's folder, which `src`, `dist` and `bin` are equally far from. */
export const ROOT = fileURLToPath(new URL('../../..', import.meta.url))

/** Where a file of the project is. */
export const inProject = (path: string): string => join(ROOT, path)

/** The command, as it was built. */
export const TESSERA = inProject('packages/cli/bin/tessera.js')
