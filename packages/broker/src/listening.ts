/**
 * Where a broker listens: at a socket in a private folder, at a descriptor that a service manager has opened, at a port of this
 * machine.
 *
 * @packageDocumentation
 */
import { randomBytes } from 'node:crypto'
import { type FSWatcher, lstatSync, unlinkSync, watch } from 'node:fs'
import { chmod, rename, rm } from 'node:fs/promises'
import { connect, type ListenOptions, type Server } from 'node:net'
import { basename, dirname, join } from 'node:path'
import { AuthError } from '@tessera/core'
import * as E from 'fp-ts/lib/Either.js'
import type { IO } from 'fp-ts/lib/IO.js'
import type { TaskEither } from 'fp-ts/lib/TaskEither.js'
import { codeOf } from './internal/code.js'
import { pathOf } from './internal/descriptor.js'
import { privateFolder } from './internal/privateFolder.js'

/** A place where a server listens. */
export interface Listening {
  /** Aborts when another server has taken the socket's name: nobody new comes to this one. */
  readonly replaced: AbortSignal
  /** Takes the name away, unless it is another's by now. */
  readonly leave: IO<void>
}

const failed = (field: string, what: string, error: unknown): E.Either<AuthError, never> =>
  E.left(AuthError.misconfigured(field, `${what} (${codeOf(error)})`))

const listen = (server: Server, where: ListenOptions | { readonly fd: number }): Promise<void> =>
  new Promise((resolve, reject) => {
    const failed = (error: Error): void => {
      server.off('listening', listening)
      reject(error)
    }
    const listening = (): void => {
      // One that comes when no descriptor is left for it is lost, and no others are.
      server.off('error', failed).on('error', () => undefined)
      resolve()
    }
    server.once('error', failed).once('listening', listening).listen(where)
  })

/** Whether somebody listens there. */
const isAlive = (path: string): Promise<boolean> =>
  new Promise((resolve) => {
    const socket = connect(path)
    const say = (alive: boolean) => () => {
      socket.destroy()
      resolve(alive)
    }
    socket.once('connect', say(true)).once('error', (error) => say(codeOf(error) === 'EAGAIN')())
  })

const inodeOf = (path: string): number | undefined => lstatSync(path, { throwIfNoEntry: false })?.ino

/** The longest path of a socket, in bytes: that of the BSDs, 104, with its end. */
const LONGEST = 103

/** The parameters of {@link listenOnSocket}. */
export interface SocketOptions {
  readonly server: Server
  readonly path: string
  /** Whether a broker that listens there gives way. It ends when it has answered what it was asked. Default: false. */
  readonly replace?: boolean | undefined
}

/** A broker that listens there already. */
export const isTaken = (error: AuthError): boolean => error._tag === 'Misconfigured' && error.field === 'taken'

/** Listens under another name first, and then takes the real one by a rename: at no moment is there nobody at it. */
const take = async ({ server, path }: SocketOptions): Promise<Listening> => {
  const folder = dirname(path)
  const fresh = join(folder, `.${randomBytes(6).toString('hex')}`)
  await listen(server, { path: fresh, exclusive: true })
  let inode: number | undefined
  try {
    await chmod(fresh, 0o600)
    inode = inodeOf(fresh)
    await rename(fresh, path)
  } catch (error) {
    server.close()
    await rm(fresh, { force: true })
    throw error
  }
  const replaced = new AbortController()
  const look = (): void => {
    const there = inodeOf(path)
    if (there !== undefined && there !== inode) replaced.abort(null)
  }
  const watcher: FSWatcher = watch(folder, { persistent: false }, (_, name) => {
    if (name === null || name === basename(path)) look()
  })
  // Without it a successor has to end this one by a signal.
  watcher.on('error', () => watcher.close())
  look()
  return {
    replaced: replaced.signal,
    leave: () => {
      watcher.close()
      if (inodeOf(path) === inode) unlinkSync(path)
    },
  }
}

/**
 * Listens at a socket of mode 0600, in a folder of mode 0700, which it makes. What a broker that was killed has left is taken over.
 *
 * Errors: `Misconfigured` where the folder is not private, the path is too long, or another broker listens there ({@link isTaken}).
 */
export const listenOnSocket =
  (options: SocketOptions): TaskEither<AuthError, Listening> =>
  async () => {
    const { path, replace = false } = options
    if (process.geteuid === undefined) {
      return E.left(AuthError.misconfigured('socket', 'this system has no modes of files, which keep others out'))
    }
    if (Buffer.byteLength(path) > LONGEST) {
      return E.left(AuthError.misconfigured('socket', `its path is longer than ${LONGEST} bytes: ${path}`))
    }
    const folder = await privateFolder(dirname(path))
    if (E.isLeft(folder)) return folder
    if (!replace && (await isAlive(path))) {
      return E.left(AuthError.misconfigured('taken', `a broker listens at ${path}`))
    }
    try {
      return E.right(await take(options))
    } catch (error) {
      return failed('socket', `${path} cannot be listened at`, error)
    }
  }

/**
 * Listens at a descriptor that is open: of systemd's socket activation (sd_listen_fds(3)). It stays when this process ends.
 *
 * Errors: `Misconfigured` where it is no unix socket in a private folder, whose users the {@link socketDoor} would let in.
 */
export const listenOnDescriptor =
  (server: Server, fd: number): TaskEither<AuthError, Listening> =>
  async () => {
    const path = await pathOf(fd)
    if (path === undefined) {
      const why = `descriptor ${fd} is not known to be a socket with a path (ListenStream=%t/tessera/broker.sock)`
      return E.left(AuthError.misconfigured('LISTEN_FDS', `${why}; a port is opened by --tcp`))
    }
    const folder = await privateFolder(dirname(path))
    if (E.isLeft(folder)) return folder
    try {
      await listen(server, { fd })
      return E.right({ replaced: new AbortController().signal, leave: () => undefined })
    } catch (error) {
      return failed('LISTEN_FDS', `descriptor ${fd} cannot be listened at`, error)
    }
  }

/** Listens at a port of 127.0.0.1; answers which, where it is given 0. */
export const listenOnPort =
  (server: Server, port: number): TaskEither<AuthError, number> =>
  async () => {
    try {
      await listen(server, { port, host: '127.0.0.1', exclusive: true })
      const address = server.address()
      return E.right(typeof address === 'object' && address !== null ? address.port : port)
    } catch (error) {
      return failed('tcp', `127.0.0.1:${port} cannot be listened at`, error)
    }
  }

/**
 * The descriptors that systemd has opened for this process (sd_listen_fds(3)).
 *
 * @example
 * import { activated } from '@tessera/broker'
 *
 * assert.deepStrictEqual(activated({ LISTEN_PID: '1', LISTEN_FDS: '2' }, 1), [3, 4])
 * assert.deepStrictEqual(activated({ LISTEN_PID: '2', LISTEN_FDS: '2' }, 1), [])
 */
export const activated = (
  { LISTEN_PID: forWhom, LISTEN_FDS: count }: Readonly<Record<string, string | undefined>>,
  pid: number = process.pid,
): ReadonlyArray<number> =>
  Number(forWhom) === pid && /^\d{1,2}$/.test(count ?? '')
    ? Array.from({ length: Number(count) }, (_, at) => 3 + at)
    : []
