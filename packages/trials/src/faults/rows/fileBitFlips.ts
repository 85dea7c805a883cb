import { createHash } from 'node:crypto'
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import {
  AuthError,
  absent,
  type Cipher,
  encrypted,
  instant,
  Secret,
  Strategy,
  seconds,
  TokenSet,
  TokenSource,
  type TokenStore,
} from '@tessera/core'
import { aesGcm, generateKey, systemClock, systemRandom } from '@tessera/node'
import { type FileStore, fileStore } from '@tessera/store-file'
import * as E from 'fp-ts/lib/Either.js'
import * as O from 'fp-ts/lib/Option.js'
import type { Context, Fault, Findings } from '../Fault.js'
import { many } from '../many.js'
import { makeStopwatch, type Stopwatch } from '../overdue.js'
import { printedResult } from '../printed.js'
import { canary, whole } from '../random.js'
import { makeTally, type Tally } from '../tally.js'

/** What a test may break. */
export interface Parts {
  /** Goes over the cipher that seals. */
  readonly cipher: (cipher: Cipher) => Cipher
  /** Goes over the store that a session is in. */
  readonly store: (store: TokenStore, files: FileStore) => TokenStore
}

/** Where a bit is flipped. */
const PLACES = [
  /** In the file of a sealed record: the file's digest does not fit. */
  'sealed',
  'sealed',
  /** In the sealed text, with a digest that fits: only the cipher can tell. */
  'behind the digest',
  'behind the digest',
  /** In the file of a record in the clear. */
  'clear',
] as const
type Place = (typeof PLACES)[number]

const ENV = { clock: systemClock, random: systemRandom }
const LIMIT = seconds(60)
const LANES = 4

/** A session in a file. */
interface Lane {
  readonly place: Place
  readonly folder: string
  readonly path: string
  readonly bytes: Buffer
  readonly version: string
  /** A store as a new process opens it: it remembers nothing. */
  readonly open: () => TokenStore
}

/** What the file holds; its members and their order are the store's own. */
interface Row {
  readonly v: number
  readonly key: string
  readonly version: string
  readonly record: string
}

const flipped = (bytes: Buffer, at: number): Buffer => {
  const copy = Buffer.from(bytes)
  copy.writeUInt8(copy.readUInt8(at >> 3) ^ (1 << (at & 7)), at >> 3)
  return copy
}

/** The bytes of the file with one bit of the record flipped, and a digest as if it had been written so. */
const behindDigest = (bytes: Buffer, random: () => number): Buffer => {
  // biome-ignore lint/nursery/noUnsafeTypeAssertion: the store wrote it.
  const { v, key, version, record } = JSON.parse(bytes.toString()) as Row
  const text = Buffer.from(record, 'latin1')
  const changed = flipped(text, whole(random, 0, text.length * 8 - 1)).toString('latin1')
  const row = { v, key, version, record: changed }
  const sha256 = createHash('sha256').update(JSON.stringify(row)).digest('base64url')
  return Buffer.from(`${JSON.stringify({ ...row, sha256 })}\n`)
}

const damaged = ({ place, bytes }: Lane, random: () => number): Buffer =>
  place === 'behind the digest' ? behindDigest(bytes, random) : flipped(bytes, whole(random, 0, bytes.length * 8 - 1))

interface Run {
  readonly context: Context
  readonly tally: Tally
  readonly stopwatch: Stopwatch
  readonly access: string
  readonly refresh: string
  harmless: number
}

const isDamage = (error: AuthError): boolean => error._tag === 'StoreFailed' && error.operation === 'decode'

/** One flip: read it, use it, write over it. */
const flip = async (run: Run, lane: Lane): Promise<void> => {
  const { context, tally, stopwatch, access } = run
  const { random, canaries } = context
  const now = damaged(lane, random)
  const where = `a flipped bit (${lane.place})`
  writeFileSync(lane.path, now)
  let requests = 0
  const strategy = Strategy.make<unknown>({ needsRefreshToken: true }, () => () => async () => {
    requests++
    return E.left(AuthError.unreachable('https://as.example', 'none'))
  })
  const store = lane.open()
  const source = TokenSource.make<unknown>({ store, key: lane.place, timeout: LIMIT })(strategy)(ENV)()
  const got = await stopwatch.time(LIMIT, source.get)
  canaries.wrote(printedResult(got))
  if (E.isRight(got)) {
    if (Secret.open(got.right.accessToken) !== access) tally.problem(`${where}: another token`)
    run.harmless++
    writeFileSync(lane.path, lane.bytes)
    return
  }
  if (got.left._tag === 'ReauthenticationRequired') tally.lost++
  if (!isDamage(got.left)) tally.problem(`${where}: ${AuthError.show.show(got.left)}`)
  const written = await stopwatch.time(
    LIMIT,
    store.compareAndSet(lane.place, lane.version, { version: 'other', record: Secret.make('Record', 'other') }),
  )
  if (E.isRight(written) && written.right._tag === 'Committed') {
    tally.staleOverwrites++
    tally.problem(`${where}: written over`)
  }
  if (random() < 0.1) {
    const login = source.login(() => () => async () => E.right(TokenSet.make(Secret.make('AccessToken', 'other'))))
    const loggedIn = await stopwatch.time(LIMIT, login({}))
    if (E.isRight(loggedIn)) tally.problem(`${where}: a login wrote over it`)
  }
  if (requests > 0) tally.problem(`${where}: a request was sent all the same`)
  if (!isThere(lane, now)) tally.problem(`${where}: the file was not left as it is`)
}

const isThere = ({ path }: Lane, bytes: Buffer): boolean => {
  try {
    return readFileSync(path).equals(bytes)
  } catch {
    return false
  }
}

const HOUR = 3_600_000

const laneOf = async (
  { cipher: over, store: overStore }: Parts,
  place: Place,
  folder: string,
  access: string,
  refresh: string,
): Promise<Lane> => {
  const sealed = aesGcm({ write: generateKey(systemRandom)() })
  if (E.isLeft(sealed)) throw AuthError.toError(sealed.left)
  const cipher = over(sealed.right)
  const open = (): TokenStore => {
    const files = fileStore({ folder })
    return overStore(place === 'clear' ? files : encrypted(cipher)(files), files)
  }
  const now = Date.now()
  const token = TokenSet.make(Secret.make('AccessToken', access), {
    refreshToken: O.some(Secret.make('RefreshToken', refresh)),
    issuedAt: O.some(instant(now)),
    expiresAt: O.some(instant(now + 24 * HOUR)),
  })
  const source = TokenSource.make<unknown>({ store: open(), key: place })(() => () => async () => E.right(token))(ENV)()
  const got = await source.get()
  if (E.isLeft(got)) throw AuthError.toError(got.left)
  const there = await open().get(place)()
  if (E.isLeft(there) || there.right.version === absent) throw new Error('there is no record')
  const name = readdirSync(folder).find((file) => file.endsWith('.json')) ?? ''
  const path = join(folder, name)
  return { place, folder, path, bytes: readFileSync(path), version: there.right.version, open }
}

const run =
  (parts: Parts): Fault['run'] =>
  async (context): Promise<Findings> => {
    const { count, random, progress, canaries } = context
    const root = mkdtempSync(join(tmpdir(), 'tessera-flips-'))
    const stopwatch = makeStopwatch()
    const [access, refresh] = [canary(random, 'access'), canary(random, 'refresh')]
    canaries.remember(access, refresh)
    const all: Run = { context, tally: makeTally(), stopwatch, access, refresh, harmless: 0 }
    try {
      const lanes = await Promise.all(
        Array.from({ length: LANES * PLACES.length }, (_, i) => {
          const place = PLACES[i % PLACES.length] ?? 'sealed'
          return laneOf(parts, place, join(root, String(i)), access, refresh)
        }),
      )
      let done = 0
      await many(lanes, lanes.length, async (lane) => {
        while (done < count) {
          progress(done++)
          await flip(all, lane)
        }
      })
      return all.tally.findings(
        context,
        stopwatch.longest(),
        `${count - all.harmless} reported, ${all.harmless} harmless`,
      )
    } finally {
      stopwatch.stop()
      rmSync(root, { recursive: true, force: true })
    }
  }

export const fileBitFlipsWith = (parts: Parts): Fault => ({
  name: 'file-bit-flips',
  injection:
    'one bit of the file of a session is flipped: sealed by AES-GCM, in the sealed text under a digest that fits, and in the clear; then it is read, renewed, logged in to and written',
  expected: 'reported as damaged, no request sent, and the file left as it is; never another token',
  count: 10_000,
  seconds: 10,
  test: 'files',
  run: run(parts),
})

export const fileBitFlips = fileBitFlipsWith({ cipher: (cipher) => cipher, store: (store) => store })
