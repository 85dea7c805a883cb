import { type Clock, type Instant, instant, Secret } from '@tessera/core'
import type { HttpFailure, HttpRequest, HttpResponse } from '@tessera/oauth2'
import * as E from 'fp-ts/lib/Either.js'
import * as O from 'fp-ts/lib/Option.js'
import { systemClock } from '../../src/index.js'

export const inMs = (ms: number): Instant => instant(Date.now() + ms)

/** Clocks that are an hour off. */
export const wrongClocks: ReadonlyArray<readonly [which: string, clock: Clock]> = [
  ['slow', { ...systemClock, now: () => inMs(-3_600_000) }],
  ['fast', { ...systemClock, now: () => inMs(3_600_000) }],
]

/** A form POST that ends in 20 s. */
export const post = (url: string, given: Partial<HttpRequest> = {}): HttpRequest => ({
  method: 'POST',
  url,
  headers: [['content-type', 'application/x-www-form-urlencoded']],
  body: O.some(Secret.make('Body', 'grant_type=x')),
  deadline: inMs(20_000),
  signal: new AbortController().signal,
  maxBytes: 65_536,
  ...given,
})

/** What came of a request, for people. */
export const told = (result: E.Either<HttpFailure, HttpResponse>): string =>
  E.isRight(result) ? `${result.right.status}` : `${result.left._tag} ${result.left.cause}`
