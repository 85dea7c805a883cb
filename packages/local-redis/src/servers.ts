/** Redis servers of the tests' own: unprivileged processes on free loopback ports, in a folder that goes with them. */
import { type ChildProcess, execFileSync, spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { connect, createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { Redis } from 'ioredis'

/** How it is installed. */
export const INSTALL = 'apt-get install -y redis-server'

const found = (): boolean => spawnSync('redis-server', ['--version']).status === 0

/** Whether there is a `redis-server`; installs it where it may. Without one, suites are left out, unless that is forbidden. */
export const hasRedis = (): boolean => {
  if (found()) return true
  if (process.getuid?.() === 0 && existsSync('/etc/debian_version')) {
    spawnSync('apt-get', ['install', '-y', '--no-install-recommends', 'redis-server'], { stdio: 'ignore' })
    if (found()) return true
  }
  if (process.env['REQUIRE_REDIS'] === '1') throw new Error(`REQUIRE_REDIS=1, but there is no redis-server: ${INSTALL}`)
  process.stderr.write(`\nNOT TESTED: there is no redis-server. Install it: ${INSTALL}\n\n`)
  return false
}

export const freePort = async (): Promise<number> => {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  server.close()
  await once(server, 'close')
  if (address === null || typeof address === 'string') throw new Error('no port')
  return address.port
}

const listens = (port: number): Promise<boolean> =>
  new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1')
    socket.once('connect', () => {
      socket.destroy()
      resolve(true)
    })
    socket.once('error', () => resolve(false))
  })

/** One server process. */
export interface Server {
  readonly port: number
  readonly signal: (name: 'SIGSTOP' | 'SIGCONT' | 'SIGKILL') => void
  /** Runs a command over a connection of its own. */
  readonly command: (...words: ReadonlyArray<string>) => Promise<unknown>
}

/** Servers that are stopped, and whose folder is removed, all at once. */
export interface Servers {
  readonly start: (options?: ReadonlyArray<string>, port?: number) => Promise<Server>
  readonly startSentinel: (primary: Server) => Promise<Server>
  readonly stop: () => Promise<void>
}

/** Asks again until it holds: for what a server does in its own time. */
export const eventually = async (what: string, holds: () => Promise<boolean>): Promise<void> => {
  for (let tries = 0; tries < 500; tries++) {
    if (await holds().catch(() => false)) return
    await sleep(20)
  }
  throw new Error(`never came about: ${what}`)
}

export const servers = (): Servers => {
  const folder = mkdtempSync(join(tmpdir(), 'redis-'))
  const processes: Array<ChildProcess> = []
  // Where the tests run as root, the servers do not.
  const isRoot = process.getuid?.() === 0
  const nobody = isRoot ? Number(execFileSync('id', ['-u', 'nobody'], { encoding: 'utf8' })) : 0

  const spawnServer = async (args: ReadonlyArray<string>, port: number, own: string): Promise<Server> => {
    if (isRoot) execFileSync('chown', ['-R', 'nobody', folder])
    const child = spawn('redis-server', [...args], {
      cwd: own,
      stdio: 'ignore',
      ...(isRoot && { uid: nobody }),
    })
    processes.push(child)
    const command = async (...[name = '', ...words]: ReadonlyArray<string>): Promise<unknown> => {
      const client = new Redis(port, '127.0.0.1', { lazyConnect: true, retryStrategy: () => null })
      client.on('error', () => undefined)
      try {
        await client.connect()
        return await client.call(name, ...words)
      } finally {
        client.disconnect()
      }
    }
    await eventually(
      `an answer on port ${port}`,
      async () => (await listens(port)) && (await command('PING')) === 'PONG',
    )
    return {
      port,
      signal: (name) => {
        child.kill(name)
      },
      command,
    }
  }

  const ownFolder = (port: number): string => {
    const own = join(folder, String(port))
    mkdirSync(own, { recursive: true })
    return own
  }

  return {
    start: async (options = [], port) => {
      const at = port ?? (await freePort())
      const common = ['--port', String(at), '--bind', '127.0.0.1', '--save', '', '--enable-debug-command', 'yes']
      return spawnServer([...common, ...options], at, ownFolder(at))
    },
    startSentinel: async (primary) => {
      const port = await freePort()
      const own = ownFolder(port)
      const lines = [
        `port ${port}`,
        'bind 127.0.0.1',
        `sentinel monitor main 127.0.0.1 ${primary.port} 2`,
        'sentinel down-after-milliseconds main 1000',
        'sentinel failover-timeout main 3000',
      ]
      writeFileSync(join(own, 'sentinel.conf'), `${lines.join('\n')}\n`)
      return spawnServer([join(own, 'sentinel.conf'), '--sentinel'], port, own)
    },
    stop: async () => {
      await Promise.all(
        processes.map(async (child) => {
          if (child.exitCode !== null || child.signalCode !== null) return
          const exited = once(child, 'exit')
          child.kill('SIGKILL')
          await exited
        }),
      )
      rmSync(folder, { recursive: true, force: true })
    },
  }
}
