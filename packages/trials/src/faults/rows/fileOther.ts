import { spawnSync } from 'node:child_process'
import {
  chmodSync,
  copyFileSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { AuthError, absent, type Cipher, encrypted, millis, type TokenStore } from '@tessera/core'
import { aesGcm, generateKey, systemRandom } from '@tessera/node'
import { fileStore } from '@tessera/store-file'
import * as E from 'fp-ts/lib/Either.js'
import { child } from '../../child.js'
import type { Context, Fault, Findings } from '../Fault.js'
import { isWhole, KEY, nextOf, numberOf } from '../fileRecord.js'
import { many } from '../many.js'
import { makeStopwatch, type Stopwatch } from '../overdue.js'
import { dealt, pick } from '../random.js'
import { makeTally, type Tally } from '../tally.js'
import { worker, workerScript } from '../worker.js'
import type { OnDisk } from '../workers/writer.js'

/** What a test may break: a module with another `fileStore`. */
export interface Parts {
  readonly module?: string
  readonly store: typeof fileStore
}

const PATIENCE = millis(5_000)

interface Run {
  readonly parts: Parts
  readonly context: Context
  readonly tally: Tally
  readonly stopwatch: Stopwatch
  /** A folder of the attack's own. */
  readonly folder: string
}

/** A store whose record was written by its owner. */
const seeded = async ({ parts, folder }: Run): Promise<TokenStore> => {
  const store = parts.store({ folder, patience: PATIENCE })
  const written = await store.compareAndSet(KEY, absent, nextOf(absent))()
  if (E.isLeft(written)) throw AuthError.toError(written.left)
  return store
}

const fileIn = (folder: string): string =>
  join(folder, readdirSync(folder).find((name) => name.endsWith('.json')) ?? '')

/** Reading and writing must fail for the same reason, and leave the file as it is. */
const refused = async (
  { tally, stopwatch, context }: Run,
  what: string,
  store: TokenStore,
  file: string,
  reason: RegExp,
): Promise<void> => {
  const before = readFileSync(file)
  const got = await stopwatch.time(PATIENCE, store.get(KEY))
  const written = await stopwatch.time(PATIENCE, store.compareAndSet(KEY, '1', nextOf('1')))
  for (const result of [got, written]) {
    const text = E.isLeft(result) ? AuthError.show.show(result.left) : 'it was taken'
    context.canaries.wrote(text)
    if (!reason.test(text)) tally.problem(`${what}: ${text}`)
  }
  if (E.isRight(written) && written.right._tag === 'Committed') tally.staleOverwrites++
  if (!readFileSync(file).equals(before)) tally.problem(`${what}: the file was not left as it is`)
}

/** As if nothing had been. */
const mended = async ({ tally }: Run, what: string, store: TokenStore): Promise<void> => {
  const there = await store.get(KEY)()
  if (E.isLeft(there) || there.right.version !== '1' || !isWhole(there.right)) {
    tally.lost++
    tally.problem(`${what}: the record is gone`)
  }
}

type Attack = (run: Run) => Promise<void>

const openMode: Attack = async (run) => {
  const store = await seeded(run)
  const file = fileIn(run.folder)
  const [path, wide, own] = pick(run.context.random, [
    [file, 0o644, 0o600],
    [file, 0o660, 0o600],
    [run.folder, 0o755, 0o700],
    [run.folder, 0o777, 0o700],
  ] as const)
  chmodSync(path, wide)
  await refused(run, 'an open mode', store, file, /has mode 0\d+, which lets others in; mend it by: chmod/)
  chmodSync(path, own)
  await mended(run, 'an open mode', store)
}

const symbolicLink: Attack = async (run) => {
  const store = await seeded(run)
  const file = fileIn(run.folder)
  const elsewhere = `${run.folder}-elsewhere`
  copyFileSync(file, elsewhere)
  chmodSync(elsewhere, 0o600)
  rmSync(file)
  symlinkSync(elsewhere, file)
  await refused(run, 'a symbolic link', store, elsewhere, /symbolic link/)
  if (!lstatSync(file).isSymbolicLink()) run.tally.problem('a symbolic link: it was replaced')
  rmSync(file)
  copyFileSync(elsewhere, file)
  chmodSync(file, 0o600)
  await mended(run, 'a symbolic link', store)
}

const cipherOf = (write: ReturnType<ReturnType<typeof generateKey>>): Cipher => {
  const made = aesGcm({ write })
  if (E.isLeft(made)) throw AuthError.toError(made.left)
  return made.right
}

const wrongKey: Attack = async (run) => {
  const own = generateKey(systemRandom)()
  const other = generateKey(systemRandom)()
  // Another key, or another one of the same name.
  const wrong = run.context.random() < 0.5 ? other : { ...other, kid: own.kid }
  const make = (): TokenStore => run.parts.store({ folder: run.folder, patience: PATIENCE })
  const store = encrypted(cipherOf(own))(make())
  const written = await store.compareAndSet(KEY, absent, nextOf(absent))()
  if (E.isLeft(written)) throw AuthError.toError(written.left)
  const reason = new RegExp(`failed at decode: .*${own.kid}`)
  await refused(run, 'a wrong key', encrypted(cipherOf(wrong))(make()), fileIn(run.folder), reason)
  await mended(run, 'a wrong key', encrypted(cipherOf(own))(make()))
}

export const WRITERS = 8
export const WRITES = 10

/** So many processes write to one record, each so often. */
export const eightWriters = async ({
  parts,
  tally,
  folder,
}: Pick<Run, 'parts' | 'tally' | 'folder'>): Promise<void> => {
  const modules = parts.module === undefined ? [] : [parts.module]
  const writers = Array.from({ length: WRITERS }, () => worker('writer', folder, 'add', String(WRITES), ...modules))
  for (const writer of writers) {
    const end = await writer.ended
    if (end !== 0) tally.problem(`eight writers: one ended with ${end}: ${writer.complaints().slice(-500)}`)
  }
  const versions = writers.flatMap(({ lines }) => lines.map(numberOf))
  // Two writers of one version: one of them went over the other.
  tally.staleOverwrites += versions.length - new Set(versions).size
  const there = await parts.store({ folder, patience: PATIENCE }).get(KEY)()
  if (E.isLeft(there) || numberOf(there.right.version) !== WRITERS * WRITES || !isWhole(there.right))
    tally.problem('eight writers: what is there is not the last version')
}

/** A file system of its own, so small that a write does not fit. */
const onSmallDisk = (folder: string, ...command: ReadonlyArray<string>): ReadonlyArray<string> => [
  '--mount',
  '--map-root-user',
  'sh',
  '-c',
  'mount -t tmpfs -o size=256k,mode=700 tmpfs "$1" && shift && exec "$@"',
  'sh',
  folder,
  ...command,
]

/** Whether this user may mount one. */
const canMount = (folder: string): boolean =>
  spawnSync('unshare', onSmallDisk(folder, 'true'), { stdio: 'ignore' }).status === 0

const FULL = /the file system answered ENOSPC/

const fullDisk: Attack = async ({ parts, tally, folder }) => {
  mkdirSync(folder)
  const modules = parts.module === undefined ? [] : [parts.module]
  const script = [process.execPath, workerScript('writer'), join(folder, 'sessions'), 'disk', '', ...modules]
  const writer = child('unshare', onSmallDisk(folder, ...script))
  const end = await writer.ended
  const told = writer.lines.map((line): OnDisk => JSON.parse(line))
  const [large, full, roomy] = told
  if (end !== 0 || roomy === undefined) tally.problem(`a full disk: ${end}: ${writer.complaints().slice(-500)}`)
  for (const each of [large, full]) {
    if (each === undefined) continue
    if (!FULL.test(each.result)) tally.problem(`a full disk: ${each.result}`)
    if (each.version !== '1' || !each.isWhole) tally.problem('a full disk: the old record is gone')
  }
  if (roomy !== undefined && (roomy.result !== 'Committed' || roomy.version !== '2' || !roomy.isWhole))
    tally.problem(`room again: ${roomy.result}`)
}

const ATTACKS: ReadonlyArray<Attack> = [openMode, symbolicLink, wrongKey, eightWriters, fullDisk]

const run =
  (parts: Parts): Fault['run'] =>
  async (context): Promise<Findings> => {
    const { count, random, progress } = context
    const root = mkdtempSync(join(tmpdir(), 'tessera-files-'))
    const tally = makeTally()
    const stopwatch = makeStopwatch()
    const hasDisks = canMount(root)
    try {
      await many(dealt(random, ATTACKS, count), 2, async (attack, index) => {
        progress(index)
        if (attack === fullDisk && !hasDisks) return
        await attack({ parts, context, tally, stopwatch, folder: join(root, String(index)) })
      })
      return tally.findings(
        context,
        stopwatch.longest(),
        hasDisks ? undefined : 'NOT TESTED: a full disk, since this user may not mount a small one',
      )
    } finally {
      stopwatch.stop()
      rmSync(root, { recursive: true, force: true })
    }
  }

export const fileOtherWith = (parts: Parts): Fault => ({
  name: 'file-other',
  injection: `a full disk, ${WRITERS} processes that write ${WRITES} times each, modes that let others in, symbolic links, wrong keys`,
  expected:
    'the old record or the new one, whole; each committed write is there; what is not to be trusted is reported with what mends it, and left as it is',
  count: 50,
  seconds: 25,
  test: 'files',
  run: run(parts),
})

export const fileOther = fileOtherWith({ store: fileStore })
