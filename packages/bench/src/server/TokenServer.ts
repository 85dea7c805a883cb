/**
 * The token server, from the side of those who measure.
 */
import { fork } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'

/** Where a session is: the URLs of a server of its own. */
export interface Endpoints {
  /** What box-node-sdk is given; its token endpoint is below it. */
  readonly base: string
  readonly tokenEndpoint: string
}

/** A session at the server. */
export interface ServerSession extends Endpoints {
  readonly counts: () => Promise<Counts>
}

export interface Counts {
  readonly requests: number
  readonly refused: number
}

export interface SessionOptions {
  /** How long an answer takes, in ms. Default: 0. */
  readonly delay?: number
  /** How long a token lives, in s. Default: an hour. */
  readonly lifetime?: number
  /** Its refresh tokens are of single use. Default: false. */
  readonly rotates?: boolean
}

export interface TokenServer {
  readonly port: number
  /** A session that nobody has used. The first refresh token that it takes is {@link FIRST_REFRESH_TOKEN}. */
  readonly session: (options?: SessionOptions) => ServerSession
  readonly close: () => Promise<void>
}

/** The argument of its process. */
export const AWAKE = 'awake'

export const FIRST_REFRESH_TOKEN = '0'.padStart(43, 'x')

const isCounts = (value: unknown): value is Counts =>
  typeof value === 'object' && value !== null && 'requests' in value && 'refused' in value

export interface TokenServerOptions {
  /**
   * It does not sleep between two requests: how long a core takes to wake is the machine's, and as long as a request. Takes a core.
   * Default: false.
   */
  readonly isAwake?: boolean
}

/** Starts it in a process of its own. */
export const startTokenServer = async ({ isAwake = false }: TokenServerOptions = {}): Promise<TokenServer> => {
  const main = fileURLToPath(new URL('../../dist/server/main.js', import.meta.url))
  const child = fork(main, isAwake ? [AWAKE] : [], { execArgv: [] })
  const [port]: ReadonlyArray<unknown> = await once(child, 'message')
  if (typeof port !== 'number') throw new Error('the token server told no port')
  const origin = `http://127.0.0.1:${port}`
  let last = 0
  return {
    port,
    session: ({ delay = 0, lifetime = 3_600, rotates = false } = {}) => {
      const name = `${rotates ? 'r' : 's'}${++last}`
      const base = `${origin}/${name}/${delay}/${lifetime}`
      return {
        base,
        tokenEndpoint: `${base}/oauth2/token`,
        counts: async () => {
          const counts: unknown = await (await fetch(`${origin}/${name}/counts`)).json()
          if (!isCounts(counts)) throw new Error('the token server told no counts')
          return counts
        },
      }
    },
    close: async () => {
      const ended = once(child, 'exit')
      child.disconnect()
      await ended
    },
  }
}
