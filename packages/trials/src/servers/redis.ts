/** Redis servers of our own: unprivileged processes on free loopback ports, in a folder that goes with them. */
import { join } from 'node:path'
import { Redis } from 'ioredis'
import { eventually } from './eventually.js'
import { freePort, listens } from './ports.js'
import { type Files, processes } from './processes.js'
import { programNamed } from './programs.js'

/** One server process. */
export interface Server {
  readonly port: number
  readonly signal: (name: 'SIGSTOP' | 'SIGCONT' | 'SIGKILL') => void
  /** Runs a command over a connection of its own. */
  readonly command: (...words: ReadonlyArray<string>) => Promise<unknown>
}

/** Servers that are stopped, and whose folder is removed, all at once. */
export interface Servers {
  /** A server with these options, on a free port unless one is given; one that was there before finds its files again. */
  readonly start: (options?: ReadonlyArray<string>, port?: number, files?: Files) => Promise<Server>
  /** A Sentinel with this configuration. */
  readonly startSentinel: (config: ReadonlyArray<string>, port: number) => Promise<Server>
  readonly stop: () => Promise<void>
}

const run = async (port: number, [name = '', ...words]: ReadonlyArray<string>): Promise<unknown> => {
  const client = new Redis(port, '127.0.0.1', {
    lazyConnect: true,
    retryStrategy: () => null,
    disableClientInfo: true,
    // Told to disconnect after the server has gone, it keeps the process alive for so long.
    disconnectTimeout: 20,
  })
  client.on('error', () => undefined)
  try {
    await client.connect()
    return await client.call(name, ...words)
  } finally {
    client.disconnect()
  }
}

export const servers = (): Servers => {
  const all = processes('redis')

  const startServer = async (args: ReadonlyArray<string>, port: number, own: string): Promise<Server> => {
    const server = all.start(programNamed('redis-server'), args, { cwd: own })
    await eventually(`an answer on port ${port}`, async () => {
      if (!server.isRunning()) throw new Error(`redis-server on port ${port} has ended`)
      return (await listens(port)) && (await run(port, ['PING'])) === 'PONG'
    })
    return { port, signal: server.signal, command: (...words) => run(port, words) }
  }

  return {
    start: async (options = [], port, files = {}) => {
      const at = port ?? (await freePort())
      const common = ['--port', String(at), '--bind', '127.0.0.1', '--save', '', '--enable-debug-command', 'yes']
      return startServer([...common, ...options], at, all.folder(String(at), files))
    },
    startSentinel: async (config, port) => {
      const lines = [`port ${port}`, 'bind 127.0.0.1', ...config]
      const own = all.folder(String(port), { 'sentinel.conf': `${lines.join('\n')}\n` })
      return startServer([join(own, 'sentinel.conf'), '--sentinel'], port, own)
    },
    stop: all.stop,
  }
}
