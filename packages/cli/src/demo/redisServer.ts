/**
 * A Redis of the tour's own, where `redis-server` is installed.
 */
import { fork } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { mkdir } from 'node:fs/promises'
import { connect, createServer } from 'node:net'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { Secret } from '@tessera/core'
import * as O from 'fp-ts/lib/Option.js'

export interface RedisServer {
  /** Its URL, with a password. */
  readonly url: Secret<'StoreUrl'>
  readonly close: () => Promise<void>
}

const KEEPER = new URL('./keeper.js', import.meta.url)

const freePort = async (): Promise<number> => {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  server.close()
  await once(server, 'close')
  return typeof address === 'object' && address !== null ? address.port : 0
}

const listens = (port: number): Promise<boolean> =>
  new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1')
    socket
      .once('error', () => resolve(false))
      .once('connect', () => {
        socket.destroy()
        resolve(true)
      })
  })

const PATIENCE = 5_000
const PAUSE = 20

/** Starts one on a free port of 127.0.0.1, with a password of its own, which `remember` is told, and nothing on the disk. */
export const startRedis = async (
  folder: string,
  remember: (password: string) => void,
): Promise<O.Option<RedisServer>> => {
  const own = join(folder, 'redis')
  await mkdir(own, { recursive: true, mode: 0o700 })
  const port = await freePort()
  const password = randomBytes(24).toString('base64url')
  remember(password)
  const keeper = fork(KEEPER, { stdio: 'ignore', execArgv: [] })
  let isGone = false
  const gone = (): void => {
    isGone = true
  }
  const exited = new Promise<void>((resolve) => {
    keeper.once('message', gone).once('exit', gone).once('error', gone).once('exit', resolve).once('error', resolve)
  })
  const close = async (): Promise<void> => {
    if (keeper.connected) keeper.disconnect()
    await exited
  }
  const config = [
    `port ${port}`,
    'bind 127.0.0.1',
    `requirepass ${password}`,
    `dir ${JSON.stringify(own)}`,
    'save ""',
    'appendonly no',
  ]
  keeper.send(`${config.join('\n')}\n`)
  const end = performance.now() + PATIENCE
  while (!isGone && performance.now() < end) {
    if (await listens(port)) {
      return O.some({ url: Secret.make('StoreUrl', `redis://:${password}@127.0.0.1:${port}`), close })
    }
    await sleep(PAUSE)
  }
  await close()
  return O.none
}
