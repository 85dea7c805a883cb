/**
 * The folders of the XDG base directory specification. A path that is not absolute is ignored, as it asks.
 */
import { homedir } from 'node:os'
import { isAbsolute, join } from 'node:path'

type Variables = Readonly<Record<string, string | undefined>>

const folder = (variables: Variables, name: string, fallback: ReadonlyArray<string>): string => {
  const given = variables[name]
  const base = given !== undefined && isAbsolute(given) ? given : join(homedir(), ...fallback)
  return join(base, 'tessera')
}

/** Where profiles are. */
export const configFolder = (variables: Variables): string => folder(variables, 'XDG_CONFIG_HOME', ['.config'])

/** Where sessions are, unless they are told to be elsewhere. */
export const stateFolder = (variables: Variables): string => folder(variables, 'XDG_STATE_HOME', ['.local', 'state'])

/** What is kept of sessions: the folder of all, the key that seals them, and their files. */
export const pathsIn = (state: string) => ({ state, key: join(state, 'key'), sessions: join(state, 'sessions') })
