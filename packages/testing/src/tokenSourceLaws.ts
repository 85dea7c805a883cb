/**
 * What every source of tokens must obey, whatever its strategy and its store.
 *
 * @packageDocumentation
 */
import {
  AuthError,
  between,
  type Duration,
  memoryStore,
  millis,
  minutes,
  plus,
  Secret,
  seconds,
  type TokenSet,
  type TokenStore,
} from '@tessera/core'
import * as fc from 'fast-check'
import * as E from 'fp-ts/lib/Either.js'
import { pipe } from 'fp-ts/lib/function.js'
import type { IO } from 'fp-ts/lib/IO.js'
import * as O from 'fp-ts/lib/Option.js'
import type { Task } from 'fp-ts/lib/Task.js'
import { advances, type Bench, EXPIRED, makeBench, textOf } from './internal/bench.js'
import { ensure } from './internal/ensure.js'
import { RETRY_AFTER } from './internal/outcome.js'
import { type Law, type LawParameters, law } from './Law.js'
import type { MakeSource, Parts } from './Parts.js'
import { type Rotation, rotations } from './ServerModel.js'
import { modelledSource, sourceCommands } from './sourceCommands.js'

// -----------------------------------------------------------------------------
// model
// -----------------------------------------------------------------------------

/** How the laws of a source are tried. */
export interface SourceLawOptions extends LawParameters {
  /** The place of the session. Default: `memoryStore`. */
  readonly store?: IO<TokenStore>
  /** The pipeline needs no refresh token: client credentials, an assertion. Default: false. */
  readonly selfSufficient?: boolean
  /** The source's own `timeout`, in ms. Default: that of a source, 15 s. */
  readonly sourceTimeout?: Duration
  /** As of `testClock`. */
  readonly turn?: Task<void>
}

// -----------------------------------------------------------------------------
// pieces
// -----------------------------------------------------------------------------

const PATIENCE = 4_500
/** How much later than its deadline a call may settle, in ms. */
const SLACK = 100
/** Longer than a source may wait before it looks again after a failure, in ms. */
const COOLED = minutes(2)
const MOST_TURNS = 1_000

const tokenOf = (result: E.Either<AuthError, TokenSet>): TokenSet => {
  if (E.isLeft(result)) throw new Error(`get brings no token: ${AuthError.show.show(result.left)}`)
  return result.right
}

const isLoginNeeded = (result: E.Either<AuthError, unknown>): boolean =>
  E.isLeft(result) && AuthError.causes(result.left).some(({ _tag }) => _tag === 'ReauthenticationRequired')

const isTag = (result: E.Either<AuthError, unknown>, tag: AuthError['_tag']): boolean =>
  E.isLeft(result) && AuthError.causes(result.left).some(({ _tag }) => _tag === tag)

/** What may show a secret of the model. */
const printed = (value: unknown): string => {
  const seen = value instanceof Error ? `${value.message} ${value.stack ?? ''} ${String(value.cause)}` : ''
  return `${JSON.stringify(value)} ${String(value)} ${seen}`
}

// -----------------------------------------------------------------------------
// laws
// -----------------------------------------------------------------------------

/**
 * The laws of a source, at a modelled server of every rotation.
 *
 * @example
 * import { TokenSource } from '@tessera/core'
 * import { tokenSourceLaws } from '@tessera/testing'
 * import { pipe } from 'fp-ts/lib/function.js'
 *
 * const laws = tokenSourceLaws(
 *   ({ strategy, env, ...parts }) => pipe(strategy, TokenSource.make(parts))(env)(),
 *   { numRuns: 5 },
 * )
 * for (const { run } of laws) void run()
 */
export const tokenSourceLaws = (
  make: MakeSource,
  {
    store = memoryStore,
    selfSufficient = false,
    sourceTimeout = seconds(15),
    turn,
    ...parameters
  }: SourceLawOptions = {},
): ReadonlyArray<Law> => {
  const worlds = fc.record({
    mode: fc.constantFrom<Rotation>(...rotations(minutes(5))),
    renewal: fc.constantFrom<Parts['renewal']>('background', 'blocking'),
    seed: fc.nat(),
  })

  const config = { make, store, selfSufficient, ...(turn !== undefined && { turn }) }

  const of = <A>(
    name: string,
    arbitraries: { readonly [Name in keyof A]: fc.Arbitrary<A[Name]> },
    body: (bench: Bench, values: A) => Promise<void>,
  ): Law =>
    law(
      name,
      fc.asyncProperty(worlds, fc.record<A>(arbitraries), (world, values) => {
        return body(makeBench({ ...config, ...world }), values)
      }),
      { timeout: PATIENCE, ...parameters },
    )

  /** A session with its first token. */
  const begun = async (bench: Bench): Promise<TokenSet> => {
    if (!selfSufficient) tokenOf(await bench.login())
    return tokenOf(await bench.get())
  }

  return [
    law(
      'any sequence of calls does what the lifecycle and the server say',
      fc.asyncProperty(worlds, fc.commands([...sourceCommands], { maxCommands: 20, size: '+1' }), (world, commands) =>
        fc.asyncModelRun(modelledSource({ ...config, ...world, sourceTimeout }), commands),
      ),
      { timeout: PATIENCE, ...parameters },
    ),

    of(
      'what get brings is valid now, at any time',
      { waits: fc.array(advances, { minLength: 1, maxLength: 6 }) },
      async (bench, { waits: all }) => {
        await begun(bench)
        for (const by of all) {
          await bench.clock.advance(by)
          const token = tokenOf(await bench.get())
          const { expiresAt } = token
          ensure(O.isNone(expiresAt) || bench.clock.now() < expiresAt.value, `${textOf(E.right(token))} has expired`)
          ensure(bench.server.use(token.accessToken)(), `the server does not take ${textOf(E.right(token))}`)
          await bench.settle(bench.source.settled)
        }
        ensure(bench.server.counts().repeated === 0, 'a refresh token was redeemed twice')
      },
    ),

    of(
      'callers at the same time are served by one request',
      { callers: fc.integer({ min: 2, max: 50 }), slow: fc.boolean() },
      async (bench, { callers, slow: isSlow }) => {
        await begun(bench)
        await bench.clock.advance(EXPIRED)
        const before = bench.requests().length
        if (isSlow) bench.script('slow')
        const all = await bench.settle(() => Promise.all(Array.from({ length: callers }, () => bench.source.get())))
        const tokens = new Set(all.map(textOf))
        ensure(tokens.size === 1 && all.every(E.isRight), `they are given ${[...tokens].join(', ')}`)
        ensure(bench.requests().length === before + 1, `${bench.requests().length - before} requests were sent`)
      },
    ),

    of('a fresh token costs no request', { age: fc.integer({ min: 0, max: 2_400_000 }) }, async (bench, { age }) => {
      await begun(bench)
      await bench.clock.advance(EXPIRED)
      const first = tokenOf(await bench.get())
      const before = bench.requests().length
      await bench.clock.advance(millis(age))
      const second = tokenOf(await bench.get())
      ensure(Secret.eq.equals(first.accessToken, second.accessToken), 'it is another token')
      ensure(bench.requests().length === before, 'a request was sent')
    }),

    of(
      'whoever wants a token for longer than it lives gets the next one: many of several sources, by one request',
      { left: fc.integer({ min: 1, max: 3_000_000 }), callers: fc.integer({ min: 1, max: 20 }) },
      async (bench, { left, callers }) => {
        await begun(bench)
        await bench.clock.advance(EXPIRED)
        const { accessToken, expiresAt } = tokenOf(await bench.get())
        const end = pipe(
          expiresAt,
          O.getOrElse(() => bench.clock.now()),
        )
        await bench.clock.advance(between(plus(bench.clock.now(), millis(left)), end))
        const before = bench.requests().length
        const sources = [bench.source, bench.open()].map((source) => source.within({ minValid: millis(left + 1) }))
        const calls = sources.flatMap((source) => Array.from({ length: callers }, () => source.get))
        const all = await bench.settle(() => Promise.all(calls.map((call) => call())))
        const tokens = new Set(all.map(textOf))
        ensure(tokens.size === 1 && all.every(E.isRight), `they are given ${[...tokens].join(', ')}`)
        ensure(!tokens.has(Secret.open(accessToken)), 'they are given the one that they did not want')
        ensure(bench.requests().length === before + 1, `${bench.requests().length - before} requests were sent`)
        // It is in the first tenth of its life: no other would live longer.
        const longest = bench.source.within({ minValid: millis(2 * EXPIRED) })
        ensure(tokens.has(textOf(await bench.settle(longest.get))), 'a new token is renewed')
      },
    ),

    of(
      'where no token comes that is valid for so long, that is told, and others are served the one that is there',
      { left: fc.integer({ min: 1, max: 3_000_000 }) },
      async (bench, { left }) => {
        if (selfSufficient) return
        await begun(bench)
        await bench.clock.advance(EXPIRED)
        const token = tokenOf(await bench.get())
        const end = pipe(
          token.expiresAt,
          O.getOrElse(() => bench.clock.now()),
        )
        await bench.clock.advance(between(plus(bench.clock.now(), millis(left)), end))
        if (O.isSome(token.refreshToken)) bench.server.revoke(token.refreshToken.value)()
        const longer = bench.source.within({ minValid: millis(left + 1) })
        const [wanted, other] = await bench.settle(() => Promise.all([longer.get(), bench.source.get()]))
        ensure(isLoginNeeded(wanted), 'it does not say that somebody must log in')
        ensure(textOf(other) === textOf(E.right(token)), 'another is not given the token that is valid')
        ensure(isLoginNeeded(await bench.settle(longer.get)), 'it is not said again')
      },
    ),

    of(
      'peek shows what get has brought as long as it is valid, and sends nothing',
      { waits: fc.array(advances, { maxLength: 3 }) },
      async (bench, { waits: all }) => {
        await begun(bench)
        for (const by of all) {
          await bench.clock.advance(by)
          await bench.get()
          await bench.settle(bench.source.settled)
          const token = tokenOf(await bench.get())
          const shown = bench.source.peek()
          ensure(
            O.isSome(shown) && Secret.eq.equals(shown.value.accessToken, token.accessToken),
            'it shows something else',
          )
          await bench.clock.advance(EXPIRED)
          const before = bench.requests().length
          ensure(O.isNone(bench.source.peek()), 'it shows a token that has expired')
          ensure(bench.requests().length === before, 'it sends a request')
        }
      },
    ),

    of(
      'a token is served for its life, although the date is set back',
      { by: fc.integer({ min: 1_000, max: 10 * EXPIRED }) },
      async (bench, { by }) => {
        await begun(bench)
        await bench.clock.advance(EXPIRED)
        const token = tokenOf(await bench.get())
        await bench.settle(bench.source.settled)
        bench.clock.setDate(millis(-by))
        await bench.clock.advance(EXPIRED)
        ensure(O.isNone(bench.source.peek()), 'peek shows a token that is over')
        const next = tokenOf(await bench.get())
        ensure(!Secret.eq.equals(token.accessToken, next.accessToken), 'a token that is over is served')
      },
    ),

    of('a token that was refused is not served again', { slow: fc.boolean() }, async (bench, { slow: isSlow }) => {
      const first = await begun(bench)
      await bench.clock.advance(COOLED)
      const refused = await bench.settle(bench.source.invalidate(first.accessToken))
      ensure(E.isRight(refused), 'the refusal fails')
      if (isSlow) bench.script('slow')
      const second = tokenOf(await bench.get())
      ensure(!Secret.eq.equals(first.accessToken, second.accessToken), `${textOf(E.right(first))} is served again`)
    }),

    of('the refusal of another token changes nothing', {}, async (bench) => {
      const first = await begun(bench)
      const before = bench.requests().length
      await bench.clock.advance(COOLED)
      await bench.settle(bench.source.invalidate(Secret.make('AccessToken', 'another')))
      const second = tokenOf(await bench.get())
      ensure(Secret.eq.equals(first.accessToken, second.accessToken), 'it is another token')
      ensure(bench.requests().length === before, 'a request was sent')
    }),

    of('what get brings is in the store', { slow: fc.boolean() }, async (bench, { slow: isSlow }) => {
      await begun(bench)
      await bench.clock.advance(EXPIRED)
      if (isSlow) bench.script('slow')
      const token = tokenOf(await bench.get())
      const before = bench.requests().length
      const other = tokenOf(await bench.get(bench.open()))
      ensure(Secret.eq.equals(token.accessToken, other.accessToken), 'another process is given another token')
      ensure(bench.requests().length === before, 'another process sends a request')
    }),

    of('a token that the store does not take is kept, and not redeemed again', {}, async (bench) => {
      await begun(bench)
      await bench.clock.advance(EXPIRED)
      const before = bench.requests().length
      bench.breakStoreAfterAnswer()
      const failed = await bench.get()
      ensure(E.isLeft(failed), 'a token is handed out that is not in the store')
      bench.mendStore()
      const token = tokenOf(await bench.get())
      ensure(bench.requests().length === before + 1, `${bench.requests().length - before} requests were sent`)
      const other = tokenOf(await bench.get(bench.open()))
      ensure(Secret.eq.equals(token.accessToken, other.accessToken), 'it is not in the store')
    }),

    of(
      'a failure is not for ever',
      { replies: fc.array(fc.constantFrom('not sent' as const, 'busy' as const), { minLength: 1, maxLength: 3 }) },
      async (bench, { replies }) => {
        await begun(bench)
        await bench.clock.advance(EXPIRED)
        bench.script(...replies)
        for (let tries = 0; tries < 5; tries++) {
          await bench.get()
          await bench.clock.advance(COOLED)
        }
        tokenOf(await bench.get())
        ensure(bench.server.counts().repeated === 0, 'a refresh token was redeemed twice')
      },
    ),

    of(
      'a token that has expired when it comes is not served, and another is not asked for at once',
      { callers: fc.integer({ min: 1, max: 3 }), replies: fc.integer({ min: 1, max: 3 }) },
      async (bench, { callers, replies }) => {
        await begun(bench)
        await bench.clock.advance(EXPIRED)
        bench.script(...Array.from({ length: replies }, () => 'expired' as const))
        for (let reply = 0; reply < replies; reply++) {
          const before = bench.requests().length
          for (let tries = 0; tries < 3; tries++) {
            const all = await bench.settle(() => Promise.all(Array.from({ length: callers }, () => bench.source.get())))
            for (const result of all) ensure(E.isLeft(result), `${textOf(result)} has expired`)
          }
          ensure(bench.requests().length === before + 1, `${bench.requests().length - before} requests were sent`)
          await bench.clock.advance(COOLED)
        }
        tokenOf(await bench.get())
        ensure(bench.server.counts().repeated === 0, 'a refresh token was redeemed twice')
      },
    ),

    of(
      'a request whose answer is lost is not sent again at once',
      { callers: fc.integer({ min: 1, max: 3 }) },
      async (bench, { callers }) => {
        if (selfSufficient) return
        await begun(bench)
        await bench.clock.advance(EXPIRED)
        const before = bench.requests().length
        bench.script('lost')
        const calls = () => Promise.all(Array.from({ length: callers }, () => bench.source.get()))
        for (let tries = 0; tries < 3; tries++) {
          await bench.settle(calls)
          await bench.clock.advance(seconds(1))
        }
        const [first, second] = bench.requests().slice(before)
        // The server may have rotated the token: who sends it again waits until no answer can be under way.
        const gap = first === undefined || second === undefined ? sourceTimeout : between(first, second)
        ensure(gap >= sourceTimeout, `it is sent again after ${gap} ms`)
      },
    ),

    of(
      'a busy server is left alone for as long as it asks',
      { calls: fc.integer({ min: 1, max: 4 }) },
      async (bench, { calls }) => {
        await begun(bench)
        await bench.clock.advance(EXPIRED)
        const before = bench.requests().length
        bench.script('busy', 'busy')
        for (let call = 0; call < calls; call++) await bench.get()
        const times = bench.requests().slice(before)
        // Each of the two asks for two seconds.
        for (const [index, at] of times.slice(0, 2).entries()) {
          const next = times[index + 1]
          const gap = next === undefined ? RETRY_AFTER : between(at, next)
          ensure(gap >= RETRY_AFTER, `it is asked again after ${gap} ms`)
        }
      },
    ),

    of(
      'a call settles by its deadline, and so by the patience of the source, though the server hangs',
      { within: fc.option(fc.integer({ min: 1, max: 10_000 })) },
      async (bench, { within }) => {
        await begun(bench)
        await bench.clock.advance(EXPIRED)
        bench.script('hangs', 'hangs', 'hangs', 'hangs', 'hangs')
        const start = bench.clock.now()
        const deadline = plus(start, millis(within ?? 2 * sourceTimeout + 5_000))
        const limited = within === null ? bench.source : bench.source.within({ deadline })
        const result = await bench.settle(limited.get)
        ensure(E.isLeft(result), 'a token is served that nobody has brought')
        ensure(bench.clock.now() <= deadline + SLACK, `it settles ${between(deadline, bench.clock.now())} ms late`)
      },
    ),

    of('a call that is aborted settles, and the renewal goes on', {}, async (bench) => {
      await begun(bench)
      await bench.clock.advance(EXPIRED)
      bench.script('slow')
      const before = bench.requests().length
      const controller = new AbortController()
      const call = bench.source.within({ signal: controller.signal }).get()
      await bench.clock.advance(seconds(1))
      controller.abort()
      await bench.clock.advance(millis(0))
      const start = bench.clock.now()
      ensure(isTag(await bench.settle(() => call), 'Aborted'), 'it is not Aborted')
      ensure(bench.clock.now() === start, 'it settles later')
      tokenOf(await bench.get())
      ensure(bench.requests().length === before + 1, `${bench.requests().length - before} requests were sent`)
    }),

    of(
      'once the server has said so, nothing is sent until a login, and a login begins anew',
      { waits: fc.array(advances, { minLength: 1, maxLength: 4 }) },
      async (bench, { waits: all }) => {
        if (selfSufficient) return
        const { refreshToken } = await begun(bench)
        if (O.isSome(refreshToken)) bench.server.revoke(refreshToken.value)()
        await bench.clock.advance(EXPIRED)
        ensure(isLoginNeeded(await bench.get()), 'get does not say that somebody must log in')
        const before = bench.requests().length
        for (const by of all) {
          await bench.clock.advance(by)
          ensure(isLoginNeeded(await bench.get()), 'get does not say that somebody must log in')
        }
        ensure(bench.requests().length === before, 'a request was sent')
        tokenOf(await bench.login())
        ensure(bench.server.use(tokenOf(await bench.get()).accessToken)(), 'the new session is not served')
      },
    ),

    of('a revoke ends the session, here and at the server', { wait: advances }, async (bench, { wait: by }) => {
      await begun(bench)
      await bench.clock.advance(by)
      await bench.get()
      await bench.settle(bench.source.settled)
      const token = tokenOf(await bench.get())
      const revoked = await bench.settle(bench.source.revoke)
      ensure(E.isRight(revoked), 'the revoke fails')
      ensure(O.isNone(bench.source.peek()), 'peek shows a token')
      const after = await bench.get()
      ensure(
        selfSufficient ? textOf(after) !== textOf(E.right(token)) : isLoginNeeded(after),
        'get does not say that somebody must log in',
      )
      if (E.isRight(revoked) && revoked.right === 'revoked')
        ensure(!bench.server.isAlive(token.accessToken)(), 'the session is alive at the server')
    }),

    of(
      'what another source of the session ends is not served, without time going by, where the store tells',
      { act: fc.constantFrom('refuse', 'revoke', 'login') },
      async (bench, { act }) => {
        if (!bench.tells) return
        const other = bench.open()
        await begun(bench)
        await bench.clock.advance(seconds(2))
        const token = tokenOf(await bench.get())
        tokenOf(await bench.get(other))
        const from = bench.clock.now()
        if (act === 'refuse') await bench.settle(other.invalidate(token.accessToken))
        else if (act === 'revoke') await bench.settle(other.revoke)
        else await bench.login(other)
        const isServed = async (): Promise<boolean> => {
          const served = await bench.get()
          return E.isRight(served) && textOf(served) === textOf(E.right(token))
        }
        // Over a network, the message has a way to go.
        for (let tries = 0; tries < MOST_TURNS && (await isServed()); tries++) await bench.clock.advance(millis(0))
        ensure(!(await isServed()), 'it is served')
        ensure(bench.clock.now() === from, 'time has gone by')
      },
    ),

    of(
      'a closed source serves nobody, and what is under way is committed',
      { underWay: fc.boolean() },
      async (bench, { underWay: isUnderWay }) => {
        await begun(bench)
        await bench.clock.advance(EXPIRED)
        const before = bench.requests().length
        const { source } = bench
        if (isUnderWay) {
          bench.script('slow')
          void source.get()
          await bench.clock.advance(seconds(1))
        }
        ensure(E.isRight(await bench.settle(source.close({ revoke: false }))), 'the close fails')
        ensure(E.isRight(await bench.settle(source.close({ revoke: false }))), 'closing again fails')
        ensure(source.closed(), 'it does not say that it is closed')
        ensure(isTag(await bench.get(), 'Closed'), 'get does not say that it is closed')
        tokenOf(await bench.get(bench.open()))
        ensure(bench.requests().length === before + 1, `${bench.requests().length - before} requests were sent`)
      },
    ),

    of(
      'no error and no event shows a secret',
      {
        replies: fc.array(fc.constantFrom('not sent' as const, 'busy' as const, 'lost' as const, 'hangs' as const), {
          minLength: 1,
          maxLength: 3,
        }),
        ended: fc.boolean(),
      },
      async (bench, { replies, ended: isEnded }) => {
        const { refreshToken } = await begun(bench)
        if (isEnded && O.isSome(refreshToken)) bench.server.revoke(refreshToken.value)()
        await bench.clock.advance(EXPIRED)
        bench.script(...replies)
        const seen: Array<unknown> = [bench.source]
        for (let calls = 0; calls < 3; calls++) {
          const result = await bench.get()
          if (E.isLeft(result)) seen.push(result.left, AuthError.toError(result.left))
          seen.push(result, await bench.settle(bench.source.inspect))
          await bench.clock.advance(COOLED)
        }
        const text = [...seen, ...bench.events()].map(printed).join('\n')
        for (const { token } of bench.server.state().issued) {
          const secrets = [token.accessToken, ...(O.isSome(token.refreshToken) ? [token.refreshToken.value] : [])]
          for (const secret of secrets)
            for (const form of Secret.forms(Secret.open(secret)))
              ensure(!text.includes(form), `the ${secret.kind} shows`)
        }
      },
    ),
  ]
}
