import type { IO } from 'fp-ts/lib/IO.js'
import type { RedisConnection } from '../RedisPort.js'
import { isUnknownScript } from './reason.js'

/** A script, and the SHA-1 by which Redis knows it once it has run. */
export interface Script {
  readonly lua: string
  readonly sha1: string
}

/** Runs a script by its SHA-1; where the server does not know it (a new server, SCRIPT FLUSH), by its text. */
export const run = async (
  connection: RedisConnection,
  { lua, sha1 }: Script,
  key: string,
  args: ReadonlyArray<string>,
  signal: IO<AbortSignal>,
): Promise<unknown> => {
  try {
    return await connection.evalsha(sha1, key, args, signal)
  } catch (error) {
    if (!isUnknownScript(error) || signal().aborted) throw error
    return connection.eval(lua, key, args, signal)
  }
}
