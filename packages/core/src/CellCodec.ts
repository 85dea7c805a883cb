/**
 * The record of a cell: versioned JSON. Additive within a version: members and verdicts that a later version wrote are
 * kept.
 *
 * @packageDocumentation
 */
import * as E from 'fp-ts/lib/Either.js'
import { pipe } from 'fp-ts/lib/function.js'
import * as O from 'fp-ts/lib/Option.js'
import * as t from 'io-ts'
import * as AuthError from './AuthError.js'
import { object } from './internal/object.js'
import { DEEPEST_RECORD, DEEPEST_TOKEN, isShallow } from './internal/shapes.js'
import type { Cell, Status } from './Lifecycle.js'
import * as Lifecycle from './Lifecycle.js'
import * as Secret from './Secret.js'
import { instant } from './Time.js'
import * as TokenSet from './TokenSet.js'

const Count = t.refinement(t.number, (n) => Number.isSafeInteger(n) && n >= 0, 'count')

const Encoded = object(
  { v: t.literal(1), epoch: Count, generation: Count },
  {
    origin: t.string,
    since: TokenSet.Finite,
    token: t.unknown,
    refused: t.boolean,
    refusals: object({ count: Count, at: TokenSet.Finite }, { accepted: Count }),
    intent: object(
      {
        nonce: t.union([t.string, t.null]),
        first_at: TokenSet.Finite,
        until: TokenSet.Finite,
        recovery: t.boolean,
      },
      {},
    ),
    // What else there is depends on the tag, and a later version's is its own affair.
    verdict: object({ tag: t.string }, {}),
    owed: object({ tokens: t.array(t.unknown), retry_at: TokenSet.Finite }, { since: TokenSet.Finite }),
  },
)
type Encoded = t.TypeOf<typeof Encoded>

/** Members that this version does not know. */
type Later = ReadonlyArray<readonly [name: string, value: unknown]>

const KNOWN: ReadonlySet<string> = new Set([
  'v',
  'epoch',
  'generation',
  'origin',
  'since',
  'token',
  'refused',
  'refusals',
  'intent',
  'verdict',
  'owed',
])

const toVerdict = (encoded: Encoded['verdict']): Status => {
  if (encoded === undefined) return { _tag: 'None' }
  if (encoded.tag === 'log in again') return { _tag: 'LogInAgain' }
  if (encoded.tag === 'revoked') return { _tag: 'Revoked' }
  if (encoded.tag === 'cooling down' && 'until' in encoded && TokenSet.Finite.is(encoded.until)) {
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
  readonly token: O.Option<TokenSet.TokenSet>
  readonly owed: ReadonlyArray<TokenSet.TokenSet>
}

/** A tombstone of an older version keeps in its token what is owed; since when, it does not say. */
const settled = (cell: Cell<TokenSet.TokenSet>): Cell<TokenSet.TokenSet> =>
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

const toCell = (encoded: Encoded, { token, owed }: Tokens, later: Later): Cell<TokenSet.TokenSet> => ({
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

/** The record of a cell. It holds opened secrets inside a Secret: only a store opens it. */
export const encode = (cell: Cell<TokenSet.TokenSet>): Secret.Secret<'Record'> =>
  Secret.make(
    'Record',
    JSON.stringify({
      ...(O.isSome(cell.later) ? JSON.parse(Secret.open(cell.later.value)) : {}),
      v: 1,
      epoch: cell.epoch,
      generation: cell.generation,
      origin: O.toUndefined(cell.origin),
      since: O.toUndefined(cell.since),
      token: pipe(cell.token, O.map(TokenSet.codec.encode), O.toUndefined),
      refused: cell.refused || undefined,
      refusals: pipe(
        cell.refusals,
        O.map(({ count, accepted, at }) => ({ count, accepted: accepted || undefined, at })),
        O.toUndefined,
      ),
      intent: pipe(
        cell.lease,
        O.map(({ nonce, firstAt, until, recovery }) => ({
          nonce: O.toNullable(nonce),
          first_at: firstAt,
          until,
          recovery,
        })),
        O.toUndefined,
      ),
      verdict: fromVerdict(cell.status),
      owed: pipe(
        cell.owed,
        O.map(({ tokens, retryAt, since }) => ({
          tokens: tokens.map(TokenSet.codec.encode),
          retry_at: retryAt,
          since: O.toUndefined(since),
        })),
        O.toUndefined,
      ),
    }),
  )

const undecodable = (reason: string) => AuthError.storeFailed('decode', reason)

/** The cell of a record; the empty cell where there is none. A record that cannot be read is reported, and left as it is. */
export const decode = (
  record: O.Option<Secret.Secret<'Record'>>,
): E.Either<AuthError.AuthError, Cell<TokenSet.TokenSet>> => {
  if (O.isNone(record)) return E.right(Lifecycle.empty)
  let json: unknown
  try {
    json = JSON.parse(Secret.open(record.value))
  } catch {
    // The parser's message would show some of the record.
    return E.left(undecodable('the record is not JSON'))
  }
  const members = t.UnknownRecord.is(json) ? json : {}
  if (!isShallow(json, DEEPEST_RECORD) || !isShallow(members['token'], DEEPEST_TOKEN)) {
    return E.left(undecodable('the record is nested too deep'))
  }
  const encoded = Encoded.decode(members)
  if (E.isLeft(encoded)) return E.left(wrong(encoded.left))
  const later = Object.entries(members).filter(([name]) => !KNOWN.has(name))
  const { token, owed } = encoded.right
  const debts = Debts.validate((owed?.tokens ?? []).slice(-Lifecycle.MOST_OWED), OWED)
  if (E.isLeft(debts)) return E.left(wrong(debts.left))
  const toSettled = (held: O.Option<TokenSet.TokenSet>) =>
    E.right(settled(toCell(encoded.right, { token: held, owed: debts.right }, later)))
  if (token === undefined) return toSettled(O.none)
  const decoded = TokenSet.codec.validate(token, TOKEN)
  return E.isLeft(decoded) ? E.left(wrong(decoded.left)) : toSettled(O.some(decoded.right))
}

const Debts = t.array(TokenSet.codec)

// Where the errors of tokens are.
const TOKEN: t.Context = [{ key: 'token', type: TokenSet.codec }]
const OWED: t.Context = [{ key: 'owed', type: Debts }]

const wrong = (errors: t.Errors): AuthError.AuthError =>
  undecodable(`the record has a wrong ${errors.map(({ context }) => path(context)).join(', ')}`)

const path = (context: t.Context): string =>
  context
    .map(({ key }) => key)
    .filter((key) => key !== '' && !/^\d+$/.test(key))
    .join('.')
