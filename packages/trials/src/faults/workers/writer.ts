/**
 * A process that writes one record of a file store, and tells each version when it is committed.
 *
 * Arguments: the folder, what to do, and a module with another `fileStore` to do it with.
 * - `step N`: one write, and SIGKILL before its Nth step on the file system; with 0 it tells how many there are.
 * - `loop`: writes until it is killed.
 * - `add N`: so many writes, one version each, whoever else writes.
 * - `disk`: a write too large for a small disk, again on a full one, and once more when there is room.
 */
import { rmSync, writeFileSync, writeSync } from 'node:fs'
import fs from 'node:fs/promises'
import { syncBuiltinESMExports } from 'node:module'
import { join } from 'node:path'
import { AuthError, absent, millis, type Next, Secret, type TokenStore } from '@tessera/core'
import type * as StoreFile from '@tessera/store-file'
import * as E from 'fp-ts/lib/Either.js'
import type { TaskEither } from 'fp-ts/lib/TaskEither.js'
import { isWhole, KEY, nextOf } from '../fileRecord.js'

const STEPS = ['access', 'lstat', 'mkdir', 'open', 'readdir', 'rename', 'rm', 'rmdir', 'statfs', 'unlink', 'writeFile']
const STEPS_OF_HANDLE = ['close', 'readFile', 'stat', 'sync', 'truncate', 'write', 'writeFile']

const say = (text: string): void => {
  writeSync(1, `${text}\n`)
}

/** Wraps functions of an object. */
const before = (of: object, names: ReadonlyArray<string>, tell: () => void): void => {
  for (const name of names) {
    const real: unknown = Reflect.get(of, name)
    if (typeof real !== 'function') continue
    const wrapped = function (this: unknown, ...args: ReadonlyArray<unknown>): unknown {
      tell()
      return Reflect.apply(real, this, args)
    }
    Reflect.set(of, name, wrapped)
  }
}

/** Counts the steps on the file system, and dies before one of them. */
const countSteps = async (deadly: number): Promise<() => number> => {
  let steps = 0
  const step = (): void => {
    if (++steps === deadly) process.kill(process.pid, 'SIGKILL')
  }
  const handle = await fs.open('/dev/null')
  const prototype: object = Object.getPrototypeOf(handle)
  await handle.close()
  before(prototype, STEPS_OF_HANDLE, step)
  before(fs, STEPS, step)
  syncBuiltinESMExports()
  return () => steps
}

const must = async <A>(task: TaskEither<AuthError, A>): Promise<A> => {
  const result = await task()
  if (E.isLeft(result)) throw AuthError.toError(result.left)
  return result.right
}

/** One more version, unless another writer comes first. */
const write = async (store: TokenStore): Promise<boolean> => {
  const { version } = await must(store.get(KEY))
  const next = nextOf(version, ` of ${process.pid}`)
  const answer = await must(store.compareAndSet(KEY, version, next))
  if (answer._tag === 'Committed') say(next.version)
  return answer._tag === 'Committed'
}

/** Larger than the disk. */
const LARGE = 300_000

/** How a write on a small disk ended, and what is there then. */
export interface OnDisk {
  readonly result: string
  readonly version: string
  readonly isWhole: boolean
}

const onSmallDisk = async (store: TokenStore, folder: string): Promise<void> => {
  const tryTo = async (next: Next): Promise<void> => {
    const { version } = await must(store.get(KEY))
    const result = await store.compareAndSet(KEY, version, next)()
    const there = await must(store.get(KEY))
    const told: OnDisk = {
      result: E.isLeft(result) ? AuthError.show.show(result.left) : result.right._tag,
      version: there.version,
      isWhole: isWhole(there),
    }
    say(JSON.stringify(told))
  }
  await must(store.compareAndSet(KEY, absent, nextOf(absent)))
  await tryTo({ version: '2', record: Secret.make('Record', 'x'.repeat(LARGE)) })
  const filler = join(folder, '..', 'filler')
  try {
    writeFileSync(filler, Buffer.alloc(LARGE))
  } catch {
    // That was the last of the room.
  }
  await tryTo(nextOf('1'))
  rmSync(filler)
  await tryTo(nextOf('1'))
}

const PATIENCE = millis(20_000)

const [folder = '', what, count, module] = process.argv.slice(2)
const steps = what === 'step' ? await countSteps(Number(count)) : () => 0
// Not before its steps are counted.
const { fileStore }: Pick<typeof StoreFile, 'fileStore'> =
  module === undefined ? await import('@tessera/store-file') : await import(module)
const store = fileStore({ folder, patience: PATIENCE })
switch (what) {
  case 'step':
    await write(store)
    say(String(steps()))
    break
  case 'loop':
    for (;;) await write(store)
  case 'add':
    for (let left = Number(count); left > 0; ) if (await write(store)) left--
    break
  default:
    await onSmallDisk(store, folder)
}
