/** Sources, each broken at one place. */
import {
  AuthError,
  type Key,
  memoryStore,
  plus,
  Secret,
  seconds,
  type TokenSet,
  TokenSource,
  type TokenStore,
} from '@tessera/core'
import type { Parts } from '@tessera/testing'
import * as E from 'fp-ts/lib/Either.js'
import { pipe } from 'fp-ts/lib/function.js'
import * as O from 'fp-ts/lib/Option.js'
import * as TE from 'fp-ts/lib/TaskEither.js'
import type { SourceSpecimen } from './Specimen.js'

const honest = ({ strategy, env, ...parts }: Parts): TokenSource => pipe(strategy, TokenSource.make(parts))(env)()

/** An honest source with other members. */
const changing = (
  name: string,
  members: (source: TokenSource, parts: Parts) => Partial<TokenSource>,
): SourceSpecimen => ({
  name,
  make: (parts) => {
    const source = honest(parts)
    return { ...source, ...members(source, parts) }
  },
})

/** An honest source of other parts. */
const ofParts = (name: string, change: (parts: Parts) => Partial<Parts>): SourceSpecimen => ({
  name,
  make: (parts) => honest({ ...parts, ...change(parts) }),
})

/** A store of the process's own, in front of the one that all share: writes go there too, and nobody looks at the answer. */
const behind = (store: TokenStore): TokenStore => {
  const own = memoryStore()
  const known = new Set<Key>()
  return {
    ...store,
    get: (key) => (known.has(key) ? own.get(key) : store.get(key)),
    compareAndSet: (key, expected, next) => async () => {
      known.add(key)
      void store.compareAndSet(key, expected, next)()
      const there = await own.get(key)()
      return E.isLeft(there) ? there : own.compareAndSet(key, there.right.version, next)()
    },
  }
}

/** As many write it first: looks whether the token in memory is valid, and if not asks for another. */
const naive =
  (isShared: boolean) =>
  (parts: Parts): TokenSource => {
    const { strategy, env } = parts
    const source = honest(parts)
    let current: O.Option<TokenSet> = O.none
    let flight: Promise<E.Either<AuthError, TokenSet>> | undefined
    const isValid = ({ expiresAt }: TokenSet): boolean => O.isNone(expiresAt) || env.clock.now() < expiresAt.value
    const renew = async (): Promise<E.Either<AuthError, TokenSet>> => {
      const deadline = plus(env.clock.now(), seconds(15))
      const result = await strategy({ previous: current, deadline, signal: new AbortController().signal })(env)()
      if (E.isRight(result)) current = O.some(result.right)
      flight = undefined
      return result
    }
    return {
      ...source,
      login: (interactive) => (theirs) =>
        pipe(
          source.login(interactive)(theirs),
          TE.map((token) => {
            current = O.some(token)
            return token
          }),
        ),
      get: async () => {
        if (O.isSome(current) && isValid(current.value)) return E.right(current.value)
        if (!isShared) return renew()
        flight ??= renew()
        return flight
      },
      peek: () => pipe(current, O.filter(isValid)),
    }
  }

/** The broken sources. */
export const brokenSources = (): ReadonlyArray<SourceSpecimen> => [
  { name: 'double redemption: each caller renews by itself', make: naive(false) },
  { name: 'it hands out what no store has', make: naive(true) },
  ofParts('publish before persist: the answer of the store is not looked at', ({ store }) => ({
    store: behind(store),
  })),
  changing('it goes by no clock', (source) => {
    let first: Promise<E.Either<AuthError, TokenSet>> | undefined
    return {
      get: () => {
        first ??= source.get().then((result) => {
          if (E.isLeft(result)) first = undefined
          return result
        })
        return first
      },
    }
  }),
  changing('poisoned flight: a failure for ever', (source) => {
    let failure: E.Either<AuthError, TokenSet> | undefined
    return {
      get: async () => {
        const result = failure ?? (await source.get())
        if (E.isLeft(result)) failure = result
        return result
      },
    }
  }),
  changing('each get renews', (source) => ({
    get: async () => {
      const token = source.peek()
      if (O.isSome(token)) await source.invalidate(token.value.accessToken)()
      return source.get()
    },
  })),
  changing('a refusal is not heard', () => ({ invalidate: () => TE.right(undefined) })),
  changing('any refusal is of the token that there is', (source) => ({
    invalidate: (used) =>
      pipe(
        source.peek(),
        O.match(
          () => source.invalidate(used),
          ({ accessToken }) => source.invalidate(accessToken),
        ),
      ),
  })),
  ofParts('a revoke that the server does not hear of', () => ({ revocation: () => () => () => TE.right(undefined) })),
  changing('a revoke that only the server hears of', (source, { revocation, env }) => ({
    revoke: async () => {
      const token = await source.get()
      if (E.isLeft(token)) return token
      const limits = { deadline: plus(env.clock.now(), seconds(15)), signal: new AbortController().signal }
      await revocation(token.right)(limits)(env)()
      return E.right('revoked')
    },
  })),
  ofParts("another's change is found a minute later", ({ store: { changes: _, ...store } }) => ({ store })),
  changing('a close that closes nothing', () => ({ close: () => TE.right(undefined) })),
  changing('a close that cannot be repeated', (source) => ({
    close: (options) => (source.closed() ? TE.left(AuthError.closed) : source.close(options)),
  })),
  changing('a deadline that is not kept', (source) => ({
    within: ({ signal }) => source.within(signal ? { signal } : {}),
  })),
  changing('a signal that is not heard', (source) => ({
    within: ({ deadline }) => source.within(deadline === undefined ? {} : { deadline }),
  })),
  changing('an abort ends the renewal of all', (source, parts) => ({
    within: (limits) => {
      limits.signal?.addEventListener('abort', () => void source.close({ revoke: false })())
      return source.within(limits)
    },
    closed: () => source.closed() && parts.env.clock.now() < 0,
  })),
  changing('a secret in its inspection', (source) => ({
    inspect: pipe(
      source.inspect,
      TE.map((seen) => ({
        ...seen,
        key: pipe(
          source.peek(),
          O.match(
            () => seen.key,
            ({ accessToken }) => `${seen.key} ${Secret.open(accessToken)}`,
          ),
        ),
      })),
    ),
  })),
  changing('peek shows what has expired', (source) => {
    let last: O.Option<TokenSet> = O.none
    return {
      get: async () => {
        const result = await source.get()
        if (E.isRight(result)) last = O.some(result.right)
        return result
      },
      peek: () => last,
    }
  }),
  changing('what it says when somebody must log in is that it failed', (source) => ({
    get: pipe(
      source.get,
      TE.mapLeft((error) =>
        error._tag === 'ReauthenticationRequired'
          ? AuthError.unreachable('https://server.example', error.reason)
          : error,
      ),
    ),
  })),
  ofParts('a clock that stands still', ({ env }) => {
    const now = env.clock.now()
    return { env: { ...env, clock: { ...env.clock, now: () => now } } }
  }),
]
