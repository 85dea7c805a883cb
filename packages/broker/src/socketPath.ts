/**
 * Where a broker's socket is.
 *
 * @packageDocumentation
 */
import { homedir } from 'node:os'
import { isAbsolute, join } from 'node:path'

const absolute = (variables: Readonly<Record<string, string | undefined>>, name: string): string | undefined => {
  const path = variables[name]
  return path !== undefined && isAbsolute(path) ? path : undefined
}

/**
 * The socket of the person's broker: `$TESSERA_SOCKET`, or `tessera/broker.sock` in the folder of the login session
 * (`$XDG_RUNTIME_DIR`), or, on systems without one, in that of the person's state (`$XDG_STATE_HOME`, `~/.local/state`). Paths that
 * are not absolute are ignored, as the XDG base directory specification asks.
 *
 * @example
 * import { brokerSocket } from '@tessera/broker'
 *
 * assert.strictEqual(brokerSocket({ XDG_RUNTIME_DIR: '/run/user/1000' }), '/run/user/1000/tessera/broker.sock')
 */
export const brokerSocket = (variables: Readonly<Record<string, string | undefined>> = process.env): string =>
  absolute(variables, 'TESSERA_SOCKET') ??
  join(
    absolute(variables, 'XDG_RUNTIME_DIR') ??
      absolute(variables, 'XDG_STATE_HOME') ??
      join(homedir(), '.local', 'state'),
    'tessera',
    'broker.sock',
  )
