import { mkdirSync, mkdtempSync, readdirSync, readlinkSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { join } from 'node:path'
import * as fc from 'fast-check'
import * as O from 'fp-ts/lib/Option.js'
import { exclusively, sweep } from '../src/internal/lock.js'
import { temporary } from './support/values.js'

const LONG = 30_000

const links: string[] = []
afterAll(() => {
  for (const place of links) rmSync(place, { recursive: true })
})

/** A path to a folder that a socket's address has room for, whatever the TMPDIR. */
const short = (folder: string): string => {
  const place = mkdtempSync('/tmp/tessera-')
  links.push(place)
  symlinkSync(folder, join(place, 'l'))
  return join(place, 'l')
}

/** Runs callers at once; the most that were inside together, and the answers. */
const crowd = async (folder: string, size: number, turns: ReadonlyArray<number>) => {
  let [inside, most, entries] = [0, 0, 0]
  await Promise.all(
    Array.from({ length: size }, (_, i) =>
      exclusively(folder, 'lock', LONG, async () => {
        most = Math.max(most, ++inside)
        for (let turn = 0; turn < (turns[i % turns.length] ?? 0); turn++) await new Promise(setImmediate)
        inside--
        entries++
      }),
    ),
  )
  return { most, entries }
}

test('one at a time, and everyone once', async () => {
  await fc.assert(
    fc.asyncProperty(fc.integer({ min: 2, max: 12 }), fc.array(fc.nat(5), { minLength: 1 }), async (size, turns) => {
      expect(await crowd(temporary(), size, turns)).toEqual({ most: 1, entries: size })
    }),
    { numRuns: 20 },
  )
})

test('one at a time, also while another process clears away claims that are made ready, dead or not', async () => {
  const folder = temporary()
  let isOver = false
  // More than a sweep does: it takes what lives, too, the socket alone or all of it.
  const clear = async (): Promise<void> => {
    for (let turn = 0; !isOver; turn++) {
      for (const name of readdirSync(folder)) {
        const claim = join(folder, name)
        if (name.endsWith('.new'))
          rmSync(turn % 2 === 0 ? claim : join(claim, name.slice(0, -4)), { recursive: true, force: true })
      }
      await new Promise(setImmediate)
    }
  }
  const clearing = clear()
  const result = await crowd(folder, 30, [0, 1, 2, 3]).finally(() => {
    isOver = true
  })
  await clearing
  expect(result).toEqual({ most: 1, entries: 30 })
})

test('what holds it is dead, or no holder at all: it is free', async () => {
  const folder = temporary()
  mkdirSync(join(folder, 'lock'))
  for (const name of ['one', 'two']) writeFileSync(join(folder, 'lock', name), '')
  expect(await exclusively(folder, 'lock', LONG, async () => readdirSync(join(folder, 'lock')).length)).toEqual(
    O.some(1),
  )
})

test('a failure inside frees it, and is the answer', async () => {
  const folder = temporary()
  await expect(exclusively(folder, 'lock', LONG, () => Promise.reject(new Error('inside')))).rejects.toThrow('inside')
  expect(await exclusively(folder, 'lock', LONG, async () => 1)).toEqual(O.some(1))
})

/** The links to a folder that the locks have made. */
const linksTo = (folder: string): ReadonlyArray<string> =>
  readdirSync('/tmp').filter((name) => {
    try {
      return name.startsWith('tessera-lock-') && readlinkSync(join('/tmp', name, 'l')) === folder
    } catch {
      return false
    }
  })

describe.each(['linux', 'darwin'])('on %s', (platform) => {
  // Linux has a way of its own; what is tested elsewhere is the way of all others.
  const own = Object.getOwnPropertyDescriptor(process, 'platform') ?? {}
  beforeEach(() => Object.defineProperty(process, 'platform', { ...own, value: platform }))
  afterEach(() => Object.defineProperty(process, 'platform', own))

  test('a folder of a long path has locks', async () => {
    const folder = join(temporary(), 'x'.repeat(120))
    mkdirSync(folder)
    let seen: ReadonlyArray<string> = []
    const look = async () => {
      seen = linksTo(folder)
    }
    await exclusively(folder, 'lock', LONG, look)
    expect(seen).toHaveLength(platform === 'linux' ? 0 : 1)
    expect(await crowd(folder, 6, [3])).toEqual({ most: 1, entries: 6 })
    await sweep(folder)
    expect(linksTo(folder)).toEqual([])
  })
})

test('a holder whose queue is full counts as alive', async () => {
  const folder = temporary()
  mkdirSync(join(folder, 'lock'))
  // A server with a queue of one, in a process that never looks at it while this test runs in one turn.
  const server = createServer()
  await new Promise<void>((resolve) => server.listen({ path: join(short(folder), 'lock', 'one'), backlog: 1 }, resolve))
  const answers = Promise.all(Array.from({ length: 5 }, () => exclusively(folder, 'lock', 50, async () => 1)))
  expect(await answers).toEqual(Array(5).fill(O.none))
  expect(readdirSync(folder)).toEqual(['lock'])
  await new Promise((resolve) => server.close(resolve))
})

test('an early answer needs no turn, and is asked for again after each wait', async () => {
  const folder = temporary()
  const never = async (): Promise<string> => 'in turn'
  let answer: O.Option<string> = O.none
  let waiting: Promise<O.Option<string>> | undefined
  await exclusively(folder, 'lock', LONG, async () => {
    waiting = exclusively(folder, 'lock', LONG, never, async () => answer)
    expect(await exclusively(folder, 'lock', LONG, never, async () => O.some('early'))).toEqual(O.some('early'))
    answer = O.some('after a wait')
  })
  expect(await waiting).toEqual(O.some('after a wait'))
})

test('a folder that is gone is an error, not a wait', async () => {
  const folder = temporary()
  rmSync(folder, { recursive: true })
  await expect(exclusively(folder, 'lock', LONG, async () => 1)).rejects.toMatchObject({ code: 'ENOENT' })
})

test('a sweep leaves locks and live claims alone', async () => {
  const folder = temporary()
  mkdirSync(join(folder, 'dead.new'))
  writeFileSync(join(folder, 'dead.new', 'dead'), '')
  mkdirSync(join(folder, 'live.new'))
  const server = createServer()
  await new Promise<void>((resolve) => server.listen(join(short(folder), 'live.new', 'live'), resolve))
  const inside = await exclusively(folder, 'lock', LONG, async () => {
    await sweep(folder)
    return [readdirSync(folder).sort(), readdirSync(join(folder, 'lock')).length]
  })
  expect(inside).toEqual(O.some([['live.new', 'lock'], 1]))
  await new Promise((resolve) => server.close(resolve))
})
