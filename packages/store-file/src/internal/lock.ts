import { randomBytes } from 'node:crypto'
import { lstat, mkdir, mkdtemp, open, readdir, rename, rm, rmdir, symlink, unlink } from 'node:fs/promises'
import { connect, createServer, type Server, type Socket } from 'node:net'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import * as E from 'fp-ts/lib/Either.js'
import * as O from 'fp-ts/lib/Option.js'
import { codeOf } from './code.js'

// A lock is a folder. It is free while it is empty or not there, and held by the process that listens on the one socket in it.
// The socket's name is drawn anew for each claim, so that whoever breaks a dead claim by that name can break no other.
// docs/adr/0011 shows why that is exclusive.

/** Where claims are made ready, apart from the locks. */
const PREPARED = '.new'

/** How long to wait for a holder whose queue of waiters is full, in ms. */
const PAUSE = { least: 5, most: 25 }

/** Runs a step that another process may have taken already. */
const unless = async (codes: ReadonlyArray<string>, step: Promise<unknown>): Promise<boolean> => {
  try {
    await step
    return true
  } catch (error) {
    if (codes.includes(codeOf(error))) return false
    throw error
  }
}

const namesIn = async (folder: string): Promise<ReadonlyArray<string>> => {
  try {
    return await readdir(folder)
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return []
    throw error
  }
}

/** Why nobody answers at a socket: nobody listens, and nobody ever will; too many wait; there is no socket any more. */
type Silence = 'dead' | 'busy' | 'gone'

/** A connection to whoever listens, running or stopped: the kernel makes it. */
const reach = (address: string): Promise<E.Either<Silence, Socket>> =>
  new Promise((resolve, reject) => {
    const socket = connect(address)
    const refused = (error: Error): void => {
      const code = codeOf(error)
      if (code === 'ECONNREFUSED') resolve(E.left('dead'))
      else if (code === 'EAGAIN') resolve(E.left('busy'))
      // A reset: it ended before it took the connection.
      else if (code === 'ENOENT' || code === 'ECONNRESET') resolve(E.left('gone'))
      else reject(error)
    }
    socket.once('error', refused).once('connect', () => {
      // From now on an error is the end of the other side.
      socket.off('error', refused).on('error', () => undefined)
      resolve(E.right(socket))
    })
  })

/** Waits for the end of the other side: it closes the connection, or the kernel does when it is killed. Until the signal. */
const ended = (socket: Socket, signal: AbortSignal): Promise<void> =>
  new Promise((resolve) => {
    const stop = (): void => {
      socket.destroy()
    }
    signal.addEventListener('abort', stop, { once: true })
    socket
      .once('close', () => {
        signal.removeEventListener('abort', stop)
        resolve()
      })
      .resume()
    if (signal.aborted || socket.destroyed) {
      stop()
      resolve()
    }
  })

/** A socket that this process listens on: the claim to a lock. */
interface Claim {
  readonly name: string
  readonly end: () => Promise<void>
}

const listen = (server: Server, address: string): Promise<void> =>
  new Promise((resolve, reject) => {
    server.once('error', reject)
    // Exclusive: in a cluster it would be the primary that listens, and outlives its worker.
    server.listen({ path: address, exclusive: true }, () => {
      // One who waits may come when no descriptor is left for it: it is held all the same.
      server.off('error', reject).on('error', () => undefined)
      resolve()
    })
  })

const serve = async (name: string, address: string): Promise<Claim> => {
  const waiting = new Set<Socket>()
  const server = createServer((socket) => {
    waiting.add(socket)
    socket.on('error', () => undefined).on('close', () => waiting.delete(socket))
    socket.resume()
  })
  await listen(server, address)
  return {
    name,
    end: () =>
      new Promise((resolve) => {
        server.close(() => resolve())
        for (const socket of waiting) socket.destroy()
      }),
  }
}

/** The locks of a folder. */
interface Locks {
  readonly folder: string
  /** Where to connect to a socket in the folder. */
  readonly address: (path: string) => string
}

/** What an address has at most on some systems, and what of it is needed below the folder, in bytes. */
const ADDRESS = { most: 103, own: 38 }

/** Runs `use` with a short path to a folder whose own is too long: by a link in a new folder of this user's. */
const linked = async <A>(folder: string, use: (root: string) => Promise<A>): Promise<A> => {
  // Not os.tmpdir(), which may be long itself.
  const place = await mkdtemp('/tmp/tessera-lock-')
  try {
    const link = join(place, 'l')
    await symlink(folder, link)
    return await use(link)
  } finally {
    await rm(place, { recursive: true, force: true })
  }
}

/** On Linux, an open folder gives short addresses, however long its path; elsewhere a link does, where one is needed. */
const within = async <A>(folder: string, use: (locks: Locks) => Promise<A>): Promise<A> => {
  const at = (root: string): Promise<A> => use({ folder, address: (path) => join(root, path) })
  if (process.platform !== 'linux') {
    return Buffer.byteLength(folder) + ADDRESS.own <= ADDRESS.most ? at(folder) : linked(folder, at)
  }
  const handle = await open(folder, 'r')
  try {
    return await at(`/proc/self/fd/${handle.fd}`)
  } finally {
    await handle.close()
  }
}

/** A claim that is made ready. None where another process took it for a dead one before it listened: then a new one is due. */
const prepare = async ({ folder, address }: Locks): Promise<O.Option<Claim>> => {
  const name = randomBytes(8).toString('hex')
  await mkdir(join(folder, name + PREPARED), { mode: 0o700 })
  try {
    return O.some(await serve(name, address(join(name + PREPARED, name))))
  } catch (error) {
    if (!(await unless(['ENOENT'], rmdir(join(folder, name + PREPARED))))) return O.none
    throw error
  }
}

/** Puts a claim in the lock's place, which succeeds only while that is empty. */
const enter = async ({ folder }: Locks, lock: string, claim: Claim): Promise<boolean> =>
  (await unless(
    // The last: another process took the claim for a dead one before it listened, and removed it.
    ['ENOTEMPTY', 'EEXIST', 'ENOENT'],
    rename(join(folder, claim.name + PREPARED), join(folder, lock)),
  )) &&
  // Or removed the socket alone.
  (await unless(['ENOENT'], lstat(join(folder, lock, claim.name))))

const discard = async ({ folder }: Locks, claim: Claim): Promise<void> => {
  await claim.end()
  await rm(join(folder, claim.name + PREPARED), { recursive: true, force: true })
}

/** Runs `use` if the lock is free, and frees it then; none if another came first. */
const attempt = async <A>(locks: Locks, lock: string, use: () => Promise<A>): Promise<O.Option<A>> => {
  const claim = await prepare(locks)
  if (O.isNone(claim)) return O.none
  let isHeld = false
  try {
    isHeld = await enter(locks, lock, claim.value)
    return isHeld ? O.some(await use()) : O.none
  } finally {
    try {
      // First, so that whoever is woken by the end finds it free.
      if (isHeld) await unless(['ENOENT'], unlink(join(locks.folder, lock, claim.value.name)))
    } finally {
      await discard(locks, claim.value)
    }
  }
}

/** Waits for the end of a holder; one that is dead is removed. */
const awaitEnd = async ({ folder, address }: Locks, lock: string, name: string, signal: AbortSignal): Promise<void> => {
  const holder = await reach(address(join(lock, name)))
  if (E.isRight(holder)) await ended(holder.right, signal)
  else if (holder.left === 'dead') await unless(['ENOENT'], unlink(join(folder, lock, name)))
  else if (holder.left === 'busy') await sleep(PAUSE.least + Math.random() * (PAUSE.most - PAUSE.least))
}

/**
 * Runs `use` while no other process, and no other caller in this one, is inside of the same lock; none if the lock is held for
 * longer than `patience` ms. A holder that is killed frees it at once; one that is stopped keeps it, since it may yet write.
 *
 * `early` is asked before each wait: where it has an answer, no turn is needed. Rejects with the system's error, or with that
 * of `use` or `early`.
 */
export const exclusively = <A>(
  folder: string,
  lock: string,
  patience: number,
  use: () => Promise<A>,
  early: () => Promise<O.Option<A>> = async () => O.none,
): Promise<O.Option<A>> =>
  within(folder, async (locks) => {
    const signal = AbortSignal.timeout(patience)
    for (let isOver = false; ; ) {
      const answer = await early()
      if (O.isSome(answer)) return answer
      const holders = await namesIn(join(folder, lock))
      if (holders.length === 0) {
        const done = await attempt(locks, lock, use)
        if (O.isSome(done)) return done
      }
      if (isOver) return O.none
      // Once more after the time is up: a holder that is dead costs none.
      isOver = signal.aborted
      for (const name of holders) await awaitEnd(locks, lock, name, signal)
    }
  })

/** Removes what processes left that were killed while they made a claim ready. Safe at any time: see `enter`. */
export const sweep = (folder: string): Promise<void> =>
  within(folder, async ({ address }) => {
    for (const place of await namesIn(folder)) {
      if (!place.endsWith(PREPARED)) continue
      for (const name of await namesIn(join(folder, place))) {
        const maker = await reach(address(join(place, name)))
        if (E.isRight(maker)) maker.right.destroy()
        else if (maker.left === 'dead') await unless(['ENOENT'], unlink(join(folder, place, name)))
      }
      await unless(['ENOENT', 'ENOTEMPTY', 'EEXIST'], rmdir(join(folder, place)))
    }
  })
