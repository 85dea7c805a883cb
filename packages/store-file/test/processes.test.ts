import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { absent, CellCodec, Lifecycle, millis, remoteCallback, Secret, TokenSet, TokenSource } from '@tessera/core'
import { fileStore } from '@tessera/store-file'
import { testEnvironment } from '@tessera/testing'
import * as fc from 'fast-check'
import * as O from 'fp-ts/lib/Option.js'
import { testWith } from '../../tools/jest/needs.js'
import { bundle, node, type Running, run } from './support/processes.js'
import { next, right, temporary, told, whyNot } from './support/values.js'

const running: Running[] = []
afterAll(() => {
  for (const { child } of running) child.kill('SIGKILL')
})
const start = (script: string, ...args: ReadonlyArray<string>): Running => {
  const one = node(script, ...args)
  running.push(one)
  return one
}
const stopped = ({ child }: Running): boolean => /^State:\s+T/m.test(readFileSync(`/proc/${child.pid}/status`, 'utf8'))

const prelude = `
  import { absent, Secret, millis } from '@tessera/core'
  import { fileStore } from '@tessera/store-file'
  import { mkdirSync, writeSync } from 'node:fs'
  const [folder, ...args] = process.argv.slice(2)
  const say = (text) => writeSync(1, text + '\\n')
  const done = async (task) => {
    const result = await task()
    if (result._tag === 'Left') throw new Error(JSON.stringify(result.left))
    return result.right
  }
  const next = (version, record = 'record of ' + version) => ({ version, record: Secret.make('Record', record) })
`

// Versions are numbers, and records are so long that a write takes a while.
const writer = bundle(`${prelude}
  const store = fileStore({ folder, patience: millis(20_000) })
  const main = async () => {
    for (;;) {
      const { version } = await done(store.get('key'))
      const wanted = String(Number(version) + 1)
      const answer = await done(store.compareAndSet('key', version, next(wanted, wanted.padEnd(200_000, '.'))))
      if (answer._tag === 'Committed') say(wanted)
    }
  }
  main()
`)

// One write that signals itself before its nth step on the file system; the steps are counted in a process that does them all.
const stepper = bundle(`${prelude}
  const fsp = require('node:fs/promises')
  const [step, signal] = args
  let steps = 0
  const before = (of, name) => {
    const real = of[name]
    of[name] = function (...given) {
      if (++steps === Number(step)) {
        say('at ' + name)
        process.kill(process.pid, signal)
      }
      return real.apply(this, given)
    }
  }
  const main = async () => {
    const handle = await fsp.open('/dev/null')
    const prototype = Object.getPrototypeOf(handle)
    await handle.close()
    for (const name of ['sync', 'writeFile', 'readFile', 'stat', 'close']) before(prototype, name)
    for (const name of ['lstat', 'mkdir', 'open', 'readdir', 'rename', 'rm', 'rmdir', 'unlink', 'statfs']) before(fsp, name)
    const store = fileStore({ folder })
    const answer = await done(store.compareAndSet('key', 'one', next('two')))
    say(answer._tag)
    say(String(steps))
  }
  main()
`)

// Dies when its record is written, and not in its place yet.
const dying = bundle(`${prelude}
  const fsp = require('node:fs/promises')
  const real = fsp.rename
  fsp.rename = (from, to) => {
    if (String(from).endsWith('.tmp')) process.kill(process.pid, 'SIGKILL')
    return real(from, to)
  }
  fileStore({ folder }).compareAndSet(args[0], args[1], next('two', 'c4n4ry'))()
`)

const holder = bundle(`${prelude}
  import { exclusively } from 'store-file/lock'
  exclusively(folder, args[0], 10_000, () => new Promise((resolve) => {
    say('held')
    process.on('SIGUSR2', resolve)
    setInterval(() => undefined, 1_000)
  })).then(() => process.exit(0))
`)

const seeded = async (patience = 20_000) => {
  const folder = join(temporary(), 'sessions')
  const store = fileStore({ folder, patience: millis(patience) })
  right(await store.compareAndSet('key', absent, next('one'))())
  const name = readdirSync(folder).find((file) => file.endsWith('.json')) ?? 'none'
  return { folder, store, name, lock: name.slice(0, 12) }
}

describe('[A18] the record that a writer wrote when it was killed', () => {
  /** All that is in files of a folder. */
  const onDisk = (folder: string): string =>
    readdirSync(folder, { withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map(({ name }) => readFileSync(join(folder, name), 'utf8'))
      .join()

  const left = async (key: string, expected: string) => {
    const at = await seeded()
    expect((await start(dying, at.folder, key, expected).rest).end).toBe('SIGKILL')
    expect(onDisk(at.folder)).toContain('c4n4ry')
    return at
  }

  test('goes with its session', async () => {
    const { folder, store } = await left('key', 'one')
    right(await store.remove('key')())
    expect(readdirSync(folder)).toEqual(['.locks'])
  })

  test('goes at the first write of another process, though nobody has a session of that key', async () => {
    const { folder, store } = await left('a login that was never kept', absent)
    expect(told(await store.get('a login that was never kept')())).toBe(': nothing')
    expect(right(await fileStore({ folder }).compareAndSet('another', absent, next('one'))())._tag).toBe('Committed')
    expect(onDisk(folder)).not.toContain('c4n4ry')
    expect(told(await store.get('key')())).toBe('one: record of one')
  })

  test('stays as long as a writer that lives may be writing it', async () => {
    const { folder, store, name, lock } = await seeded(50)
    const holding = start(holder, join(folder, '.locks'), lock)
    await holding.line()
    writeFileSync(join(folder, `${name}.tmp`), 'under way', { mode: 0o600 })
    expect(right(await fileStore({ folder }).compareAndSet('another', absent, next('one'))())._tag).toBe('Committed')
    expect(whyNot(await store.remove('key')())).toMatch('another process has held the lock')
    expect(onDisk(folder)).toContain('under way')
    holding.child.kill('SIGUSR2')
    await holding.rest
    right(await store.remove('key')())
    expect(onDisk(folder)).not.toContain('under way')
  })
})

describe('killed in the middle of a write', () => {
  test('at each step: the old record or the new one is there, and the next writer waits for nobody', async () => {
    const { folder } = await seeded()
    const all = await start(stepper, folder, '0', 'SIGKILL').rest
    const steps = Number(all.lines[1])
    expect(all.lines[0]).toBe('Committed')
    expect(steps).toBeGreaterThan(15)
    const attempts = Array.from({ length: steps }, (_, i) => i + 1)
    const seen = new Set<string>()
    const attempt = async (step: number): Promise<void> => {
      const { folder, store, name, lock } = await seeded()
      const { lines, end } = await start(stepper, folder, String(step), 'SIGKILL').rest
      expect(end).toBe('SIGKILL')
      const there = told(await store.get('key')())
      seen.add(there)
      expect(['one: record of one', 'two: record of two']).toContain(there)
      if (lines.includes('Committed')) expect(there).toBe('two: record of two')
      // Not the store that swept before.
      const after = fileStore({ folder, patience: millis(20_000) })
      const { version } = right(await after.get('key')())
      expect(right(await after.compareAndSet('key', version, next('three'))())._tag).toBe('Committed')
      expect(told(await store.get('key')())).toBe('three: record of three')
      expect(readdirSync(folder).sort()).toEqual(['.locks', name])
      expect(readdirSync(join(folder, '.locks'))).toEqual([lock])
      expect(readdirSync(join(folder, '.locks', lock))).toEqual([])
    }
    for (let i = 0; i < attempts.length; i += 4) await Promise.all(attempts.slice(i, i + 4).map(attempt))
    expect(seen.size).toBe(2)
  })

  test('at any time, with another writer: no committed record is lost, none is torn', async () => {
    const folder = join(temporary(), 'sessions')
    const store = fileStore({ folder, patience: millis(20_000) })
    let best = 0
    await fc.assert(
      fc.asyncProperty(fc.integer({ min: 1, max: 4 }), fc.nat(200), async (commits, turns) => {
        const both = [start(writer, folder), start(writer, folder)]
        for (let i = 0; i < commits; i++) best = Math.max(best, Number(await both[0]?.line()))
        for (let i = 0; i < turns; i++) await new Promise(setImmediate)
        for (const { child } of both) child.kill('SIGKILL')
        for (const { rest } of both) {
          const { lines, end } = await rest
          expect(end).toBe('SIGKILL')
          best = Math.max(best, ...lines.map(Number))
        }
        const { version } = right(await store.get('key')())
        // The last write may be killed before it could tell.
        expect([best, best + 1, best + 2]).toContain(Number(version))
        expect(told(await store.get('key')())).toBe(`${version}: ${version.padEnd(200_000, '.')}`)
        best = Number(version)
      }),
      { numRuns: 10, endOnFailure: true },
    )
  })
})

describe('stopped in the middle of a write', () => {
  test('others wait until their patience ends; continued, it commits, and nothing is lost', async () => {
    const { folder, store } = await seeded()
    const all = await start(stepper, folder, '0', 'SIGSTOP').rest
    const steps = Number(all.lines[1])
    let held = 0
    for (let step = 1; step <= steps; step += 3) {
      const { folder, lock } = await seeded()
      const one = start(stepper, folder, String(step), 'SIGSTOP')
      await one.line()
      while (!stopped(one)) await new Promise(setImmediate)
      const isHolding = existsSync(join(folder, '.locks', lock)) && readdirSync(join(folder, '.locks', lock)).length > 0
      const other = fileStore({ folder, patience: millis(100) })
      const { version } = right(await other.get('key')())
      if (isHolding) {
        held++
        expect(whyNot(await other.compareAndSet('key', version, next('mine'))())).toMatch(
          'has held the lock for 100 ms',
        )
        expect(right(await other.get('key')()).version).toBe(version)
      }
      one.child.kill('SIGCONT')
      expect(await one.rest).toMatchObject({ lines: ['Committed', expect.anything()], end: 0 })
      expect(told(await other.get('key')())).toBe('two: record of two')
      expect(right(await other.compareAndSet('key', 'one', next('mine'))())._tag).toBe('Conflict')
    }
    expect(held).toBeGreaterThan(3)
    expect(right(await store.get('key')()).version).toBe('two')
  })

  test('who waits goes on at once when the stopped holder is killed', async () => {
    const { folder, store, lock } = await seeded(60_000)
    const one = start(holder, join(folder, '.locks'), lock)
    expect(await one.line()).toBe('held')
    one.child.kill('SIGSTOP')
    const waiting = store.compareAndSet('key', 'one', next('two'))()
    expect(
      whyNot(await fileStore({ folder, patience: millis(100) }).compareAndSet('key', 'one', next('not'))()),
    ).toMatch('has held the lock')
    one.child.kill('SIGKILL')
    expect(right(await waiting)._tag).toBe('Committed')
  })

  test('and when it lets go', async () => {
    const { folder, store, lock } = await seeded(60_000)
    const one = start(holder, join(folder, '.locks'), lock)
    expect(await one.line()).toBe('held')
    const waiting = Promise.all([
      store.compareAndSet('key', 'one', next('two'))(),
      store.compareAndSet('key', 'one', next('three'))(),
    ])
    one.child.kill('SIGUSR2')
    expect((await waiting).map((answer) => right(answer)._tag).sort()).toEqual(['Committed', 'Conflict'])
  })

  test('other keys do not wait', async () => {
    const { folder, store, lock } = await seeded(100)
    const one = start(holder, join(folder, '.locks'), lock)
    expect(await one.line()).toBe('held')
    expect(right(await store.compareAndSet('other', absent, next('two'))())._tag).toBe('Committed')
  })
})

test('8 processes add one, 40 times each, to what is there: 320, each number once', async () => {
  const adder = bundle(`${prelude}
    const store = fileStore({ folder, patience: millis(60_000) })
    const main = async () => {
      let at = await done(store.get('key'))
      for (let added = 0; added < 40; ) {
        const wanted = String(Number(at.record._tag === 'Some' ? Secret.open(at.record.value) : 0) + 1)
        const mine = next(args[0] + ' ' + wanted, wanted)
        const answer = await done(store.compareAndSet('key', at.version, mine))
        at = answer._tag === 'Conflict' ? answer.found : { version: mine.version, record: { _tag: 'Some', value: mine.record } }
        if (answer._tag === 'Committed') {
          added++
          say(wanted)
        }
      }
    }
    main()
  `)
  const folder = join(temporary(), 'sessions')
  const all = await Promise.all(Array.from({ length: 8 }, (_, i) => start(adder, folder, String(i)).rest))
  expect(all.map(({ end }) => end)).toEqual(Array(8).fill(0))
  const committed = all.flatMap(({ lines }) => lines.map(Number)).sort((a, b) => a - b)
  expect(committed).toEqual(Array.from({ length: 320 }, (_, i) => i + 1))
  for (const { lines } of all) expect(lines.map(Number)).toEqual([...lines.map(Number)].sort((a, b) => a - b))
  expect(told(await fileStore({ folder }).get('key')())).toMatch(/ 320: 320$/)
})

test('a write of another process is told, with its version', async () => {
  const { folder, store } = await seeded()
  let end: (() => void) | undefined
  const told = new Promise<O.Option<string>>((resolve) => {
    end = store.changes?.('key', resolve)
  })
  const one = start(writer, folder)
  expect(await told).toMatchObject({ _tag: 'Some' })
  end?.()
  one.child.kill('SIGKILL')
  expect(right(await store.get('key')()).version).not.toBe('one')
})

test('[A14] what another process does is known at once, and a source that listens keeps no process alive', async () => {
  const script = bundle(`${prelude}
    import { instant, minutes, remoteCallback, TokenSource } from '@tessera/core'
    const clock = {
      now: () => instant(Date.now()),
      sleep: (duration) => () => new Promise((resolve) => setTimeout(resolve, duration)),
      timer: (duration, wake) => {
        const timer = setTimeout(wake, duration)
        return () => clearTimeout(timer)
      },
    }
    const random = { bytes: (size) => () => crypto.getRandomValues(new Uint8Array(size)) }
    const parts = { store: fileStore({ folder }), key: 'key', maxStale: minutes(600) }
    const source = TokenSource.make(parts)(remoteCallback(() => 'another'))({ clock, random })()
    const text = (result) => (result._tag === 'Right' ? Secret.open(result.right.accessToken) : result.left._tag)
    const main = async () => {
      let last
      while (last !== 'another') {
        const served = text(await source.get())
        if (served !== last) say(served)
        last = served
        await new Promise(setImmediate)
      }
    }
    main()
  `)
  const folder = join(temporary(), 'sessions')
  const store = fileStore({ folder })
  const token = (text: string) => TokenSet.make(Secret.make('AccessToken', text))
  const cell = { ...Lifecycle.empty, epoch: 1, generation: 1, token: O.some(token('first')) }
  right(await store.compareAndSet('key', absent, { version: 'first', record: CellCodec.encode(cell) })())
  const one = start(script, folder)
  expect(await one.line()).toBe('first')
  const env = testEnvironment()
  const ours = TokenSource.make({ store, key: 'key' })(remoteCallback(() => 'ours'))(env)()
  right(await ours.adopt(token('second'))())
  expect(await one.line()).toBe('second')
  right(await ours.revoke())
  expect(await one.line()).toBe('another')
  expect(await one.rest).toEqual({ lines: [], end: 0 })
})

test('a subscription that nobody ends keeps no process alive', async () => {
  const script = bundle(`${prelude}
    mkdirSync(folder, { recursive: true })
    fileStore({ folder }).changes('key', () => say('told'))
  `)
  expect(await start(script, join(temporary(), 'sessions')).rest).toEqual({ lines: [], end: 0 })
})

testWith('unshare')('on a full disk the old record stays, and the error says so', async () => {
  const script = bundle(`${prelude}
    import { existsSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
    const main = async () => {
      const store = fileStore({ folder: folder + '/sessions' })
      await done(store.compareAndSet('key', absent, next('one')))
      const big = next('two', 'r'.repeat(300_000))
      for (const wanted of [big, big]) say(JSON.stringify(await store.compareAndSet('key', 'one', wanted)()))
      say(Secret.open((await done(store.get('key'))).record.value))
      say(readdirSync(folder + '/sessions').filter((name) => !name.endsWith('.json')).join())
      const filler = folder + '/filler'
      try { writeFileSync(filler, Buffer.alloc(1_000_000)) } catch {}
      say(JSON.stringify(await store.compareAndSet('key', 'one', next('three'))()))
      rmSync(filler)
      say(JSON.stringify(await store.compareAndSet('key', 'one', next('three'))()))
    }
    main()
  `)
  const disk = join(temporary(), 'disk')
  mkdirSync(disk)
  const mount = [
    '--mount',
    '--map-root-user',
    'sh',
    '-c',
    'mount -t tmpfs -o size=128k,mode=700 tmpfs "$1" && shift && exec "$@"',
  ]
  const { lines, end } = await run('unshare', [...mount, 'sh', disk, process.execPath, script, disk]).rest
  const full = expect.stringMatching(/"operation":"compareAndSet","reason":"the file system answered ENOSPC"/)
  expect(lines).toEqual([full, full, 'record of one', '.locks', full, expect.stringMatching('Committed')])
  expect(end).toBe(0)
})
