import { type AuthError, type ClockEnv, type Duration, type Limits, plus, type Secret, seconds } from '@tessera/core'
import * as E from 'fp-ts/lib/Either.js'
import * as O from 'fp-ts/lib/Option.js'
import type { ReaderTaskEither } from 'fp-ts/lib/ReaderTaskEither.js'
import type { ReadonlyNonEmptyArray } from 'fp-ts/lib/ReadonlyNonEmptyArray.js'
import type { TaskEither } from 'fp-ts/lib/TaskEither.js'
import type { HttpEnv, HttpRequest } from '../Http.js'
import { malformedAt } from './json.js'
import { transfer } from './transfer.js'

const HEADERS: HttpRequest['headers'] = [
  ['accept', 'application/json'],
  ['accept-encoding', 'identity'],
]

/** An answer that is no metadata: a refusal, or a page for people. Servers without an address answer it as they like. */
const isNoMetadata = (error: AuthError): boolean =>
  error._tag === 'Rejected'
    ? error.answer.status >= 400 && error.answer.status < 500
    : error._tag === 'Malformed' && error.path === 'body'

/** Where metadata may be, and how it is read. */
export interface Metadata<A> {
  /** In the order to look. */
  readonly urls: E.Either<AuthError, ReadonlyNonEmptyArray<string>>
  readonly read: (body: Secret<'Body'>, url: string) => E.Either<AuthError, A>
  /** The member that says whose metadata it is: to ask again does not make it another's. */
  readonly whose: string
  readonly timeout?: Duration | undefined
  readonly signal?: AbortSignal | undefined
}

/**
 * Metadata at the first of some addresses that has any: where an answer is none (4xx, or no JSON), the next one is asked; where none has
 * any, the error is the first's.
 */
export const metadataAt = <A>({
  urls,
  read,
  whose,
  timeout = seconds(30),
  signal = new AbortController().signal,
}: Metadata<A>): ReaderTaskEither<HttpEnv & ClockEnv, AuthError, A> => {
  const get =
    (url: string, limits: Required<Limits>, env: HttpEnv & ClockEnv): TaskEither<AuthError, A> =>
    async () => {
      const endpoint = { url, shown: url.split('?', 1)[0] ?? '' }
      const sent = await transfer(
        { endpoint, method: 'GET', headers: HEADERS, body: O.none, secrets: [], repeatable: true },
        limits,
        env,
      )()
      if (E.isLeft(sent)) return sent
      const decoded = read(sent.right.body, url)
      if (E.isRight(decoded)) return decoded
      const mayAskAgain = decoded.left._tag === 'Malformed' && decoded.left.path !== whose
      return E.left(malformedAt(sent.right.answer(), mayAskAgain)(decoded.left))
    }
  return (env) => async () => {
    if (E.isLeft(urls)) return urls
    const [first, ...others] = urls.right
    const limits = { deadline: plus(env.clock.now(), timeout), signal }
    const found = await get(first, limits, env)()
    let latest = found
    for (const url of others) {
      if (E.isRight(latest) || !isNoMetadata(latest.left)) return latest
      latest = await get(url, limits, env)()
    }
    return E.isLeft(latest) && isNoMetadata(latest.left) ? found : latest
  }
}
