/**
 * The record of a cell: versioned JSON. Additive within a version: members and verdicts that a later version wrote are
 * kept.
 *
 * @packageDocumentation
 */
import * as E from 'fp-ts/lib/Either.js'
import { pipe } from 'fp-ts/lib/function.js'
import * as O from 'fp-ts/lib/Option.js'
import * as AuthError from './AuthError.js'
import { type Fault, inside, object, type Shaped, shape } from './internal/object.js'
import { DEEPEST_RECORD, DEEPEST_TOKEN, isFiniteNumber, isObject, isShallow, isText } from './internal/shapes.js'
import { decodeToken, encodeToken, finite, list, text, version } from './internal/tokenRecord.js'
import type { TokenSet } from './internal/tokenSet.js'
import type { Cell, Lease, Owed, Refusals, Status } from './Lifecycle.js'
import * as Lifecycle from './Lifecycle.js'
import * as Secret from './Secret.js'
import { instant } from './Time.js'

const count = shape(
  'a count',
  (value): value is number => isFiniteNumber(value) && Number.isSafeInteger(value) && value >= 0,
)
const flag = shape('true or false', (value): value is boolean => typeof value === 'boolean')
const anything = shape('anything', (_value): _value is unknown => true)
const nullable = shape('a text, or null', (value): value is string | null => value === null || isText(value))

const REQUIRED = { v: version, epoch: count, generation: count }
const OPTIONAL = {
  origin: text,
  since: finite,
  token: anything,
  refused: flag,
  refusals: object({ count, at: finite }, { accepted: count }),
  intent: object({ nonce: nullable, first_at: finite, until: finite, recovery: flag }, {}),
  // What else there is depends on the tag, and a later version's is its own affair.
  verdict: object({ tag: text }, {}),
  owed: object({ tokens: list, retry_at: finite }, { since: finite }),
}
const Encoded = object(REQUIRED, OPTIONAL)
type Encoded = Shaped<typeof Encoded>

/** Members that this version does not know. */
type Later = ReadonlyArray<readonly [name: string, value: unknown]>

const KNOWN: ReadonlySet<string> = new Set(Object.keys({ ...REQUIRED, ...OPTIONAL }))

const toVerdict = (encoded: Encoded['verdict']): Status => {
  if (encoded === undefined) return { _tag: 'None' }
  if (encoded.tag === 'log in again') return { _tag: 'LogInAgain' }
  if (encoded.tag === 'revoked') return { _tag: 'Revoked' }
  if (encoded.tag === 'cooling down' && 'until' in encoded && isFiniteNumber(encoded.until)) {
    return { _tag: 'CoolingDown', until: instant(encoded.until) }
  }
  return { _tag: 'Foreign', json: Secret.make('Member', JSON.stringify(encoded)) }
}

const fromVerdict = (verdict: Status): unknown => {
  switch (verdict._tag) {
    case 'None':
      return undefined
    case 'CoolingDown':
      return { tag: 'cooling down', until: verdict.until }
    case 'LogInAgain':
      return { tag: 'log in again' }
    case 'Revoked':
      return { tag: 'revoked' }
    case 'Foreign':
      return JSON.parse(Secret.open(verdict.json))
  }
}

/** The tokens of a record. */
interface Tokens {
  readonly token: O.Option<TokenSet>
  readonly owed: ReadonlyArray<TokenSet>
}

/** A tombstone of an older version keeps in its token what is owed; since when, it does not say. */
const settled = (cell: Cell<TokenSet>): Cell<TokenSet> =>
  cell.status._tag === 'Revoked' && O.isSome(cell.token)
    ? {
        ...cell,
        token: O.none,
        owed: O.some({
          tokens: [...(O.isSome(cell.owed) ? cell.owed.value.tokens : []), cell.token.value],
          retryAt: instant(0),
          since: O.none,
        }),
      }
    : cell

const toCell = (encoded: Encoded, { token, owed }: Tokens, later: Later): Cell<TokenSet> => ({
  epoch: encoded.epoch,
  generation: encoded.generation,
  origin: O.fromNullable(encoded.origin),
  since: pipe(O.fromNullable(encoded.since), O.map(instant)),
  token,
  refused: encoded.refused === true,
  refusals: pipe(
    O.fromNullable(encoded.refusals),
    // Older versions tell the two kinds not apart.
    O.map(({ count, accepted = 0, at }) => ({ count, accepted, at: instant(at) })),
  ),
  lease: pipe(
    O.fromNullable(encoded.intent),
    O.map(({ nonce, first_at, until, recovery }) => ({
      nonce: O.fromNullable(nonce),
      firstAt: instant(first_at),
      until: instant(until),
      recovery,
    })),
  ),
  status: toVerdict(encoded.verdict),
  owed: pipe(
    O.fromNullable(encoded.owed),
    O.filter(() => owed.length > 0),
    O.map(({ retry_at, since }) => ({
      tokens: owed,
      retryAt: instant(retry_at),
      since: pipe(O.fromNullable(since), O.map(instant)),
    })),
  ),
  later: later.length === 0 ? O.none : O.some(Secret.make('Member', JSON.stringify(Object.fromEntries(later)))),
})

const fromLease = ({ nonce, firstAt, until, recovery }: Lease) => ({
  nonce: O.toNullable(nonce),
  first_at: firstAt,
  until,
  recovery,
})
const fromRefusals = ({ count, accepted, at }: Refusals) => ({ count, accepted: accepted || undefined, at })
const fromOwed = ({ tokens, retryAt, since }: Owed<TokenSet>) => ({
  tokens: tokens.map(encodeToken),
  retry_at: retryAt,
  since: O.toUndefined(since),
})

/** The record of a cell. It holds opened secrets inside a Secret: only a store opens it. */
export const encode = (cell: Cell<TokenSet>): Secret.Secret<'Record'> => {
  const known = {
    v: 1,
    epoch: cell.epoch,
    generation: cell.generation,
    origin: O.toUndefined(cell.origin),
    since: O.toUndefined(cell.since),
    token: O.isSome(cell.token) ? encodeToken(cell.token.value) : undefined,
    refused: cell.refused || undefined,
    refusals: O.isSome(cell.refusals) ? fromRefusals(cell.refusals.value) : undefined,
    intent: O.isSome(cell.lease) ? fromLease(cell.lease.value) : undefined,
    verdict: fromVerdict(cell.status),
    owed: O.isSome(cell.owed) ? fromOwed(cell.owed.value) : undefined,
  }
  const all = O.isSome(cell.later) ? { ...JSON.parse(Secret.open(cell.later.value)), ...known } : known
  return Secret.make('Record', JSON.stringify(all))
}

const undecodable = (reason: string) => AuthError.storeFailed('decode', reason)

/** The cell of a record; the empty cell where there is none. A record that cannot be read is reported, and left as it is. */
export const decode = (record: O.Option<Secret.Secret<'Record'>>): E.Either<AuthError.AuthError, Cell<TokenSet>> => {
  if (O.isNone(record)) return E.right(Lifecycle.empty)
  let json: unknown
  try {
    json = JSON.parse(Secret.open(record.value))
  } catch {
    // The parser's message would show some of the record.
    return E.left(undecodable('the record is not JSON'))
  }
  const members = isObject(json) ? json : {}
  if (!isShallow(json, DEEPEST_RECORD) || !isShallow(members['token'], DEEPEST_TOKEN)) {
    return E.left(undecodable('the record is nested too deep'))
  }
  if (!Encoded.is(members)) return E.left(wrong(Encoded.faults(members)))
  const { token, owed } = members
  const debts: TokenSet[] = []
  for (const debt of (owed?.tokens ?? []).slice(-Lifecycle.MOST_OWED)) {
    const decoded = decodeToken(debt)
    if (E.isLeft(decoded)) return E.left(wrong(decoded.left.map(inside('owed'))))
    debts.push(decoded.right)
  }
  const held = token === undefined ? E.right(undefined) : decodeToken(token)
  if (E.isLeft(held)) return E.left(wrong(held.left.map(inside('token'))))
  const later = Object.entries(members).filter(([name]) => !KNOWN.has(name))
  return E.right(settled(toCell(members, { token: O.fromNullable(held.right), owed: debts }, later)))
}

const wrong = (faults: ReadonlyArray<Fault>): AuthError.AuthError =>
  undecodable(`the record has a wrong ${faults.map(({ path }) => path).join(', ')}`)
