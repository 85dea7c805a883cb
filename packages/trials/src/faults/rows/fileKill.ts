import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { AuthError, absent, millis, type Version } from '@tessera/core'
import { type FileStore, fileStore } from '@tessera/store-file'
import * as E from 'fp-ts/lib/Either.js'
import type { Context, Fault, Findings } from '../Fault.js'
import { BEGINNING, isWhole, KEY, nextOf, numberOf } from '../fileRecord.js'
import { many } from '../many.js'
import { makeStopwatch, type Stopwatch } from '../overdue.js'
import { whole } from '../random.js'
import { makeTally, type Tally } from '../tally.js'
import { worker } from '../worker.js'

/** What a test may break: a module with another `fileStore`, for the writers and for whoever reads after them. */
export interface Parts {
  readonly module?: string
  readonly store: typeof fileStore
  /** Whether a deletion leaves nothing on the disk, and is tried. Default: true. */
  readonly deletes?: boolean
}

/** How long the next writer may wait for its turn, in ms. */
const PATIENCE = millis(5_000)

/** As many writers at a time as keep two cores busy. */
const LANES = 4

interface Lane {
  readonly folder: string
  readonly store: FileStore
  /** The last version that is known to be committed. */
  version: number
}

interface Run {
  readonly context: Context
  readonly tally: Tally
  readonly stopwatch: Stopwatch
  readonly module: ReadonlyArray<string>
  /** How many steps on the file system a write takes, as Node.js sees it. */
  readonly steps: number
  /** Before which of them the next writer is killed: one after the other. */
  readonly nextStep: () => number
  readonly deletes: boolean
}

/** Kills a writer; answers the last version that it told, where it did. */
const kill = async (
  { context: { random }, tally, module, steps, nextStep }: Run,
  { folder }: Lane,
): Promise<number> => {
  if (steps > 0 && random() < 0.7) {
    const writer = worker('writer', folder, 'step', String(nextStep()), ...module)
    const end = await writer.ended
    // A turn that it had to wait for has other steps.
    if (end !== 'SIGKILL' && end !== 0)
      tally.problem(`a writer ended with ${end}: ${writer.complaints().slice(0, 200)}`)
    return numberOf(writer.lines[0] ?? '')
  }
  const writer = worker('writer', folder, 'loop', '', ...module)
  const told = whole(random, 0, 3)
  await writer.until(() => writer.lines.length >= told)
  for (let turns = whole(random, 0, 300); turns > 0; turns--) await new Promise(setImmediate)
  writer.process.kill('SIGKILL')
  const end = await writer.ended
  if (end !== 'SIGKILL') tally.problem(`a writer ended with ${end}: ${writer.complaints().slice(0, 200)}`)
  return numberOf(writer.lines.at(-1) ?? '')
}

/** What is there after a kill, and whether the next writer can go on, or the session can be deleted. */
const inspect = async (all: Run, lane: Lane, told: number): Promise<void> => {
  const { context, tally, stopwatch, deletes } = all
  const there = await stopwatch.time(PATIENCE, lane.store.get(KEY))
  if (E.isLeft(there)) {
    tally.lost++
    tally.problem(`the record cannot be read: ${AuthError.show.show(there.left)}`)
    return
  }
  const version = numberOf(there.right.version)
  const known = Math.max(lane.version, told)
  if (!isWhole(there.right)) tally.problem(`version ${version} is torn`)
  if (version < known) tally.staleOverwrites++
  // The write that was killed may be there, untold.
  if (version > known + 1) tally.problem(`version ${version} after ${known}`)
  if (deletes && context.random() < 0.5) await forget(all, lane)
  else await goOn(all, lane, there.right.version)
}

/** The session is deleted: nothing of it is on the disk then, nor of the write that was killed. */
const forget = async ({ context: { canaries }, tally, stopwatch }: Run, lane: Lane): Promise<void> => {
  const deleted = await stopwatch.time(PATIENCE, lane.store.remove(KEY))
  if (E.isLeft(deleted)) return tally.problem(`the record cannot be deleted: ${AuthError.show.show(deleted.left)}`)
  for (const entry of readdirSync(lane.folder, { withFileTypes: true }))
    if (entry.isFile()) canaries.wrote(readFileSync(join(lane.folder, entry.name), 'utf8'))
  await stopwatch.time(PATIENCE, lane.store.compareAndSet(KEY, absent, nextOf(absent)))
  lane.version = 1
}

const goOn = async ({ tally, stopwatch }: Run, lane: Lane, version: Version): Promise<void> => {
  const written = await stopwatch.time(PATIENCE, lane.store.compareAndSet(KEY, version, nextOf(version)))
  if (E.isRight(written) && written.right._tag === 'Committed') lane.version = numberOf(version) + 1
  else
    tally.problem(
      `the next writer does not come in: ${E.isLeft(written) ? AuthError.show.show(written.left) : 'a conflict'}`,
    )
}

/** Kills writers, and looks at what they leave. */
export const killing =
  ({ module, store: make, deletes = true }: Parts): Fault['run'] =>
  async (context): Promise<Findings> => {
    const { count, progress, canaries } = context
    canaries.remember(BEGINNING)
    const root = mkdtempSync(join(tmpdir(), 'tessera-kill-'))
    const tally = makeTally()
    const stopwatch = makeStopwatch()
    const modules = module === undefined ? [] : [module]
    try {
      const lanes = await Promise.all(
        Array.from({ length: Math.min(LANES, count) }, async (_, i): Promise<Lane> => {
          const folder = join(root, String(i))
          const store = make({ folder, patience: PATIENCE })
          await store.compareAndSet(KEY, '', nextOf(''))()
          return { folder, store, version: 1 }
        }),
      )
      const folder = join(root, 'counted')
      await make({ folder, patience: PATIENCE }).compareAndSet(KEY, '', nextOf(''))()
      const counted = worker('writer', folder, 'step', '0', ...modules)
      await counted.ended
      const steps = Number(counted.lines[1])
      let killed = 0
      const nextStep = (): number => 1 + (killed++ % steps)
      const all: Run = { context, tally, stopwatch, module: modules, steps, nextStep, deletes }
      let done = 0
      await many(lanes, lanes.length, async (lane) => {
        while (done < count) {
          progress(done++)
          await inspect(all, lane, await kill(all, lane))
        }
      })
      const note = steps > 0 ? `a write takes ${steps} steps on the file system` : undefined
      return tally.findings(context, stopwatch.longest(), note)
    } finally {
      stopwatch.stop()
      rmSync(root, { recursive: true, force: true })
    }
  }

export const fileKillWith = (parts: Parts): Fault => ({
  name: 'file-kill',
  injection:
    'SIGKILL of a process that writes a record of 64 KiB into a file: before each of its steps on the file system, and at any time; half of the sessions are deleted then',
  expected:
    'the old record or the new one, whole; a record that was committed is never gone; the next writer comes in at once; after a deletion nothing of either is on the disk',
  count: 1_000,
  seconds: 130,
  test: 'files',
  run: killing(parts),
})

export const fileKill = fileKillWith({ store: fileStore })
