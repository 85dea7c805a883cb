/**
 * Programs of a machine that give tokens, or keep them: those of others where they are installed.
 */
import { accessSync, constants } from 'node:fs'
import { delimiter, join } from 'node:path'
import { fileURLToPath } from 'node:url'

/** Our command. */
export const TESSERA = fileURLToPath(new URL('../../../cli/bin/tessera.js', import.meta.url))

/** Whether a program is on the PATH. */
export const isInstalled = (name: string): boolean =>
  (process.env['PATH'] ?? '').split(delimiter).some((folder) => {
    try {
      accessSync(join(folder, name), constants.X_OK)
      return folder !== ''
    } catch {
      return false
    }
  })

/** What is said of programs that are not there; nothing where all are. */
export const leftOut = (names: ReadonlyArray<string>): string | undefined => {
  const missing = names.filter((name) => !isInstalled(name))
  return missing.length === 0 ? undefined : `not measured, since it is not installed: ${missing.join(', ')}`
}
