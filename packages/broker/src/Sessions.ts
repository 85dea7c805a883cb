/**
 * The sessions that a broker gives tokens of.
 *
 * @packageDocumentation
 */
import type { AuthError, TokenSource } from '@tessera/core'
import * as O from 'fp-ts/lib/Option.js'
import type { Task } from 'fp-ts/lib/Task.js'
import * as T from 'fp-ts/lib/Task.js'
import * as TE from 'fp-ts/lib/TaskEither.js'
import { type Refusal, refusal, refusalOf } from './Refusal.js'

/** A session that is open. */
export interface OpenSession {
  /** The name of its profile. */
  readonly profile: string
  readonly source: TokenSource
  /** Of the provider, where it has one. */
  readonly issuer?: string | undefined
  /** Whether a person logs in to it. Default: false. */
  readonly canLogIn?: boolean
  /** What its errors are told with: the command that mends them, say. */
  readonly explain: (error: AuthError) => Refusal
}

/** Where a broker finds the session of a profile. */
export interface Sessions {
  /** The names of the profiles that it has. */
  readonly names: Task<ReadonlyArray<string>>
  /**
   * The session of a profile, or of the one that is meant where none is named; opened at its first use. It is asked for each request,
   * so whoever makes it keeps what is open.
   */
  readonly open: (profile: O.Option<string>) => TE.TaskEither<Refusal, OpenSession>
  /** The profile of an issuer, for programs that know nothing else. */
  readonly ofIssuer?: (issuer: string) => Task<O.Option<string>>
}

/**
 * The sessions of an application's own sources, by their profiles' names. Where none is named the first is meant.
 *
 * @example
 * import { sessionsOf } from '@tessera/broker'
 * import { memoryStore, remoteCallback, TokenSource } from '@tessera/core'
 * import { openSource } from '@tessera/node'
 * import { pipe } from 'fp-ts/lib/function.js'
 *
 * const work = openSource(pipe(remoteCallback(() => 'abc'), TokenSource.make({ store: memoryStore() })))
 * void sessionsOf({ work }).names().then((names) => assert.deepStrictEqual(names, ['work']))
 */
export const sessionsOf = (sources: Readonly<Record<string, TokenSource>>): Sessions => {
  const all = new Map(Object.entries(sources))
  const [first = ''] = all.keys()
  return {
    names: T.of([...all.keys()]),
    open: (asked) => {
      const profile = O.getOrElse(() => first)(asked)
      const source = all.get(profile)
      return source === undefined ? TE.left(unknownProfile(profile)) : TE.right({ profile, source, explain: refusalOf })
    },
  }
}

/** What a broker answers to a name that it does not have. */
export const unknownProfile = (profile: string, next?: string): Refusal =>
  refusal('unknown_profile', `there is no profile ${JSON.stringify(profile.slice(0, 64))}`, { next })
